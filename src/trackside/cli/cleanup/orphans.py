"""`trackside orphans …`: files without a row and rows without files, and the quarantine, by jobs of a running server."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from trackside.cli import remote
from trackside.cli.cleanup.commands import ask, tell
from trackside.cli.jobs.commands import follow
from trackside.cli.output import OK, Stop, complain, moment, say, show_list, table
from trackside.cli.output import json as as_json
from trackside.core.counts import counted, in_bytes

PREFIX = "/api/trackside/v1"


def find(words: argparse.Namespace) -> int:
    """Search, then list both sides."""
    code, _ = _job(words, "orphan-search", {"grace_hours": words.grace_hours})
    return _list(words, both=True) if code == OK else code


def show(words: argparse.Namespace) -> int:
    return _list(words, both=False)


def quarantine(words: argparse.Namespace) -> int:
    found = [
        each
        for each in _orphans(words, "files")
        if (each["key"] in words.key if words.key else words.with_other or each["kind"] != "other")
    ]
    strange = sorted(set(words.key) - {each["key"] for each in found})
    if strange:
        raise Stop(f"{strange[0]} is no orphan of the last search; run `trackside orphans find`")
    files, size = sum(each["file_count"] for each in found), sum(each["file_bytes"] for each in found)
    what = f"{counted(len(found), 'orphans')}, {counted(files, 'files')}, {in_bytes(size)}"
    if words.preview:
        say(
            as_json({"orphans": found, "file_count": files, "file_bytes": size}) if words.json else f"would move {what}"
        )
        return OK
    if not words.yes:
        tell(words, f"To the quarantine: {what}. `trackside orphans restore` moves them back.")
        ask(words, "Type yes to move them: ", "yes")
    params = {"grace_hours": words.grace_hours, "keys": words.key, "with_other": words.with_other}
    return _moved(words, "orphan-quarantine", params, "moved to the quarantine")


def quarantined(words: argparse.Namespace) -> int:
    return show_list(
        _entries(words),
        ("ENTRY", "KIND", "MOVED", "SIZE", "STATE", "FROM"),
        lambda each: (
            each["entry_id"],
            each["kind"],
            moment(each["moved_at"]),
            in_bytes(each["file_bytes"]),
            each["state"],
            each["key"],
        ),
        as_json=words.json,
    )


def restore(words: argparse.Namespace) -> int:
    return _moved(words, "quarantine-restore", {"entries": words.entry}, "moved back")


def purge(words: argparse.Namespace) -> int:
    if not words.entry and words.older_than is None:
        raise Stop(
            "--older-than is missing; say how many days ago files must have been moved (0 for all), or name entries"
        )
    days = words.older_than or 0
    latest = datetime.now(UTC).timestamp() * 1000 - days * 86_400_000
    found = [
        each
        for each in _entries(words)
        if (each["entry_id"] in words.entry if words.entry else each["moved_at"] <= latest)
    ]
    size = sum(each["file_bytes"] for each in found)
    what = (
        f"{counted(len(found), 'entries')} of the quarantine,"
        f" {counted(sum(each['file_count'] for each in found), 'files')}, {in_bytes(size)}"
    )
    if words.preview:
        say(as_json({"entries": found, "file_bytes": size}) if words.json else f"would delete {what}")
        return OK
    if not words.yes:
        tell(words, f"To delete permanently: {what}.")
        ask(words, "Type purge to delete them: ", "purge")
    return _moved(words, "quarantine-purge", {"older_than_days": days, "entries": words.entry}, "deleted")


def _list(words: argparse.Namespace, *, both: bool) -> int:
    sides = ("files", "rows") if both else (("rows",) if words.rows else ("files",))
    found = {side: list(_orphans(words, side)) for side in sides}
    if words.json:
        say(as_json(found if both else found[sides[0]]))
        return OK
    for side in sides:
        title = "files without a row" if side == "files" else "rows without files"
        size = sum(each["file_bytes"] for each in found[side])
        say(f"{title}: {len(found[side])}" + (f", {in_bytes(size)}" if side == "files" else ""))
        rows = [
            (each["kind"], each["item_id"] or "-", str(each["file_count"]), in_bytes(each["file_bytes"]),
             moment(each["modified_at"]) if each["modified_at"] else "-", each["key"])
            for each in found[side]
        ]  # fmt: skip
        if rows:
            say(table([("KIND", "ID", "FILES", "SIZE", "NEWEST", "PLACE"), *rows]))
    return OK


def _orphans(words: argparse.Namespace, side: str) -> Iterator[Any]:
    offset = "0"
    while offset:
        query = urlencode({"side": side, "max_results": 1000, "page_token": offset})
        page = remote.ask(words, "GET", f"{PREFIX}/orphans?{query}")
        if "searched_at" not in page:
            raise Stop("nothing was searched yet; run `trackside orphans find`")
        yield from page.get("orphans", [])
        offset = page.get("next_page_token", "")


def _entries(words: argparse.Namespace) -> list[Any]:
    found: list[Any] = remote.ask(words, "GET", f"{PREFIX}/orphans/quarantine").get("entries", [])
    return found


def _moved(words: argparse.Namespace, kind: str, params: dict[str, Any], what: str) -> int:
    code, result = _job(words, kind, params)
    if code != OK:
        return code
    if words.json:
        say(as_json(result))
        return OK
    orphans, files = counted(result["items"], "orphans"), counted(result["file_count"], "files")
    say(f"{what}: {orphans}, {files}, {in_bytes(result['file_bytes'])}")
    for each in result.get("kept", []):
        complain(f"stays: {each}")
    return OK


def _job(words: argparse.Namespace, kind: str, params: dict[str, Any]) -> tuple[int, Any]:
    """Run a job to its end; the exit code and its result."""
    job = remote.ask(words, "POST", f"{PREFIX}/jobs", {"kind": kind, "params": params})["job"]
    code = follow(words, job["job_id"], quietly=words.json)
    return code, remote.ask(words, "GET", f"{PREFIX}/jobs/{job['job_id']}")["job"].get("result")

"""`trackside orphans …`: files without a row and rows without files, and the quarantine, by jobs of a running server."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from trackside.cli import remote
from trackside.cli.cleanup.commands import ask, tell
from trackside.cli.jobs.commands import follow
from trackside.cli.output import OK, Stop, moment, print_error, say, show_list, table
from trackside.cli.output import json as as_json
from trackside.core.counts import counted, in_bytes

PREFIX = "/api/trackside/v1"


def find(args: argparse.Namespace) -> int:
    """Search, then list both sides."""
    code, _ = _job(args, "orphan-search", {"grace_hours": args.grace_hours})
    return _list(args, both=True) if code == OK else code


def show(args: argparse.Namespace) -> int:
    return _list(args, both=False)


def quarantine(args: argparse.Namespace) -> int:
    found = [
        each
        for each in _orphans(args, "files")
        if (each["key"] in args.key if args.key else args.with_other or each["kind"] != "other")
    ]
    strange = sorted(set(args.key) - {each["key"] for each in found})
    if strange:
        raise Stop(f"{strange[0]} is not an orphan of the last search; run `trackside orphans find`")
    files, size = sum(each["file_count"] for each in found), sum(each["file_bytes"] for each in found)
    what = f"{counted(len(found), 'orphans')}, {counted(files, 'files')}, {in_bytes(size)}"
    if args.preview:
        say(as_json({"orphans": found, "file_count": files, "file_bytes": size}) if args.json else f"would move {what}")
        return OK
    if not args.yes:
        tell(args, f"To the quarantine: {what}. `trackside orphans restore` moves them back.")
        ask(args, "Type yes to move them: ", "yes")
    params = {"grace_hours": args.grace_hours, "keys": args.key, "with_other": args.with_other}
    return _moved(args, "orphan-quarantine", params, "moved to the quarantine")


def quarantined(args: argparse.Namespace) -> int:
    return show_list(
        _entries(args),
        ("ENTRY", "KIND", "MOVED", "SIZE", "STATE", "FROM"),
        lambda each: (
            each["entry_id"],
            each["kind"],
            moment(each["moved_at"]),
            in_bytes(each["file_bytes"]),
            each["state"],
            each["key"],
        ),
        as_json=args.json,
    )


def restore(args: argparse.Namespace) -> int:
    return _moved(args, "quarantine-restore", {"entries": args.entry}, "moved back")


def purge(args: argparse.Namespace) -> int:
    if not args.entry and args.older_than is None:
        raise Stop(
            "--older-than is missing; set the number of days since the move of the files (0 for all), or name entries"
        )
    days = args.older_than or 0
    latest = datetime.now(UTC).timestamp() * 1000 - days * 86_400_000
    found = [
        each
        for each in _entries(args)
        if (each["entry_id"] in args.entry if args.entry else each["moved_at"] <= latest)
    ]
    size = sum(each["file_bytes"] for each in found)
    what = (
        f"{counted(len(found), 'entries')} of the quarantine,"
        f" {counted(sum(each['file_count'] for each in found), 'files')}, {in_bytes(size)}"
    )
    if args.preview:
        say(as_json({"entries": found, "file_bytes": size}) if args.json else f"would delete {what}")
        return OK
    if not args.yes:
        tell(args, f"To delete permanently: {what}.")
        ask(args, "Type purge to delete them: ", "purge")
    return _moved(args, "quarantine-purge", {"older_than_days": days, "entries": args.entry}, "deleted")


def _list(args: argparse.Namespace, *, both: bool) -> int:
    sides = ("files", "rows") if both else (("rows",) if args.rows else ("files",))
    found = {side: list(_orphans(args, side)) for side in sides}
    if args.json:
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


def _orphans(args: argparse.Namespace, side: str) -> Iterator[Any]:
    offset = "0"
    while offset:
        query = urlencode({"side": side, "max_results": 1000, "page_token": offset})
        page = remote.ask(args, "GET", f"{PREFIX}/orphans?{query}")
        if "searched_at" not in page:
            raise Stop("there was no search yet; run `trackside orphans find`")
        yield from page.get("orphans", [])
        offset = page.get("next_page_token", "")


def _entries(args: argparse.Namespace) -> list[Any]:
    found: list[Any] = remote.ask(args, "GET", f"{PREFIX}/orphans/quarantine").get("entries", [])
    return found


def _moved(args: argparse.Namespace, kind: str, params: dict[str, Any], what: str) -> int:
    code, result = _job(args, kind, params)
    if code != OK:
        return code
    if args.json:
        say(as_json(result))
        return OK
    orphans, files = counted(result["items"], "orphans"), counted(result["file_count"], "files")
    say(f"{what}: {orphans}, {files}, {in_bytes(result['file_bytes'])}")
    for each in result.get("kept", []):
        print_error(f"stays: {each}")
    return OK


def _job(args: argparse.Namespace, kind: str, params: dict[str, Any]) -> tuple[int, Any]:
    """Run a job to its end; the exit code and its result."""
    job = remote.ask(args, "POST", f"{PREFIX}/jobs", {"kind": kind, "params": params})["job"]
    code = follow(args, job["job_id"], quietly=args.json)
    return code, remote.ask(args, "GET", f"{PREFIX}/jobs/{job['job_id']}")["job"].get("result")

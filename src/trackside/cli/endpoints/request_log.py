"""`trackside endpoint request-log`: the requests that an endpoint answered."""

import argparse
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from trackside.cli import remote
from trackside.cli.output import OK, Stop, say, table, write_file
from trackside.cli.output import json as as_json
from trackside.core.counts import counted


def request_log(words: argparse.Namespace) -> int:
    path = f"/api/trackside/v1/endpoints/{quote(words.name, safe='')}/request-log"
    settings = {name: getattr(words, name) for name in ("sampling", "max_mb", "keep_days")}
    given = {name: value for name, value in settings.items() if value is not None}
    if given and not words.on:
        raise Stop("--sampling, --max-mb and --keep-days belong to --on")
    asked = {name: getattr(words, name) for name in ("since", "until", "deployment")}
    query = {name: value for name, value in asked.items() if value}
    if words.output:
        return _save(words, f"{path}/table", query)
    if words.rows is not None:
        found = remote.ask(words, "GET", f"{path}/rows?{urlencode({**query, 'limit': words.rows})}").get("rows", [])
        say(as_json(found) if words.json else _rows(found))
        return OK
    if query:
        raise Stop("--since, --until and --deployment belong to --rows or --output")
    if words.on:
        shown = remote.ask(words, "PUT", path, given)
    elif words.off or words.delete:
        shown = remote.ask(words, "DELETE", f"{path}?files=true" if words.delete else path)
    else:
        shown = remote.ask(words, "GET", path)
    _show(words, shown["request_log"])
    return OK


def _show(words: argparse.Namespace, log: dict[str, Any]) -> None:
    if words.json:
        say(as_json(log))
        return
    counters = log["counters"]  # without those that are zero
    rows = [("request log", "on" if log["is_on"] else "off")]
    if log["is_on"]:
        limits = f"{log['sampling'] * 100:g} % of the requests, {log['max_mb']} MB, {log['keep_days']} days"
        rows.append(("logs at most", limits))
    rows.append(("files", f"{log['files']}, {counted(log['size_bytes'], 'bytes')}"))
    for name, what in (("logged", "logged"), ("sampled_out", "left out by sampling"), ("dropped", "dropped")):
        rows.append((f"requests {what}", str(counters.get(name, 0))))
    rows.append(("requests that are no rows", str(counters.get("unreadable", 0))))
    say(table(rows))


def _rows(found: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in found for name in row))
    shown = [tuple("" if row.get(name) is None else str(row[name]) for name in names) for row in found]
    return table([tuple(names), *shown]) if found else "no rows"


def _save(words: argparse.Namespace, path: str, query: Mapping[str, str]) -> int:
    """Write one file, or a file for each day where --output is a folder."""
    given = words.output
    kind = "daily" if given.endswith(("/", os.sep)) or Path(given).is_dir() else _format(given)
    raw = remote.fetch(words, f"{path}?{urlencode({**query, 'format': kind})}")
    if kind == "daily":
        return _unpack(words, raw)
    write_file("--output", given, raw)
    written = {"output": given, "size_bytes": len(raw)}
    say(as_json(written) if words.json else f"wrote {counted(len(raw), 'bytes')} to {given}")
    return OK


def _format(path: str) -> str:
    return "csv" if path.lower().endswith(".csv") else "parquet"


def _unpack(words: argparse.Namespace, raw: bytes) -> int:
    """Write the files of a zip below the folder.  `extract` lets no name lead out of it."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = archive.namelist()
        try:
            archive.extractall(words.output)
        except OSError as fault:
            raise Stop(f"--output is {words.output!r}, which cannot be written: {fault.strerror}") from None
    written = {"output": words.output, "files": names}
    say(as_json(written) if words.json else f"wrote {counted(len(names), 'files')} below {words.output}")
    return OK

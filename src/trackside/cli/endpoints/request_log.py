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


def request_log(args: argparse.Namespace) -> int:
    path = f"/api/trackside/v1/endpoints/{quote(args.name, safe='')}/request-log"
    settings = {name: getattr(args, name) for name in ("sampling", "max_mb", "keep_days")}
    given = {name: value for name, value in settings.items() if value is not None}
    if given and not args.on:
        raise Stop("--sampling, --max-mb and --keep-days need --on")
    asked = {name: getattr(args, name) for name in ("since", "until", "deployment")}
    query = {name: value for name, value in asked.items() if value}
    if args.output:
        return _save(args, f"{path}/table", query)
    if args.rows is not None:
        found = remote.ask(args, "GET", f"{path}/rows?{urlencode({**query, 'limit': args.rows})}").get("rows", [])
        say(as_json(found) if args.json else _rows(found))
        return OK
    if query:
        raise Stop("--since, --until and --deployment need --rows or --output")
    if args.on:
        shown = remote.ask(args, "PUT", path, given)
    elif args.off or args.delete:
        shown = remote.ask(args, "DELETE", f"{path}?files=true" if args.delete else path)
    else:
        shown = remote.ask(args, "GET", path)
    _show(args, shown["request_log"])
    return OK


def _show(args: argparse.Namespace, log: dict[str, Any]) -> None:
    if args.json:
        say(as_json(log))
        return
    counters = log["counters"]  # without zero values
    rows = [("request log", "on" if log["is_on"] else "off")]
    if log["is_on"]:
        limits = f"{log['sampling'] * 100:g} % of the requests, {log['max_mb']} MB, {log['keep_days']} days"
        rows.append(("logs at most", limits))
    rows.append(("files", f"{log['files']}, {counted(log['size_bytes'], 'bytes')}"))
    for name, what in (("logged", "logged"), ("sampled_out", "skipped by sampling"), ("dropped", "dropped")):
        rows.append((f"requests {what}", str(counters.get(name, 0))))
    rows.append(("requests without rows", str(counters.get("unreadable", 0))))
    say(table(rows))


def _rows(found: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in found for name in row))
    shown = [tuple("" if row.get(name) is None else str(row[name]) for name in names) for row in found]
    return table([tuple(names), *shown]) if found else "no rows"


def _save(args: argparse.Namespace, path: str, query: Mapping[str, str]) -> int:
    """Write one file, or a file for each day where --output is a folder."""
    given = args.output
    kind = "daily" if given.endswith(("/", os.sep)) or Path(given).is_dir() else _format(given)
    raw = remote.fetch(args, f"{path}?{urlencode({**query, 'format': kind})}")
    if kind == "daily":
        return _unpack(args, raw)
    write_file("--output", given, raw)
    written = {"output": given, "size_bytes": len(raw)}
    say(as_json(written) if args.json else f"wrote {counted(len(raw), 'bytes')} to {given}")
    return OK


def _format(path: str) -> str:
    return "csv" if path.lower().endswith(".csv") else "parquet"


def _unpack(args: argparse.Namespace, raw: bytes) -> int:
    """Extract a zip into the folder.  `extract` rejects names that lead out of it."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = archive.namelist()
        try:
            archive.extractall(args.output)
        except OSError as fault:
            raise Stop(f"--output is {args.output!r}, which cannot be written: {fault.strerror}") from None
    written = {"output": args.output, "files": names}
    say(as_json(written) if args.json else f"wrote {counted(len(names), 'files')} below {args.output}")
    return OK

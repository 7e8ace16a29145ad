"""`trackside storage`: the use of storage, from a running server."""

import argparse
from typing import Any
from urllib.parse import urlencode

from trackside.cli import remote
from trackside.cli.jobs.commands import follow
from trackside.cli.output import BROKEN, OK, Stop, say, table
from trackside.cli.output import json as as_json
from trackside.core.counts import in_bytes

PREFIX = "/api/trackside/v1"


def show(args: argparse.Namespace) -> int:
    if args.count:
        job = remote.ask(args, "POST", f"{PREFIX}/jobs", {"kind": "storage-count", "params": {}})["job"]
        code = follow(args, job["job_id"], quietly=args.json)
        if code != OK:
            return code
    if args.by == "workspace":
        return _workspaces(args)
    asked = {"by": args.by, "max_results": args.max, "experiment_id": args.experiment, "user": args.user}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    found = remote.ask(args, "GET", f"{PREFIX}/storage?{query}")
    if "counted_at" not in found:
        raise Stop("there was no count yet; add --count")
    if args.json:
        say(as_json(found))
        return OK
    lines = [_cells(each, each["name"] or each["key"] or "-", each["key"]) for each in found["lines"]]
    if found["rest"]["items"]:
        lines.append(_cells(found["rest"], "(more)", ""))
    lines.append(_cells(found["total"], "total", ""))
    heads: tuple[str, ...] = (args.by.upper(), "ID", "TOTAL", "FILES", "METRICS", "ITEMS")
    if args.by == "item":
        lines, heads = [_with_kind(line) for line in lines], ("ITEM", "KIND", *heads[1:])
    say(table([heads, *lines]))
    return OK


def _workspaces(args: argparse.Namespace) -> int:
    found = remote.ask(args, "GET", f"{PREFIX}/storage/workspaces").get("workspaces", [])
    if args.json:
        say(as_json(found))
        return OK
    lines = [_cells(each, each["name"], "" if "counted_at" in each else "not counted yet") for each in found]
    say(table([("WORKSPACE", "", "TOTAL", "FILES", "METRICS", "ITEMS"), *lines]))
    return OK if found else BROKEN


def _with_kind(line: tuple[str, ...]) -> tuple[str, ...]:
    """Return a line with kind and id separated, as the arguments of `trackside delete KIND ID`."""
    name, key, *sizes = line
    kind, _, item_id = key.partition(":")
    return (name, kind.replace("_", "-"), item_id, *sizes)


def _cells(line: dict[str, Any], name: str, key: str) -> tuple[str, ...]:
    files, rows = line["file_bytes"], line["row_bytes"]
    return (
        name,
        "" if key == name else key,
        in_bytes(files + rows),
        in_bytes(files),
        in_bytes(rows),
        str(line["items"]),
    )

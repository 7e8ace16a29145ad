"""`trackside monitor …`: calls of a running server."""

import argparse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from trackside.cli import remote
from trackside.cli.jobs import commands as jobs
from trackside.cli.jobs import tables
from trackside.cli.output import OK, moment, print_error, say, show_list, table, write_file
from trackside.cli.output import json as as_json
from trackside.core.counts import counted

PATH = "/api/trackside/v1/drift-monitors"
INCIDENTS = "/api/trackside/v1/drift-incidents"
SHOWN_WINDOWS = 10


def create(args: argparse.Namespace) -> int:
    target = {
        "endpoint": args.endpoint,
        "deployment": args.deployment,
        "table": args.table,
        "timestamp": args.timestamp,
    }
    baseline = {"dataset": args.baseline_dataset, "run": args.baseline_run, "past_windows": args.past}
    if args.baseline:
        is_remote = args.baseline.startswith(tables.REMOTE)
        baseline["table"] = args.baseline if is_remote else tables.send(args, Path(args.baseline), "--baseline")
    body = {
        "name": args.name,
        "target": _given(target),
        "baseline": _given(baseline),
        "window": args.window,
        "timezone": args.timezone,
        "latency_s": args.latency,
        "rules": args.rules,
        "columns": args.columns,
        "slices": args.slices,
        "label": args.label,
        "score": args.score,
        "magnitude": args.magnitude,
        "attribution": args.attribution,
        "is_scheduled": not args.no_schedule,
    }
    found = remote.ask(args, "POST", PATH, {name: value for name, value in body.items() if value is not None})[
        "monitor"
    ]
    when = f"; the next window is computed at {moment(found['next_at'])}" if "next_at" in found else ""
    say(f"created monitor {found['name']}{when}")
    return OK


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    return show_list(
        remote.ask(args, "GET", PATH).get("monitors", []),
        ("MONITOR", "TARGET", "WINDOW", "RULES", "WINDOWS", "LAST", "INCIDENTS"),
        lambda each: (
            each["name"],
            _target(each),
            each["window"],
            each["rules"],
            str(each.get("windows", 0)),
            moment(each["last_window"]) if "last_window" in each else "",
            str(each.get("open_incidents", 0)),
        ),
        as_json=args.json,
    )


def show(args: argparse.Namespace) -> int:
    found = remote.ask(args, "GET", _path(args))["monitor"]
    windows = _windows(args, args.slice, SHOWN_WINDOWS)
    incidents = _incidents(args, name=args.name, open="true")
    if args.json:
        say(as_json({"monitor": found, "windows": windows, "incidents": incidents}))
        return OK
    rows = [
        ("monitor", found["name"]),
        ("target", _target(found)),
        ("baseline", ", ".join(f"{name} {value}" for name, value in found["baseline"].items())),
        ("window", f"{found['window']}, {found['timezone']}, {found['latency_s']} s latency"),
        ("rules", found["rules"]),
        ("schedule", f"next window at {moment(found['next_at'])}" if "next_at" in found else "on request"),
        ("paused because", found.get("pause_reason", "")),
        ("note", found.get("note", "")),
    ]
    say(table([row for row in rows if row[1]]))
    _show_windows(windows)
    _show_incidents(incidents)
    return OK


def run(args: argparse.Namespace) -> int:
    """Run a monitor, wait, and print what drifted in its newest window."""
    times = _given({"start": args.start, "end": args.end})
    job = remote.ask(args, "POST", f"{_path(args)}/run", times)["job"]
    code = jobs.follow(args, job["job_id"], quietly=args.json)
    if code != OK:
        return code
    result = remote.ask(args, "GET", f"{jobs.PATH}/{job['job_id']}")["job"]["result"]
    windows = _windows(args, "", SHOWN_WINDOWS)
    incidents = _incidents(args, name=args.name, open="true")
    if args.json:
        say(as_json({"result": result, "windows": windows, "incidents": incidents}))
        return OK
    say(f"monitor {args.name}: {counted(result['windows'], 'windows')}, {counted(result['rows'], 'rows')}")
    if windows:
        _show_scores(windows[-1])
    if result.get("note"):
        print_error(result["note"])
    _show_incidents(incidents)
    return OK


def incidents(args: argparse.Namespace) -> int:
    found = _incidents(args, **_given({"name": args.monitor, "open": "true" if args.open else None}))
    if args.json:
        say(as_json(found))
    else:
        _show_incidents(found)
    return OK


def report(args: argparse.Namespace) -> int:
    """Write a window as one HTML file."""
    query = urlencode(_given({"slice": args.slice or None, "start": args.start}))
    page = remote.fetch(args, f"{_path(args)}/report?{query}")
    write_file("--html", args.html, page)
    say(f"wrote {counted(len(page), 'bytes')} to {args.html}")
    return OK


def pause(args: argparse.Namespace) -> int:
    remote.ask(args, "PATCH", _path(args), {"is_scheduled": False})
    say(f"monitor {args.name} is paused")
    return OK


def resume(args: argparse.Namespace) -> int:
    found = remote.ask(args, "PATCH", _path(args), {"is_scheduled": True})["monitor"]
    say(f"monitor {args.name}: the next window is computed at {moment(found['next_at'])}")
    return OK


def delete(args: argparse.Namespace) -> int:
    remote.ask(args, "DELETE", _path(args))
    say(f"deleted monitor {args.name}")
    return OK


def _show_windows(windows: Any) -> None:
    if windows:
        rows = [
            (
                moment(each["start"]),
                f"{each['rows']:,}",
                "" if each["is_complete"] else "so far",
                ", ".join(each.get("drifted", [])),
            )
            for each in windows
        ]
        say(table([("WINDOW", "ROWS", "", "DRIFTED"), *rows]))


def _show_scores(window: Any) -> None:
    shown = [each for each in window.get("scores", []) if each["subject"] == "drift" or each.get("is_over")]
    shown.sort(key=lambda each: -each["value"] / each["threshold"])
    rows = [
        (
            each["column"] or "(all)",
            "drifted" if each.get("is_over") else "stable",
            each["subject"],
            each.get("signal", ""),
            f"{each['value']:.3f}",
            f"{each['threshold']:.3f}",
        )
        for each in shown
    ]
    say(table([("COLUMN", "VERDICT", "SUBJECT", "SIGNAL", "VALUE", "THRESHOLD"), *rows]))


def _show_incidents(found: Any) -> None:
    if not found:
        say("no incidents")
        return
    rows = [
        (
            str(each["incident"]),
            each["monitor"],
            " ".join(filter(None, (each["column"], each.get("slice", "")))) or "(all)",
            each["subject"],
            f"{each['value']:.3f} (threshold {each['threshold']:.3f})",
            moment(each["opened_at"]),
            moment(each["closed_at"]) if "closed_at" in each else "open",
        )
        for each in found
    ]
    say(table([("INCIDENT", "MONITOR", "COLUMN", "SUBJECT", "VALUE", "SINCE", "CLOSED"), *rows]))


def _target(monitor: Any) -> str:
    target = monitor["target"]
    if "endpoint" in target:
        return f"endpoint {target['endpoint']}" + (f"/{target['deployment']}" if "deployment" in target else "")
    return str(target["table"])


def _windows(args: argparse.Namespace, slice_: str, limit: int) -> Any:
    query = urlencode({"slice": slice_, "limit": limit})
    return remote.ask(args, "GET", f"{_path(args)}/windows?{query}").get("windows", [])


def _incidents(args: argparse.Namespace, **narrow: str) -> Any:
    return remote.ask(args, "GET", f"{INCIDENTS}?{urlencode(narrow)}").get("incidents", [])


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _path(args: argparse.Namespace) -> str:
    return f"{PATH}/{quote(args.name, safe='')}"

"""`trackside job …`: calls of a running server."""

import argparse
import json
import time
from typing import Any
from urllib.parse import quote, urlencode

from trackside.cli import remote
from trackside.cli.output import BROKEN, OK, Stop, moment, print_error, say, say_log, show_list, table
from trackside.cli.output import json as as_json
from trackside.cli.parsers import decoded

PATH = "/api/trackside/v1/jobs"
LOOK_S = 0.5
PATIENCE_S = 120.0  # with a server that restarts while a command waits for a job
LIVE = ("queued", "running")
ID_CHARS = 32
SHOWN_CHARS = 12
SHOWN_TEXT = 200  # characters of a wrong value


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    given = {"state": args.state, "kind": args.kind, "max_results": args.max}
    asked = urlencode({name: value for name, value in given.items() if value is not None})
    found = remote.ask(args, "GET", f"{PATH}?{asked}")
    return show_list(
        found.get("jobs", []),
        ("JOB", "KIND", "STATE", "PROGRESS", "CREATED", "TITLE"),
        lambda each: (
            each["job_id"][:SHOWN_CHARS],
            each["kind"],
            state_of(each),
            progress_of(each),
            moment(each["created_at"]),
            each["title"],
        ),
        as_json=args.json,
    )


def show(args: argparse.Namespace) -> int:
    found = remote.ask(args, "GET", _path(args))["job"]
    if args.json:
        say(as_json(found))
        return OK
    rows = [
        ("job", found["job_id"]),
        ("kind", found["kind"]),
        ("title", found["title"]),
        ("state", state_of(found)),
        ("reason", found["reason"]),
        ("progress", progress_of(found)),
        ("attempt", f"{found['attempt']} of {found['max_attempts']}"),
        ("user", found["user"]),
        ("parameters", json.dumps(found["params"])),
        ("result", json.dumps(found["result"]) if "result" in found else ""),
    ]
    say(table([row for row in rows if row[1]]))
    return OK


def logs(args: argparse.Namespace) -> int:
    if args.follow:
        return follow(args, _full_id(args, args.job_id), raw=args.raw)
    path, cursor = _path(args), 0
    while True:
        found = remote.ask(args, "GET", f"{path}/logs?cursor={cursor}&lines=5000")
        if not found.get("lines"):
            return OK
        say_log(found["lines"], raw=args.raw)
        cursor = found["cursor"]


def cancel(args: argparse.Namespace) -> int:
    """Cancel a job.  Return BROKEN if it has already ended."""
    found = remote.ask(args, "POST", _path(args, "/cancel"))["job"]
    if found["state"] not in (*LIVE, "cancelled"):
        print_error(f"nothing was cancelled: job {found['job_id']} has already {found['state']}")
        return BROKEN
    say(f"job {found['job_id']} is {state_of(found)}")
    return OK


def retry(args: argparse.Namespace) -> int:
    found = remote.ask(args, "POST", _path(args, "/retry"))["job"]
    say(f"job {found['job_id']} is {found['state']}")
    return OK


def start(args: argparse.Namespace) -> int:
    body = {"kind": args.kind, "params": params_of(args), "priority": args.priority}
    job = remote.ask(args, "POST", PATH, body)["job"]
    say(f"queued job {job['job_id']}")
    return follow(args, job["job_id"]) if args.wait else OK


def follow(args: argparse.Namespace, job_id: str, *, quietly: bool = False, raw: bool = False) -> int:
    """Print the log of a job, unless `quietly`, until the job has ended.  BROKEN if it did not succeed."""
    cursor = 0
    while True:
        found = ask(args, f"{PATH}/{job_id}/logs?cursor={cursor}&lines=5000")
        cursor = found["cursor"]
        if found.get("lines"):
            if not quietly:
                say_log(found["lines"], raw=raw)
        elif found["is_complete"]:
            break
        else:
            time.sleep(LOOK_S)
    job = ask(args, f"{PATH}/{job_id}")["job"]
    if job["state"] == "succeeded":
        return OK
    print_error(f"job {job_id} {job['state']}: {job['reason']}")
    return BROKEN


def ask(args: argparse.Namespace, path: str) -> Any:
    """Return the answer to a GET.  Retries while the server restarts, for at most PATIENCE_S."""
    until = 0.0
    while True:
        try:
            return remote.ask(args, "GET", path)
        except remote.NoAnswer:
            until = until or time.monotonic() + PATIENCE_S
            if time.monotonic() > until:
                raise
            time.sleep(LOOK_S)


def params_of(args: argparse.Namespace) -> Any:
    """Return the parameters of a job that is to be queued."""
    try:
        params = decoded(args.params)
    except ValueError as fault:
        raise Stop(f"JSON is {args.params[:SHOWN_TEXT]!r}, which cannot be read ({fault})") from None
    if not isinstance(params, dict):
        raise Stop(f"JSON is {args.params[:SHOWN_TEXT]!r}; it must be an object, such as {{}}")
    return params


def state_of(job: dict[str, Any]) -> str:
    return "cancelling" if job["is_cancelling"] and job["state"] in LIVE else str(job["state"])


def progress_of(job: dict[str, Any]) -> str:
    """Return the progress, such as `1,200 of 5,000 rows, 300/s, 13 s left`."""
    progress = job["progress"]
    if not progress["done"] and "total" not in progress:
        return str(progress.get("message", ""))
    amount = f"{progress['done']:,}" + (f" of {progress['total']:,}" if "total" in progress else "")
    parts = [f"{amount} {progress.get('unit', '')}".rstrip()]
    if progress.get("per_s"):
        parts.append(f"{progress['per_s']:,.0f}/s")
    if "left_s" in progress:
        parts.append(f"{_span(progress['left_s'])} left")
    return ", ".join(parts)


def _span(seconds: float) -> str:
    """Return a duration such as `40 s`, `12 min` or `3 h 5 min`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _path(args: argparse.Namespace, rest: str = "") -> str:
    return f"{PATH}/{_full_id(args, args.job_id)}{rest}"


def _full_id(args: argparse.Namespace, given: str) -> str:
    """Return the id that begins with the typed text, among the newest jobs."""
    if len(given) >= ID_CHARS:
        return quote(given, safe="")
    jobs = remote.ask(args, "GET", f"{PATH}?max_results=1000").get("jobs", [])
    found = [each["job_id"] for each in jobs if each["job_id"].startswith(given)]
    if len(found) != 1:
        many = f"{len(found)} jobs begin" if found else "no job begins"
        raise Stop(f"{many} with {given!r}; `trackside job list` shows them")
    return str(found[0])

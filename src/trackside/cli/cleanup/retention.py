"""`trackside retention …`: which runs a rule matches, and the rule as a job, once or on a schedule."""

import argparse
from typing import Any

from trackside.cli import remote
from trackside.cli.cleanup.commands import PREFIX
from trackside.cli.output import BROKEN, OK, Stop, say
from trackside.cli.output import json as as_json
from trackside.core.counts import counted, in_bytes

FIELDS = {
    "experiments": "experiments",
    "filter": "filter",
    "older_than": "older_than_days",
    "keep_last": "keep_last",
    "keep_best": "keep_best",
    "metric": "metric",
    "lower": "is_lower_better",
    "files": "artifacts",
    "permanently": "permanently",
    "most_percent": "most_percent",
}
TRACE_FIELDS = {
    "experiments": "experiments",
    "older_than": "older_than_days",
    "keep_last": "keep_last",
    "most_percent": "most_percent",
}


def preview(args: argparse.Namespace) -> int:
    """Print the matches of a rule.  The exit code says whether the rule may run unchanged."""
    found = remote.ask(args, "POST", f"{PREFIX}/retention/preview", _rule(args))
    if args.json:
        say(as_json(found))
    else:
        say(f"{found['words']}: matches {found['matched']} of {found['total']} runs")
        for each in found.get("runs", []):
            blocked = "".join(f"  stays: {one['message']}" for one in each.get("obstacles", []))
            files = f"  {', '.join(each['paths'])}" if each.get("paths") else ""
            say(f"  {each['run_id']}  {in_bytes(each['file_bytes'])} of files{files}{blocked}")
        if not found["is_allowed"]:
            say(_too_many(found))
    return OK if found["is_allowed"] else BROKEN


def run(args: argparse.Namespace) -> int:
    return _queued(args, {"kind": "retention", "params": _rule(args)})


def schedule(args: argparse.Namespace) -> int:
    body = {"name": args.name, "kind": "retention", "params": _rule(args), "cron": args.cron}
    made = remote.ask(args, "POST", f"{PREFIX}/job-schedules", body)["schedule"]
    say(as_json(made) if args.json else f"retention rule {args.name} runs at {args.cron!r} (UTC)")
    return OK


def traces(args: argparse.Namespace) -> int:
    """Delete old traces by a rule: once, by a schedule, or only as a preview."""
    rule = {
        field: value
        for name, field in TRACE_FIELDS.items()
        if (value := getattr(args, name)) is not None and value is not False
    }
    if args.cron is not None and args.schedule is None:
        raise Stop("--cron needs --schedule NAME")
    if args.preview:
        return _preview_traces(args, rule)
    body: dict[str, Any] = {"kind": "trace-retention", "params": rule}
    if args.schedule is not None:
        cron = args.cron if args.cron is not None else "0 3 * * *"
        made = remote.ask(args, "POST", f"{PREFIX}/job-schedules", {"name": args.schedule, "cron": cron, **body})
        say(as_json(made["schedule"]) if args.json else f"retention rule {args.schedule} runs at {cron!r} (UTC)")
        return OK
    return _queued(args, body)


def _too_many(found: dict[str, Any]) -> str:
    share = found["matched"] / found["total"]
    return f"That is {share:.0%}, more than --most-percent allows (default 10): the rule would delete nothing."


def _preview_traces(args: argparse.Namespace, rule: dict[str, Any]) -> int:
    found = remote.ask(args, "POST", f"{PREFIX}/trace-retention/preview", rule)
    if args.json:
        say(as_json(found))
    else:
        say(f"{found['words']}: matches {found['matched']} of {found['total']} traces, {in_bytes(found['row_bytes'])}")
        for each in found.get("experiments", []):
            blocked = f"  stays: {each['obstacle']}" if each["obstacle"] else ""
            say(f"  {each['name']}: {counted(each['traces'], 'traces')}, {in_bytes(each['row_bytes'])}{blocked}")
        if not found["is_allowed"]:
            say(_too_many(found))
    return OK if found["is_allowed"] else BROKEN


def _queued(args: argparse.Namespace, body: dict[str, Any]) -> int:
    job = remote.ask(args, "POST", f"{PREFIX}/jobs", body)["job"]
    say(
        as_json(job)
        if args.json
        else f"job {job['job_id']} is queued; follow it with `trackside job logs {job['job_id']}`"
    )
    return OK


def _rule(args: argparse.Namespace) -> dict[str, Any]:
    return {
        field: value
        for name, field in FIELDS.items()
        if (value := getattr(args, name)) is not None and value is not False  # 0 is a number of days
    }

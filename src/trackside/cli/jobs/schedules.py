"""`trackside job schedule …`: calls of a running server about scheduled jobs."""

import argparse
import json
from typing import Any
from urllib.parse import quote

from trackside.cli import remote
from trackside.cli.jobs.commands import params_of
from trackside.cli.output import OK, Stop, moment, say, show_list, table
from trackside.cli.output import json as as_json

PATH = "/api/trackside/v1/job-schedules"


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    found = remote.ask(args, "GET", PATH).get("schedules", [])
    return show_list(
        found,
        ("NAME", "KIND", "WHEN", "NEXT", "USER"),
        lambda each: (each["name"], each["kind"], moment_of(each), next_of(each), each["user"]),
        as_json=args.json,
    )


def show(args: argparse.Namespace) -> int:
    found = remote.ask(args, "GET", _path(args))["schedule"]
    if args.json:
        say(as_json(found))
        return OK
    rows = [
        ("name", found["name"]),
        ("kind", found["kind"]),
        ("when", moment_of(found)),
        ("next", next_of(found)),
        ("paused because", found.get("pause_reason", "")),
        *(("then", moment(each)) for each in found.get("times", [])[1:]),
        ("last job", found.get("last_job_id", "")),
        ("user", found["user"]),
        ("parameters", json.dumps(found["params"])),
    ]
    say(table([row for row in rows if row[1]]))
    return OK


def create(args: argparse.Namespace) -> int:
    if args.timezone is not None and args.cron is None:
        raise Stop("--timezone needs --cron")
    when = {"cron": args.cron, "timezone": args.timezone, "interval_s": args.interval}
    body = {
        "name": args.name,
        "kind": args.kind,
        "params": params_of(args),
        "priority": args.priority,
        **{name: value for name, value in when.items() if value is not None},
    }
    found = remote.ask(args, "POST", PATH, body)["schedule"]
    say(f"created schedule {found['name']}; it fires next at {next_of(found)}")
    return OK


def pause(args: argparse.Namespace) -> int:
    remote.ask(args, "PATCH", _path(args), {"is_paused": True})
    say(f"schedule {args.name} is paused")
    return OK


def resume(args: argparse.Namespace) -> int:
    found = remote.ask(args, "PATCH", _path(args), {"is_paused": False})["schedule"]
    say(f"schedule {args.name} fires next at {next_of(found)}")
    return OK


def run(args: argparse.Namespace) -> int:
    job = remote.ask(args, "POST", _path(args, "/run"), {})["job"]
    say(f"queued job {job['job_id']}")
    return OK


def delete(args: argparse.Namespace) -> int:
    remote.ask(args, "DELETE", _path(args))
    say(f"deleted schedule {args.name}; its jobs stay")
    return OK


def moment_of(schedule: dict[str, Any]) -> str:
    """Return the times of a schedule, such as `30 2 * * * Europe/Madrid`, or `every 3600 s`."""
    if schedule.get("cron"):
        return f"{schedule['cron']} {schedule['timezone']}"
    return f"every {schedule['interval_s']} s"


def next_of(schedule: dict[str, Any]) -> str:
    return "paused" if schedule["is_paused"] else moment(schedule["next_at"])


def _path(args: argparse.Namespace, rest: str = "") -> str:
    return f"{PATH}/{quote(args.name, safe='')}{rest}"

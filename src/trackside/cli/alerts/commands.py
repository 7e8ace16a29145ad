"""`trackside alert …`: calls of a running server."""

import argparse
from typing import Any
from urllib.parse import quote

from trackside.cli import remote
from trackside.cli.output import BROKEN, OK, moment, say, show_list, table
from trackside.cli.output import json as as_json

PATH = "/api/trackside/v1/alert-rules"


def put(args: argparse.Namespace) -> int:
    given = {
        "target": args.target,
        "window_s": args.window,
        "for_s": args.for_s,
        "severity": args.severity,
        "is_enabled": False if args.disabled else None,
    }
    body = {name: value for name, value in given.items() if value is not None}
    found = remote.ask(args, "PUT", _path(args), {**body, "measure": args.measure, "above": args.above})["rule"]
    say(f"rule {found['name']} fires when {_condition(found)}")
    return OK


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the name of the command
    return show_list(
        remote.ask(args, "GET", PATH).get("rules", []),
        ("NAME", "STATE", "FIRES WHEN", "VALUE", "SEVERITY", "SINCE"),
        lambda each: (
            each["name"],
            _state(each),
            _condition(each),
            _number(each.get("value")),
            each["severity"],
            moment(each["fired_at"]) if each.get("fired_at") else "",
        ),
        as_json=args.json,
    )


def show(args: argparse.Namespace) -> int:
    """Show a rule.  Return BROKEN while it fires."""
    found = remote.ask(args, "GET", _path(args))["rule"]
    now = remote.ask(args, "GET", _path(args, "/value"))
    if args.json:
        say(as_json({**found, "value_now": now.get("value")}))
    else:
        rows = [
            ("state", _state(found)),
            ("fires when", _condition(found)),
            ("value now", _number(now.get("value")) or "nothing to measure"),
            ("severity", found["severity"]),
            ("fired at", moment(found["fired_at"]) if found.get("fired_at") else ""),
        ]
        say(table([row for row in rows if row[1]]))
    return BROKEN if found["state"] == "firing" else OK


def delete(args: argparse.Namespace) -> int:
    remote.ask(args, "DELETE", _path(args))
    say(f"removed the rule {args.name}")
    return OK


def _path(args: argparse.Namespace, rest: str = "") -> str:
    return f"{PATH}/{quote(args.name, safe='')}{rest}"


def _state(rule: dict[str, Any]) -> str:
    return str(rule["state"]) if rule["is_enabled"] else "disabled"


def _condition(rule: dict[str, Any]) -> str:
    of = f" of {rule['target']}" if rule.get("target") else ""
    lasting = f" for {rule['for_s']} s" if rule["for_s"] else ""
    return f"{rule['measure']}{of} is above {_number(rule['above'])} in {rule['window_s']} s{lasting}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,g}"

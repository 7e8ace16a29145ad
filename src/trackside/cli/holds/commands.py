"""`trackside hold …`: calls of a running server."""

import argparse
from datetime import UTC, datetime
from urllib.parse import urlencode

from trackside.cli import remote
from trackside.cli.output import OK, Stop, day, say, show_list
from trackside.cli.output import json as as_json

PATH = "/api/trackside/v1/holds"
_WIRE = {"logged-model": "logged_model", "model": "registered_model", "version": "model_version"}
_WORDS = {wire: word for word, wire in _WIRE.items()}


def add(args: argparse.Namespace) -> int:
    ends = {} if args.until is None else {"ends_at": _ms(args.until)}
    found = remote.ask(args, "POST", PATH, {**_named(args), "reason": args.reason, **ends})["hold"]
    say(as_json(found) if args.json else found["text"])
    return OK


def remove(args: argparse.Namespace) -> int:
    remote.ask(args, "DELETE", PATH, _named(args))
    say(f"removed the hold on the {args.kind} {args.id or ''}".rstrip())
    return OK


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    asked = _named(args) if args.kind else {}
    found = remote.ask(args, "GET", f"{PATH}?{urlencode(asked)}").get("holds", [])
    return show_list(
        found,
        ("KIND", "ID", "SINCE", "UNTIL", "BY", "REASON"),
        lambda each: (
            _WORDS.get(each["kind"], each["kind"]),
            each["id"],
            day(each["placed_at"]),
            "over" if each["is_over"] else day(each["ends_at"]) if "ends_at" in each else "-",
            each["placed_by"] or "-",
            each["reason"],
        ),
        as_json=args.json,
    )


def _named(args: argparse.Namespace) -> dict[str, str]:
    if args.kind == "workspace":
        if args.id:
            raise Stop(f"{args.id!r} is superfluous: --workspace names the workspace")
        return {"kind": "workspace"}
    if not args.id:
        raise Stop(f"ID is missing; name the {args.kind}")
    return {"kind": _WIRE.get(args.kind, args.kind), "id": args.id}


def _ms(text: str) -> int:
    try:
        ends = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Stop(f"--until is {text!r}; it must be a day, such as 2027-01-31") from None
    if ends <= datetime.now(UTC):
        raise Stop(f"--until is {text!r}; it must be a day after today")
    return int(ends.timestamp() * 1000)

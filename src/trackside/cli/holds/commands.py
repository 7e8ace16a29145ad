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


def add(words: argparse.Namespace) -> int:
    ends = {} if words.until is None else {"ends_at": _ms(words.until)}
    found = remote.ask(words, "POST", PATH, {**_named(words), "reason": words.reason, **ends})["hold"]
    say(as_json(found) if words.json else found["text"])
    return OK


def remove(words: argparse.Namespace) -> int:
    remote.ask(words, "DELETE", PATH, _named(words))
    say(f"removed the hold on the {words.kind} {words.id or ''}".rstrip())
    return OK


def list(words: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    asked = _named(words) if words.kind else {}
    found = remote.ask(words, "GET", f"{PATH}?{urlencode(asked)}").get("holds", [])
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
        as_json=words.json,
    )


def _named(words: argparse.Namespace) -> dict[str, str]:
    if words.kind == "workspace":
        if words.id:
            raise Stop(f"{words.id!r} is not needed: --workspace names the workspace to hold")
        return {"kind": "workspace"}
    if not words.id:
        raise Stop(f"ID is missing; name the {words.kind}")
    return {"kind": _WIRE.get(words.kind, words.kind), "id": words.id}


def _ms(text: str) -> int:
    try:
        ends = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Stop(f"--until is {text!r}; it must be a day, such as 2027-01-31") from None
    if ends <= datetime.now(UTC):
        raise Stop(f"--until is {text!r}; it must be a day after today")
    return int(ends.timestamp() * 1000)

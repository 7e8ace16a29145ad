"""`trackside hold …`: calls of a running server."""

import argparse
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from trackside.cli import remote
from trackside.cli.output import OK, Stop, say, table
from trackside.cli.output import json as as_json
from trackside.cli.remote import workspace_of
from trackside.workspaces.model import DEFAULT

PATH = "/api/trackside/v1/holds"
_WIRE = {"logged-model": "logged_model", "model": "registered_model", "version": "model_version"}
_WORDS = {wire: word for word, wire in _WIRE.items()}


def add(words: argparse.Namespace) -> int:
    ends = {} if words.until is None else {"ends_at": _ms(words.until)}
    found = _call(words, "POST", PATH, {**_named(words), "reason": words.reason, **ends})["hold"]
    say(as_json(found) if words.json else found["text"])
    return OK


def remove(words: argparse.Namespace) -> int:
    _call(words, "DELETE", PATH, _named(words))
    say(f"removed the hold on the {words.kind} {words.id or ''}".rstrip())
    return OK


def list(words: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    asked = _named(words) if words.kind else {}
    found = _call(words, "GET", f"{PATH}?{urlencode(asked)}").get("holds", [])
    if words.json:
        say(as_json(found))
    elif found:
        rows = [
            (
                _WORDS.get(each["kind"], each["kind"]),
                each["id"],
                _day(each["placed_at"]),
                "over" if each["is_over"] else _day(each["ends_at"]) if "ends_at" in each else "-",
                each["placed_by"] or "-",
                each["reason"],
            )
            for each in found
        ]
        say(table([("KIND", "ID", "SINCE", "UNTIL", "BY", "REASON"), *rows]))
    return OK


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
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise Stop(f"--until is {text!r}; it must be a day, such as 2027-01-31") from None


def _day(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"


def _call(words: argparse.Namespace, method: str, path: str, body: Any = None) -> Any:
    name = workspace_of(words)
    return remote.call(remote.server_of(words.server), method, path, body, workspace="" if name == DEFAULT else name)

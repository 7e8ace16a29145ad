"""Reads the file `traces.json` of a trace."""

import json
from typing import Any

from trackside.imports.source import Place, Unreadable

NAME = "traces.json"


def spans_at(place: Place) -> list[dict[str, Any]]:
    """Return the spans of a file; none if it does not exist.  Raise Unreadable."""
    return spans_in(b"".join(place.open(NAME))) if NAME in place.files() else []


def spans_in(data: bytes) -> list[dict[str, Any]]:
    try:
        found = json.loads(data)["spans"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable(f"{NAME} is not a file of a trace") from None
    return found if isinstance(found, list) else []

"""Which keys and names MLflow stores.  Pure."""

import json
import posixpath
import re
from collections.abc import Sized
from functools import lru_cache

from trackside.core.errors import Invalid

MAX_KEY = 250
MAX_NEW = 1_000
_KEY = re.compile(r"[/\w.\- :]*")
_CHARACTERS = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "
    "and slashes (/)."
)


@lru_cache(maxsize=16_384)
def fault_of(name: str) -> str | None:
    """Return why `name` cannot be a key, which may become part of a path; None if it can."""
    return path_fault(name) if _KEY.fullmatch(name) else _CHARACTERS


def path_fault(name: str) -> str | None:
    """Return why `name` cannot become part of a path; None if it can."""
    if posixpath.normpath(name) != name or name == "." or name.startswith(("..", "/")):
        return (
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "
            f"This name would resolve to {posixpath.normpath(name)!r}"
        )
    return None


def check_key(name: str, path: str) -> None:
    """Raise Invalid for a key that cannot be stored.  `path` is the place of the name in the call, such as `metrics[0].name`."""
    fault = fault_of(name)
    if fault is not None:
        raise Invalid(f"Invalid value {shown(name)} for parameter '{path}' supplied: {fault}")


_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,249}")


def check_item_id(given: str, what: str) -> str:
    """Return the id of an item from another server, or raise Invalid.  It becomes a segment of paths and URIs, so it may have no
    character with a special meaning there."""
    if not _ID.fullmatch(given):
        raise Invalid(
            f"{what} is {shown(given[:300])}; an id has 1 to 250 letters, digits, '_' and '-' of ASCII, "
            "the first a letter or digit"
        )
    return given


def shown(name: str) -> str:
    """Return a name for a message: quoted and shortened."""
    return json.dumps(name if len(name) <= 500 else name[:500] + "…")


def check_count(items: Sized, what: str) -> None:
    """Raise Invalid for more tags or params than a new item may have: other writers wait while they are stored."""
    if len(items) > MAX_NEW:
        raise Invalid(
            f"'{what}' has {len(items)} entries; a call may have {MAX_NEW}. Send the others in further calls."
        )


def check_length(text: str, what: str, limit: int) -> None:
    if len(text) > limit:
        raise Invalid(f"'{what}' exceeds the maximum length of {limit} characters").because(
            "too-long", field=what, most=str(limit)
        )

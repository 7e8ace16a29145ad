"""The change log in the API."""

from typing import Any

from msgspec import UNSET, UnsetType

from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call

MAX_PAGE = 1_000
DEFAULT_PAGE = 100


class ListChanges(Call, frozen=True):
    """With `after`: later changes, the oldest first.  Without: the newest, or those `before` a number, the newest first."""

    after: int | None = None
    before: int | None = None
    limit: int | None = None
    entity: str | None = None
    entity_id: str | None = None
    user: str | None = None
    names: bool | None = None  # with the names of what changed


class LoggedChange(Answer, frozen=True):
    """`user` is the unverified name that the caller sent; absent if the caller sent none.

    `name` is the current name of the object, if it has one and the caller may read it.  Only present if the call has `names`."""

    seq: int
    time: int  # ms
    entity: str
    entity_id: str
    action: str
    name: str | UnsetType = UNSET
    user: str | UnsetType = UNSET
    detail: Any = UNSET


class ListedChanges(Answer, frozen=True):
    """`next_after` is the cursor for the next call, which continues without gaps and duplicates."""

    changes: list[LoggedChange] = []
    next_after: int | UnsetType = UNSET
    more: bool = False


def check_limit(given: int | None, most: int = MAX_PAGE, default: int = DEFAULT_PAGE, name: str = "limit") -> int:
    limit = given or default
    if not 1 <= limit <= most:
        raise Invalid(f"{name} must be between 1 and {most}.")
    return limit

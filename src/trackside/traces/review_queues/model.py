"""Review queues and their items in the API, and checks of their names, with MLflow's rules and messages.  Pure.

A user queue has the name of its one user and all schemas of the experiment; a custom queue has a name, users and schemas of its
own.  Users are compared in lower case.
"""

from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct

from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.core.http.codec import Answer, Call

MAX_NAME = 250
MAX_USER = 250
MAX_SCHEMA_ID = 36
MAX_USERS = 10
MAX_SCHEMAS = 1_000
MAX_ITEMS = 5_000  # that one call adds or removes
RESERVED = "default"
DEFAULT_RESULTS = 1_000

USER, CUSTOM = "USER", "CUSTOM"
PENDING = "PENDING"
STATUSES = (PENDING, "COMPLETE", "DECLINED")
TRACE = "TRACE"


class ReviewQueue(Answer, frozen=True):
    queue_id: str
    experiment_id: str
    name: str
    queue_type: str
    creation_time_ms: int
    last_update_time_ms: int
    created_by: str | None = None
    users: list[str] = []
    schema_ids: list[str] = []


class Item(Answer, frozen=True):
    queue_id: str
    item_type: str
    item_id: str
    status: str
    creation_time_ms: int
    last_update_time_ms: int
    completed_by: str | None = None
    completed_time_ms: int | None = None


class Create(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name")
    experiment_id: str | None = None
    name: str | None = None
    queue_type: str | None = None
    created_by: str | None = None
    users: list[str] | None = None
    schema_ids: list[str] | None = None


class OfUser(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "user")
    experiment_id: str | None = None
    user: str | None = None
    created_by: str | None = None


class OfQueue(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("queue_id",)
    queue_id: str | None = None


class OfName(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name")
    experiment_id: str | None = None
    name: str | None = None


class ListQueues(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None
    user: str | None = None
    item_id: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class Update(Call, frozen=True):
    """`users` and `schema_ids` apply only with their flag, because an empty list cannot be distinguished from an absent one."""

    required: ClassVar[tuple[str, ...]] = ("queue_id",)
    queue_id: str | None = None
    update_users: bool = False
    users: list[str] | None = None
    update_schema_ids: bool = False
    schema_ids: list[str] | None = None
    name: str | None = None
    new_owner: str | None = None


class OfItems(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("queue_id",)
    queue_id: str | None = None
    item_type: str | None = None
    item_ids: list[str] | None = None


class RemoveItems(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("queue_id",)
    queue_id: str | None = None
    item_ids: list[str] | None = None


class ListItems(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("queue_id",)
    queue_id: str | None = None
    status: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class SetStatus(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("queue_id", "item_id")
    queue_id: str | None = None
    item_id: str | None = None
    status: str | None = None
    completed_by: str | None = None


class Got(Answer, frozen=True):
    review_queue: ReviewQueue


class Listed(Answer, frozen=True):
    review_queues: list[ReviewQueue] = []
    next_page_token: str | None = None


class Items(Answer, frozen=True):
    items: list[Item] = []
    next_page_token: str | None = None


class OneItem(Answer, frozen=True):
    item: Item


class New(Struct, frozen=True):
    """A checked queue to create."""

    name: str
    queue_type: str
    users: list[str]
    schema_ids: list[str]


def read(call: Create) -> New:
    if call.queue_type not in (USER, CUSTOM):
        raise Invalid(f"`queue_type` must be one of USER or CUSTOM; got {call.queue_type!r}.")
    users, schema_ids = check_users(call.users), check_schema_ids(call.schema_ids)
    if call.queue_type == CUSTOM:
        return New(check_name(call.name), CUSTOM, users, schema_ids)
    name = user_of(call.name)
    if users not in ([], [name]):
        raise Invalid(
            f"A user queue must have exactly one assigned user equal to its name; got name={name!r} and users={users!r}."
        )
    if schema_ids:
        raise Invalid(
            "A user queue cannot have explicitly-attached schemas; it resolves to all of the experiment's label schemas."
        )
    return New(name, USER, [name], [])


def check_name(name: str | None) -> str:
    """Return the name of a custom queue, or raise Invalid."""
    wanted = _filled((name or "").strip(), "name", MAX_NAME)
    if wanted.lower() == RESERVED:
        raise Invalid(f"`{wanted}` is a reserved queue name and cannot be used for a custom queue.")
    return wanted


def user_of(name: str | None) -> str:
    return _filled((name or "").strip().lower(), "user", MAX_USER)


def check_owner(name: str) -> str:
    return _filled(name.strip(), "new_owner", MAX_USER)


def check_users(given: Iterable[str] | None) -> list[str]:
    users = list(dict.fromkeys(user_of(each) for each in given or ()))
    if len(users) > MAX_USERS:
        raise Invalid(f"A review queue can have at most {MAX_USERS} assigned users; got {len(users)}.")
    return users


def check_schema_ids(given: Iterable[str] | None) -> list[str]:
    ids = list(dict.fromkeys(_filled(each.strip(), "schema_id", MAX_SCHEMA_ID) for each in given or ()))
    if len(ids) > MAX_SCHEMAS:
        raise Invalid(f"A review queue can have at most {MAX_SCHEMAS} label schemas; got {len(ids)}.")
    return ids


def check_item_ids(given: Iterable[str] | None) -> list[str]:
    """Return the distinct ids, without surrounding blanks."""
    ids = list(dict.fromkeys(_filled(each.strip(), "item_id", 50) for each in given or ()))
    if not ids:
        raise Invalid("`item_ids` must be a non-empty list; got [].")
    if len(ids) > MAX_ITEMS:
        raise Invalid(f"`item_ids` has {len(ids)} ids; at most {MAX_ITEMS} are allowed in a call.")
    return ids


def check_item_type(given: str | None) -> None:
    if given not in (None, TRACE, "REVIEW_ITEM_TYPE_UNSPECIFIED"):
        raise Invalid(f"`item_type` must be TRACE; got {given[:100]!r}.")


def check_status(given: str | None) -> str:
    if given not in STATUSES:
        raise Invalid(f"`status` must be one of PENDING, COMPLETE, or DECLINED; got {(given or '')[:100]!r}.")
    return given or ""


def check_actor(status: str, completed_by: str | None) -> str | None:
    """Return the user who set the status of an item."""
    user = completed_by.strip().lower() if completed_by else None
    if status == PENDING:
        if user is not None:
            raise Invalid("`completed_by` must not be set when reopening an item to `pending`.")
        return None
    if not user:
        raise Invalid(f"`completed_by` is required when setting status to `{status.lower()}`.")
    return _filled(user, "completed_by", MAX_USER)


def _filled(text: str, field: str, most: int) -> str:
    if not text:
        raise Invalid(f"`{field}` must be a non-empty string; got ''.")
    if len(text) > most:
        raise Invalid(f"`{field}` must be at most {most} characters; got {len(text)}.")
    return text


def missing(queue_id: str) -> NotFound:
    return NotFound(f"Review queue with id '{queue_id[:100]}' not found.")


def taken(name: str) -> AlreadyExists:
    return AlreadyExists(f"Review queue with name '{name}' already exists (names are case-insensitive).").because(
        "taken", kind="review_queue", name=name
    )

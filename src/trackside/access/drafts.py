"""The check of a custom role before it is stored: its problems by field, and the actions that it allows."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from msgspec import Struct

from trackside.access import service, store
from trackside.access.model import check_patterns, expand, parse_scope, unknown
from trackside.core.access import OPEN_ACTIONS, Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.identity.model import check_name


class NewRole(Call, frozen=True):
    """A custom role in Azure's JSON, with Azure's names or in snake case."""

    required: ClassVar[tuple[str, ...]] = ("name",)
    role_id: str | None = None
    name: str | None = None
    description: str | None = None
    actions: list[str] | None = None
    not_actions: list[str] | None = None
    assignable_scopes: list[str] | None = None


class Problem(Struct, frozen=True):
    """A problem of a field.  `value` is the wrong entry; empty if the field as a whole is wrong."""

    field: str
    value: str
    message: str


class Checked(Answer, frozen=True):
    """The result.  `allowed` are the actions of this server that the role allows; `unknown` are patterns that match none of
    them, which the server stores and ignores."""

    problems: list[Problem] = []
    allowed: list[str] = []
    unknown: list[str] = []


def check(tx: Tx, call: NewRole) -> Checked:
    """Check a role without storing it."""
    actions, not_actions = call.actions or [], call.not_actions or []
    problems = [
        *_problems("name", [call.name or ""], lambda name: _check_free(tx, name, call.role_id or "")),
        *_problems("actions", actions, lambda pattern: check_patterns([pattern], "actions")),
        *_problems("not_actions", not_actions, lambda pattern: check_patterns([pattern], "not_actions")),
        *_problems("assignable_scopes", call.assignable_scopes or ["/"], lambda scope: _check_scope(tx, scope)),
    ]
    wrong = {(problem.field, problem.value) for problem in problems}
    good = tuple(each for each in actions if ("actions", each) not in wrong)
    less = tuple(each for each in not_actions if ("not_actions", each) not in wrong)
    allowed = sorted(action for action in expand(good, less) if action not in OPEN_ACTIONS)
    return Checked(problems=problems, allowed=[str(each) for each in allowed], unknown=unknown([*good, *less]))


def _problems(field: str, values: list[str], check_one: Callable[[str], Any]) -> Iterator[Problem]:
    for value in values:
        try:
            check_one(value)
        except Invalid as fault:
            yield Problem(field, value, fault.message)


def _check_free(tx: Tx, name: str, role_id: str) -> None:
    check_name(name, "name")
    if any(known.name.lower() == name.lower() and known.role_id != role_id for known in store.roles(tx)):
        raise Invalid(f"name is {name!r}; a role of this name already exists")


def _check_scope(tx: Tx, text: str) -> None:
    scope = parse_scope(text)
    if not service.is_allowed(tx, tx.caller, Action.ROLES_WRITE, scope):
        raise Invalid(f"assignable_scopes has {text[:200]!r}; you may not create roles in that scope")

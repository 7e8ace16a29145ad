"""The calls about roles, assignments, denials, and explanations of rights."""

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from trackside.access import drafts, service, store, visible
from trackside.access.caller import SignedIn
from trackside.access.delegation import place_of_scope
from trackside.access.drafts import NewRole
from trackside.access.gate import Gate
from trackside.access.model import (
    ROOT,
    Assignment,
    Role,
    Scope,
    check_patterns,
    find_action,
    is_assignable,
    parse_scope,
)
from trackside.core.access import OPEN_ACTIONS, Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import HANDLED, Route, command, query
from trackside.identity import store as identity
from trackside.identity.model import EVERYBODY, Principal, check_name, check_page
from trackside.identity.service import record

PREFIX = "/api/trackside/v1"
MAX_TEXT = 1000


class OfRole(Call, frozen=True):
    role_id: str | None = None


class ShownRole(Answer, frozen=True):
    role_id: str
    name: str
    description: str
    is_custom: bool
    actions: list[str]
    not_actions: list[str] = []
    assignable_scopes: list[str] = []
    allowed: list[str] = []  # the actions of this server that the role allows


class GotRole(Answer, frozen=True):
    role: ShownRole


class ListedRoles(Answer, frozen=True):
    roles: list[ShownRole] = []


class NewAssignment(Call, frozen=True):
    """`principal` is a user, group or service principal, or `everybody` who signed in; `role` a name or id."""

    required: ClassVar[tuple[str, ...]] = ("principal", "role", "scope")
    principal: str | None = None
    role: str | None = None
    scope: str | None = None


class ListAssignments(Call, frozen=True):
    """The assignments to list; without `max_results`, all are returned."""

    principal: str | None = None
    scope: str | None = None
    inherited: bool | None = None
    max_results: int | None = None
    page_token: str | None = None


class OfAssignment(Call, frozen=True):
    assignment_id: int | None = None


class ShownAssignment(Answer, frozen=True):
    assignment_id: int
    principal: str
    role: str
    role_id: str
    scope: str
    is_denial: bool
    created_at: int
    created_by: str


class GotAssignment(Answer, frozen=True):
    assignment: ShownAssignment


class ListedAssignments(Answer, frozen=True):
    assignments: list[ShownAssignment] = []
    next_page_token: str | None = None


class Explain(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("principal", "action")
    principal: str | None = None
    action: str | None = None
    scope: str | None = None


class Explained(Answer, frozen=True):
    """`because` names the deciding assignments: denials if there are any, otherwise those that allow it."""

    principal: str
    action: str
    scope: str
    is_allowed: bool
    because: list[str] = []


class Mine(Call, frozen=True):
    scope: str | None = None


class MyActions(Answer, frozen=True):
    """The allowed actions at a scope; `some` are allowed on some of its objects only."""

    scope: str
    actions: list[str] = []
    some: list[str] = []


@dataclass(frozen=True)
class Calls:
    gate: Gate

    def explain(self, tx: Tx, call: Explain) -> Explained:
        """Return whether a principal may do something, and why."""
        action, scope = find_action(call.action or ""), parse_scope(call.scope or "/")
        if call.principal != tx.caller.name:
            service.require(tx, Action.ROLE_ASSIGNMENTS_READ, scope)
        principal = _principal(tx, call.principal or "")
        caller: SignedIn = self.gate.caller_of(tx, principal, "")
        is_allowed, grants = service.why(tx, caller, action, scope)
        because = [grant.reason for grant in grants] or _otherwise(principal, is_allowed=is_allowed)
        return Explained(
            principal=principal.name, action=action, scope=str(scope), is_allowed=is_allowed, because=because
        )


def _otherwise(principal: Principal, *, is_allowed: bool) -> list[str]:
    return [f"{principal.name} is an administrator" if is_allowed else "no role allows it in this scope"]


def my_actions(tx: Tx, call: Mine) -> MyActions:
    """Return the caller's allowed actions at a scope, so that a page can hide the others."""
    scope = parse_scope(call.scope or "/")
    if tx.caller.principal_id is None:
        rights = tx.caller.rights(None)
    else:
        rights = service.rights(tx, tx.caller, scope)
    found = scope.object
    allowed = rights.everywhere if found is None else rights.objects.get(found, rights.everywhere)
    some = rights.some if found is None else frozenset()
    return MyActions(scope=str(scope), actions=_sorted(allowed), some=_sorted(some))


def list_roles(tx: Tx, call: Call) -> ListedRoles:
    """Return the roles that the caller may see, with the scopes that the caller knows."""
    return ListedRoles(roles=[_shown(role) for role in visible.roles(tx)])


def get_role(tx: Tx, call: OfRole) -> GotRole:
    return GotRole(role=_shown(visible.role(tx, call.role_id or "")))


def create_role(tx: Tx, call: NewRole) -> GotRole:
    actions, not_actions, scopes = _checked(tx, call)
    made = store.create_role(
        tx, check_name(call.name or "", "name"), (call.description or "")[:MAX_TEXT], actions, not_actions, scopes
    )
    record(tx, "role.create", "role", made.name, after=_builtins(made))
    return GotRole(role=_shown(made))


def update_role(tx: Tx, call: NewRole) -> GotRole:
    """Change a role, for all principals that have it.  Added rights require the right to assign the role there."""
    before = store.role(tx, visible.role(tx, call.role_id or "").role_id)
    if not before.is_custom:
        raise Invalid(f"The role '{before.name}' is built in and cannot be changed; create one of your own.")
    for scope in before.assignable_scopes:
        service.require(tx, Action.ROLES_WRITE, parse_scope(scope))
    actions, not_actions, scopes = _checked(tx, call)
    after = Role(
        before.role_id, check_name(call.name or "", "name"), (call.description or "")[:MAX_TEXT], actions, not_actions,
        scopes, is_custom=True,
    )  # fmt: skip
    wider, narrower = after.allowed - before.allowed, before.allowed - after.allowed
    for assignment in store.of_role(tx, before.role_id):
        if narrower if assignment.is_denial else wider:
            service.require(tx, Action.ROLE_ASSIGNMENTS_WRITE, assignment.scope)
    store.update_role(tx, after)
    record(tx, "role.update", "role", after.name, before=_builtins(before), after=_builtins(after))
    return GotRole(role=_shown(after))


def delete_role(tx: Tx, call: OfRole) -> None:
    role = store.role(tx, visible.role(tx, call.role_id or "").role_id)
    if not role.is_custom:
        raise Invalid(f"The role '{role.name}' is built in and cannot be deleted.")
    for scope in role.assignable_scopes:
        service.require(tx, Action.ROLES_DELETE, parse_scope(scope))
    store.delete_role(tx, role.role_id)
    record(tx, "role.delete", "role", role.name, before=_builtins(role))


def assign(tx: Tx, call: NewAssignment) -> GotAssignment:
    return _assign(tx, call, is_denial=False)


def deny(tx: Tx, call: NewAssignment) -> GotAssignment:
    """Deny a principal the actions of a role at a scope, overriding all roles."""
    return _assign(tx, call, is_denial=True)


def list_assignments(tx: Tx, call: ListAssignments) -> ListedAssignments:
    """Return assignments and denials of a principal, at a scope and in it, or both.  `inherited`: those that apply at the scope,
    also from wider scopes, without those in it."""
    scope = parse_scope(call.scope) if call.scope else None
    if scope or call.principal != tx.caller.name:
        service.require(tx, Action.ROLE_ASSIGNMENTS_READ, scope or ROOT)
    principal = None if not call.principal else _id(tx, call.principal)
    most = check_page(call.max_results)
    found = store.page(
        tx,
        principal_id=principal,
        scope=scope,
        place=place_of_scope(tx, scope or ROOT),
        is_inherited=bool(call.inherited),
        after=_after(call.page_token or ""),
        most=most + 1,
    )
    names = {role.role_id: role.name for role in store.roles(tx)}
    return ListedAssignments(
        assignments=[_shown_assignment(each, _principal_name(each, name), names) for each, name in found[:most]],
        next_page_token=str(found[most - 1][0].assignment_id) if len(found) > most else None,
    )


def unassign(tx: Tx, call: OfAssignment) -> None:
    try:
        found = store.get(tx, call.assignment_id or 0)
    except NotFound:
        service.require(tx, Action.ROLE_ASSIGNMENTS_DELETE, ROOT)
        raise
    service.unassign(tx, found)


def routes(gate: Gate) -> list[Route]:
    calls = Calls(gate)
    read, write, gone = Action.ROLE_ASSIGNMENTS_READ, Action.ROLE_ASSIGNMENTS_WRITE, Action.ROLE_ASSIGNMENTS_DELETE
    at: dict[str, Any] = {"on": HANDLED, "has_workspace": False}
    one = f"{PREFIX}/roles/{{role_id}}"
    return [
        query(f"GET {PREFIX}/roles", Call, list_roles, needs=Action.SIGNED_IN, has_workspace=False, answer=ListedRoles),
        command(f"POST {PREFIX}/roles", NewRole, create_role, needs=Action.ROLES_WRITE, status=201, answer=GotRole, **at),
        query(f"POST {PREFIX}/roles/check", NewRole, drafts.check, needs=Action.SIGNED_IN, has_workspace=False,
              answer=drafts.Checked),
        query(f"GET {one}", OfRole, get_role, needs=Action.SIGNED_IN, has_workspace=False, answer=GotRole),
        command(f"PUT {one}", NewRole, update_role, needs=Action.ROLES_WRITE, answer=GotRole, **at),
        command(f"DELETE {one}", OfRole, delete_role, needs=Action.ROLES_DELETE, **at),
        query(f"GET {PREFIX}/role-assignments", ListAssignments, list_assignments, needs=read, answer=ListedAssignments, **at),
        command(f"POST {PREFIX}/role-assignments", NewAssignment, assign, needs=write, status=201, answer=GotAssignment, **at),
        command(f"POST {PREFIX}/deny-assignments", NewAssignment, deny, needs=write, status=201, answer=GotAssignment, **at),
        command(f"DELETE {PREFIX}/role-assignments/{{assignment_id}}", OfAssignment, unassign, needs=gone, **at),
        query(f"GET {PREFIX}/access/explain", Explain, calls.explain, needs=read, answer=Explained, **at),
        query(f"GET {PREFIX}/me/actions", Mine, my_actions, needs=Action.SIGNED_IN, has_workspace=False, answer=MyActions),
    ]  # fmt: skip


def _assign(tx: Tx, call: NewAssignment, *, is_denial: bool) -> GotAssignment:
    scope = parse_scope(call.scope or "")
    service.require(tx, Action.ROLE_ASSIGNMENTS_WRITE, scope)  # before any name is disclosed
    principal = None if call.principal == service.EVERYBODY_NAME else _principal(tx, call.principal or "")
    role = _assignable(tx, call.role or "", scope)
    made = service.assign(tx, principal, role, scope, is_denial=is_denial)
    name = service.name_of(tx, made.principal_id)
    return GotAssignment(assignment=_shown_assignment(made, name, {role.role_id: role.name}))


def _assignable(tx: Tx, name_or_id: str, scope: Scope) -> Role:
    """Return a role that may be assigned at the scope.  Raise NotFound; Invalid names the places that the caller knows."""
    with suppress(NotFound):
        return store.named_role([role for role in store.roles(tx) if is_assignable(role, scope)], name_or_id)
    seen = visible.role(tx, name_or_id)
    places = ", ".join(seen.assignable_scopes) or "other places"
    raise Invalid(f"The role '{seen.name}' may be assigned at {places} and below, not at {scope}.")


def _checked(tx: Tx, call: NewRole) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    scopes = tuple(call.assignable_scopes or ["/"])
    for scope in scopes:
        service.require(tx, Action.ROLES_WRITE, parse_scope(scope))
    return (
        check_patterns(call.actions or [], "actions"),
        check_patterns(call.not_actions or [], "not_actions"),
        scopes,
    )


def _principal(tx: Tx, name: str) -> Principal:
    return identity.named(tx, name)


def _id(tx: Tx, name: str) -> int:
    return EVERYBODY if name == service.EVERYBODY_NAME else _principal(tx, name).principal_id


def _shown(role: Role) -> ShownRole:
    return ShownRole(
        role_id=role.role_id,
        name=role.name,
        description=role.description,
        is_custom=role.is_custom,
        actions=list(role.actions),
        not_actions=list(role.not_actions),
        assignable_scopes=list(role.assignable_scopes),
        allowed=_sorted(role.allowed),
    )


def _after(token: str) -> int:
    if not re.fullmatch(r"[0-9]{0,18}", token):
        raise Invalid(f"page_token is {token[:50]!r}; it must be the next_page_token of an earlier answer")
    return int(token or 0)


def _principal_name(made: Assignment, name: str) -> str:
    return service.EVERYBODY_NAME if made.principal_id == EVERYBODY else name


def _shown_assignment(made: Assignment, principal: str, names: dict[str, str]) -> ShownAssignment:
    return ShownAssignment(
        assignment_id=made.assignment_id,
        principal=principal,
        role=names.get(made.role_id, made.role_id),
        role_id=made.role_id,
        scope=str(made.scope),
        is_denial=made.is_denial,
        created_at=made.created_at,
        created_by=made.created_by,
    )


def _sorted(actions: frozenset[Action]) -> list[str]:
    return sorted(str(action) for action in actions if action not in OPEN_ACTIONS)


def _builtins(role: Role) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(role)
    return found

"""Assigns roles and explains rights: combines rights, stores and the audit log."""

from typing import Any

from trackside.access import store
from trackside.access.caller import SignedIn
from trackside.access.delegation import place_of_scope
from trackside.access.evaluation import Grant, explain
from trackside.access.model import Assignment, Role, Scope, is_assignable
from trackside.core.access import Action, Caller, Rights
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Denied, Invalid
from trackside.identity import store as identity
from trackside.identity.model import EVERYBODY, Principal
from trackside.identity.service import record
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import not_found

REFUSED = "Permission denied."
EVERYBODY_NAME = "everybody"


def require(tx: Tx, action: Action, scope: Scope) -> None:
    """Raise Denied unless the caller has the action at the scope, by a role there or at a wider scope."""
    if not is_allowed(tx, tx.caller, action, scope):
        raise Denied(REFUSED)


def is_allowed(tx: Tx, caller: Caller, action: Action, scope: Scope) -> bool:
    if caller.is_admin:
        return True
    allowed = rights(tx, caller, scope)
    found = scope.object
    return action in allowed.everywhere if found is None else allowed.allows(action, found)


def assign(tx: Tx, principal: Principal | None, role: Role, scope: Scope, *, is_denial: bool = False) -> Assignment:
    """Assign a role.  `principal` None: to all signed-in users."""
    require(tx, Action.ROLE_ASSIGNMENTS_WRITE, scope)
    if not is_assignable(role, scope):
        raise Invalid(f"The role '{role.name}' may not be assigned at {scope}.")
    _check_exists(tx, scope)
    name = EVERYBODY_NAME if principal is None else principal.name
    made = store.assign(
        tx, EVERYBODY if principal is None else principal.principal_id, role.role_id, scope, tx.caller.name,
        is_denial=is_denial,
    )  # fmt: skip
    if made is None:
        verb = "denied to" if is_denial else "assigned to"
        raise AlreadyExists(f"The role '{role.name}' is {verb} '{name}' at {scope} already.").because(
            "assigned", role=role.name, name=name
        )
    record(tx, _named("create", is_denial), "assignment", str(made.assignment_id), workspace=scope.workspace,
           principal=name, role=role.name, scope=str(scope))  # fmt: skip
    return made


def unassign(tx: Tx, assignment: Assignment) -> None:
    require(tx, Action.ROLE_ASSIGNMENTS_DELETE, assignment.scope)
    store.remove(tx, assignment.assignment_id)
    record(tx, _named("delete", assignment.is_denial), "assignment", str(assignment.assignment_id),
           workspace=assignment.scope.workspace, principal=name_of(tx, assignment.principal_id),
           role=assignment.role_id, scope=str(assignment.scope))  # fmt: skip


def why(tx: Tx, caller: SignedIn, action: Action, scope: Scope) -> tuple[bool, list[Grant]]:
    """Return whether a principal may do something at a scope, and the deciding assignments."""
    return explain(caller.grants, place_of_scope(tx, scope), action, scope.object, is_admin=caller.principal.is_admin)


def name_of(tx: Tx, principal_id: int) -> str:
    if principal_id == EVERYBODY:
        return EVERYBODY_NAME
    found = identity.find(tx, principal_id)
    return "" if found is None else found.name


def rights(tx: Tx, caller: Caller, scope: Scope) -> Rights:
    at: Any = getattr(caller, "rights_at", None)
    return at(place_of_scope(tx, scope)) if at is not None else caller.rights(None)


def _check_exists(tx: Tx, scope: Scope) -> None:
    """Raise NotFound for a workspace or an object that does not exist, so that a mistyped scope is noticed.

    A subscription or a resource group exists only through its workspaces, so a role may be assigned there first.
    """
    if not scope.workspace:
        return
    workspace = workspaces.find(tx, scope.workspace)
    if workspace is None:
        raise not_found(scope.workspace)
    if scope.object is not None:
        store.check_object(tx.within(workspace.workspace_id), scope.object)


def _named(verb: str, is_denial: bool) -> str:
    return f"{'denial' if is_denial else 'assignment'}.{verb}"

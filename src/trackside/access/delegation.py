"""Checks whether a caller may act on a user or group, or on their behalf: only if the caller could assign all their rights.

Without this rule the right to write users would include every right: a caller could join any group, or set its owner's password.
"""

from typing import TYPE_CHECKING, Any

from trackside.access import store
from trackside.access.model import Place, Scope
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.identity import store as identity
from trackside.identity.model import Principal
from trackside.workspaces import store as workspaces

if TYPE_CHECKING:
    from trackside.access.caller import SignedIn


def may_act_for(tx: Tx, caller: "SignedIn", principal: Principal) -> bool:
    """Return whether the caller may assign roles at each scope where the principal, or one of its groups, has a role or a
    denial."""
    groups = identity.groups_of(tx, principal.principal_id)
    ids = [principal.principal_id, *(group.principal_id for group in groups)]
    scopes = {assignment.scope for assignment in store.of_principals(tx, ids)}
    return all(may_assign(tx, caller, scope) for scope in scopes)


def may_assign(tx: Tx, caller: Any, scope: Scope) -> bool:
    rights = caller.rights_at(place_of_scope(tx, scope))
    found = scope.object
    if found is None:
        return Action.ROLE_ASSIGNMENTS_WRITE in rights.everywhere
    return bool(rights.allows(Action.ROLE_ASSIGNMENTS_WRITE, found))


def place_of_scope(tx: Tx, scope: Scope) -> Place:
    if not scope.workspace:
        return Place(scope.subscription, scope.resource_group)
    found = workspaces.find(tx, scope.workspace)
    if found is None:
        return Place(workspace=scope.workspace)
    return Place(found.subscription_id.lower(), found.resource_group.lower(), found.name)

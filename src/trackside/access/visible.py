"""Which custom roles a caller may see, and at which of their scopes.

The scopes name workspaces, experiments, models and endpoints, which may be hidden from the caller.  Built-in roles are visible to
all.  A custom role is visible to callers who have it, and to callers who know one of its scopes: the whole server, a scope where
they may read roles, or one in which they have an assignment.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import structs

from trackside.access import builtin, service, store
from trackside.access.delegation import place_of_scope
from trackside.access.evaluation import Grant, applies
from trackside.access.model import ROOT, Place, Role, Scope, parse_scope
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.identity import store as identity
from trackside.identity.model import EVERYBODY


def roles(tx: Tx) -> list[Role]:
    """Return the roles that the caller may see, each with the scopes that the caller knows."""
    return [*builtin.ALL, *_custom(tx)]


def role(tx: Tx, name_or_id: str) -> Role:
    """Return one of `roles`.  Raise NotFound, with the same message for a hidden and a missing one."""
    return store.named_role(roles(tx), name_or_id)


def _custom(tx: Tx) -> Iterator[Role]:
    made = store.custom_roles(tx)
    if tx.caller.is_admin or not made:
        yield from made
        return
    own = _assigned(tx)
    grants = _grants(tx)
    places = {place_of_scope(tx, Scope(each.scope.subscription, each.scope.resource_group, each.scope.workspace))
              for each in grants}  # fmt: skip
    for each in made:
        known = tuple(text for text in each.assignable_scopes if _knows(tx, parse_scope(text), grants, places))
        if known or each.role_id in own:
            yield structs.replace(each, assignable_scopes=known)


def _assigned(tx: Tx) -> set[str]:
    """Return the ids of the roles that the caller has."""
    principal_id = tx.caller.principal_id
    if principal_id is None:
        return set()
    groups = (group.principal_id for group in identity.groups_of(tx, principal_id))
    return {each.role_id for each in store.of_principals(tx, [principal_id, *groups, EVERYBODY]) if not each.is_denial}


def _grants(tx: Tx) -> Sequence[Grant]:
    """Return the caller's grants within the bounds of their token."""
    caller: Any = tx.caller
    within = caller.bounds.workspace if caller.is_signed_in else ""
    grants: Sequence[Grant] = getattr(caller, "grants", ())
    return [each for each in grants if not each.is_denial and within in ("", each.scope.workspace)]


def _knows(tx: Tx, scope: Scope, grants: Sequence[Grant], places: set[Place]) -> bool:
    if scope == ROOT or service.is_allowed(tx, tx.caller, Action.ROLES_READ, scope):
        return True
    if scope.object_type:
        return any(each.scope == scope for each in grants)
    return any(applies(scope, place) for place in places if place != Place())

"""Compiles roles and denials to rights.  Pure.

Azure's rules: a role allows its Actions without its NotActions, several roles add up, a role at a wider scope applies to
everything within, and a denial wins over every role.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from trackside.access.model import ANY, Place, Scope
from trackside.core.access import ALL_RIGHTS, OPEN_ACTIONS, Action, Object, Rights

_RUNS = frozenset({Action.RUNS_READ, Action.RUNS_WRITE})
_EXPERIMENTS = frozenset(
    {Action.EXPERIMENTS_READ, Action.EXPERIMENTS_WRITE, Action.EXPERIMENTS_DELETE, Action.EXPERIMENTS_CREATE}
)
_TRACES = frozenset({Action.TRACES_READ, Action.TRACES_WRITE, Action.TRACES_DELETE})
_MODELS = frozenset({Action.MODELS_READ, Action.MODELS_WRITE, Action.MODELS_DELETE, Action.MODELS_CREATE})
_DATASETS = frozenset({Action.DATASETS_READ, Action.DATASETS_WRITE, Action.DATASETS_DELETE})  # of evaluation
_ENDPOINTS = frozenset({
    *(Action.ENDPOINTS_READ, Action.ENDPOINTS_WRITE, Action.ENDPOINTS_DELETE, Action.ENDPOINTS_SCORE),
    Action.ENDPOINTS_KEYS,
})  # fmt: skip
# The actions that concern a type of object; roles for all objects of a type grant no others.
OF_TYPE: dict[str, frozenset[Action]] = {
    "experiment": _EXPERIMENTS | _RUNS | _TRACES | _DATASETS,
    "model": _MODELS,
    "endpoint": _ENDPOINTS,
    "run": _RUNS,
}
_NOT_OF_OBJECTS = frozenset({Action.EXPERIMENTS_CREATE, Action.MODELS_CREATE})
READS = frozenset(action for action in Action if action.endswith("/read")) | OPEN_ACTIONS
NOT_ADMINISTRATION = frozenset(action for action in Action if not action.startswith("Microsoft.Authorization/"))


class Grant(Struct, frozen=True):
    """Actions that are allowed, or denied, at a scope.  `reason` names the assignment."""

    scope: Scope
    actions: frozenset[Action]
    is_denial: bool = False
    reason: str = ""


class Bounds(Struct, frozen=True):
    """The limits of a token: actions and place."""

    actions: frozenset[Action] = frozenset(Action)
    workspace: str = ""
    experiment: str = ""

    @property
    def is_all(self) -> bool:
        return self == NO_BOUNDS


NO_BOUNDS = Bounds()
NOTHING = Bounds(frozenset())  # beyond those of every signed-in user


def compile_rights(
    grants: Iterable[Grant], place: Place, *, is_admin: bool = False, bounds: Bounds = NO_BOUNDS
) -> Rights:
    """Return the rights that the grants give at a location."""
    if bounds.workspace and bounds.workspace != place.workspace:
        return Rights(OPEN_ACTIONS)
    if is_admin:
        return _bounded(ALL_RIGHTS, bounds)
    allowed: set[Action] = set()
    denied: set[Action] = set()
    by_object: dict[Object, tuple[set[Action], set[Action]]] = {}
    for grant in grants:
        if not applies(grant.scope, place):
            continue
        found = grant.scope.object
        if found is not None:
            actions = (grant.actions & _of_object(found.kind)) - _NOT_OF_OBJECTS
            entry = by_object.setdefault(found, (set(), set()))
            entry[grant.is_denial].update(actions)
        else:
            (denied if grant.is_denial else allowed).update(_of_scope(grant))
    everywhere = frozenset(allowed - denied) | OPEN_ACTIONS
    objects = {
        found: frozenset((allowed | own) - denied - own_denied) | OPEN_ACTIONS
        for found, (own, own_denied) in by_object.items()
    }
    return _bounded(Rights(everywhere, _differing(everywhere, objects), objects), bounds)


def applies(scope: Scope, place: Place) -> bool:
    """Return whether the scope contains the location, or an object in it."""
    if scope.workspace:
        return scope.workspace == place.workspace
    return scope.subscription in ("", place.subscription.lower()) and scope.resource_group in (
        "",
        place.resource_group.lower(),
    )


def explain(
    grants: Sequence[Grant], place: Place, action: Action, found: Object | None, *, is_admin: bool
) -> tuple[bool, list[Grant]]:
    """Return whether the action is allowed, and the deciding grants: denials if there are any, otherwise those that allow
    it."""
    if is_admin:
        return True, []
    concerning = [
        grant
        for grant in grants
        if applies(grant.scope, place)
        and (grant.scope.object in (None, found))
        and action
        in (_of_scope(grant) if grant.scope.object is None else grant.actions & _of_object(grant.scope.object.kind))
        and not (grant.scope.object is not None and action in _NOT_OF_OBJECTS)
    ]
    denials = [grant for grant in concerning if grant.is_denial]
    return (False, denials) if denials else (bool(concerning), concerning)


def _of_scope(grant: Grant) -> frozenset[Action]:
    if not grant.scope.object_type:
        return grant.actions
    assert grant.scope.object_id == ANY
    return grant.actions & OF_TYPE.get(grant.scope.object_type, frozenset())


def _of_object(kind: str) -> frozenset[Action]:
    return OF_TYPE.get(kind, frozenset()) | _ASSIGNMENTS


_ASSIGNMENTS = frozenset({
    Action.ROLE_ASSIGNMENTS_READ, Action.ROLE_ASSIGNMENTS_WRITE, Action.ROLE_ASSIGNMENTS_DELETE
})  # fmt: skip


def _bounded(rights: Rights, bounds: Bounds) -> Rights:
    if bounds == NO_BOUNDS:
        return rights
    most = bounds.actions | OPEN_ACTIONS
    everywhere = rights.everywhere & most
    objects = {found: allowed & most for found, allowed in rights.objects.items()}
    if bounds.experiment:
        only = Object("experiment", bounds.experiment)
        objects = {only: (objects.get(only, everywhere) & OF_TYPE["experiment"]) | OPEN_ACTIONS}
        everywhere = OPEN_ACTIONS
    return Rights(everywhere, _differing(everywhere, objects), objects)


def _differing(everywhere: frozenset[Action], objects: dict[Object, frozenset[Action]]) -> frozenset[Action]:
    """Return the actions that some objects allow and others do not."""
    found: frozenset[Action] = frozenset()
    for object_, allowed in objects.items():
        found |= (allowed ^ everywhere) & _of_object(object_.kind)
    return found

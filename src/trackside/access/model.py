"""Roles, scopes and assignments, in Azure's forms.  Contains no SQL and no evaluation of rights."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from trackside.core.access import OPEN_ACTIONS, Action, Object, experiment_named
from trackside.core.errors import Invalid

ANY = "*"
OBJECT_SEGMENTS = {"experiments": "experiment", "models": "model", "onlineEndpoints": "endpoint"}
_PROVIDER = "providers/Microsoft.MachineLearningServices/workspaces"
_SCOPE = re.compile(
    r"(?:/subscriptions/(?P<subscription>[^/]+)"
    r"(?:/resourceGroups/(?P<group>[^/]+)"
    rf"(?:/{_PROVIDER}/(?P<workspace>[^/]+)(?P<object>/.*)?)?)?)?/?",
    re.IGNORECASE | re.DOTALL,
)
_SHORT = re.compile(r"/?ws/(?P<workspace>[^/]+)(?P<object>/.*)?", re.DOTALL)
SHOWN_ACTIONS = 3  # of those that a text may mean
MAX_PATTERNS = 200
MAX_PATTERN_CHARS = 300
# To create needs no right to change what others created, and the right to change includes it.
IMPLIED = {Action.EXPERIMENTS_WRITE: Action.EXPERIMENTS_CREATE, Action.MODELS_WRITE: Action.MODELS_CREATE}
# The older names of actions on endpoints: those of web services on ACI and AKS.
_SERVICES = "Microsoft.MachineLearningServices/workspaces/services/"
OLDER: dict[Action, tuple[str, ...]] = {
    Action.ENDPOINTS_READ: (f"{_SERVICES}aci/read", f"{_SERVICES}aks/read"),
    Action.ENDPOINTS_WRITE: (f"{_SERVICES}aci/write", f"{_SERVICES}aks/write"),
    Action.ENDPOINTS_DELETE: (f"{_SERVICES}aci/delete", f"{_SERVICES}aks/delete"),
    Action.ENDPOINTS_SCORE: (f"{_SERVICES}aks/score/action",),
    Action.ENDPOINTS_KEYS: (f"{_SERVICES}aci/listKeys/action", f"{_SERVICES}aks/listKeys/action"),
}


class Scope(Struct, frozen=True):
    """The scope of an assignment.  An empty field does not restrict it.  A workspace's name is unique and needs no subscription.

    `object_id` may be `*`: all objects of the type."""

    subscription: str = ""
    resource_group: str = ""
    workspace: str = ""
    object_type: str = ""
    object_id: str = ""

    @property
    def object(self) -> Object | None:
        """Return the object; None for a scope that is not a single object."""
        return Object(self.object_type, self.object_id) if self.object_type and self.object_id != ANY else None

    def __str__(self) -> str:
        if self.workspace:
            of_type = {kind: segment for segment, kind in OBJECT_SEGMENTS.items()}
            below = f"/{of_type.get(self.object_type, self.object_type)}/{self.object_id}" if self.object_type else ""
            return f"/ws/{self.workspace}{below}"
        group = f"/resourceGroups/{self.resource_group}" if self.resource_group else ""
        return f"/subscriptions/{self.subscription}{group}" if self.subscription else "/"


class Place(Struct, frozen=True):
    """The target of a call: a workspace, a resource group in which a workspace is created, or (all fields empty) the server."""

    subscription: str = ""
    resource_group: str = ""
    workspace: str = ""


SERVER = Place()
ROOT = Scope()


class Role(Struct, frozen=True):
    role_id: str
    name: str
    description: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    assignable_scopes: tuple[str, ...] = ("/",)
    is_custom: bool = False

    @property
    def allowed(self) -> frozenset[Action]:
        return expand(self.actions, self.not_actions)


class Assignment(Struct, frozen=True):
    """A role of a principal at a scope, or a denial there of what the role allows."""

    assignment_id: int
    principal_id: int
    role_id: str
    scope: Scope
    is_denial: bool
    created_at: int  # ms
    created_by: str


@lru_cache(maxsize=1024)
def expand(actions: tuple[str, ...], not_actions: tuple[str, ...] = ()) -> frozenset[Action]:
    """Return the actions that the patterns match, without those of `not_actions`."""
    found = {
        action
        for action in Action
        if action not in OPEN_ACTIONS and _matches(action, actions) and not _matches(action, not_actions)
    }
    found |= {implied for action, implied in IMPLIED.items() if action in found and not _matches(implied, not_actions)}
    return frozenset(found)


def find_action(text: str) -> Action:
    """Return the action of a full name or of its unambiguous ending, such as `runs/write`.  Raise Invalid."""
    lowered = text.lower().strip("/")
    for action in Action:
        if action.lower() == lowered and action not in OPEN_ACTIONS:
            return action
    older = [
        action for action, names in OLDER.items() if any(f"/{name}".lower().endswith(f"/{lowered}") for name in names)
    ]
    found = [action for action in Action if action.lower().endswith(f"/{lowered}")] or older
    if len(found) > 1:  # workspaces/read is a suffix of no other action, but read is a suffix of many
        shortest = min(len(action) for action in found)
        found = [action for action in found if len(action) == shortest] if "/" in lowered else found
    if len(found) == 1 and found[0] not in OPEN_ACTIONS:
        return found[0]
    raise Invalid(
        f"action is {text[:100]!r}; it must be an action or its unambiguous ending, such as {_like(lowered, found)};"
        " `trackside role list --json` lists the actions of each role"
    )


def _like(text: str, found: Sequence[Action]) -> str:
    """Return the actions whose ends are most similar to a text."""
    from difflib import SequenceMatcher  # noqa: PLC0415  # only for mistakes

    wanted = text.replace(".", "/")
    parts = wanted.count("/") + 1

    def dissimilarity(action: Action) -> tuple[float, str]:
        end = "/".join(action.lower().split("/")[-parts:])
        return -SequenceMatcher(None, end, wanted).ratio(), action

    known = [action for action in found or Action if action not in OPEN_ACTIONS]
    return ", ".join(sorted(known, key=dissimilarity)[:SHOWN_ACTIONS])


def parse_scope(text: str) -> Scope:
    """Return the scope of a text.  Raise Invalid.

    The text is `/`, Azure's path of a subscription, resource group or workspace, or `/ws/NAME`, optionally followed by
    `/experiments/ID`, `/models/NAME` or `/onlineEndpoints/NAME`."""
    match = _SHORT.fullmatch(text) or _SCOPE.fullmatch(text)
    if match is None:
        raise Invalid(
            f"scope is {text[:200]!r}; it must be /, /subscriptions/ID, /subscriptions/ID/resourceGroups/NAME, the path of a"
            " workspace, or /ws/NAME; with /experiments/ID, /models/NAME or /onlineEndpoints/NAME after a workspace"
        )
    found = match.groupdict()
    if found["workspace"]:
        kind, object_id = _object(found["object"] or "", text)
        return Scope(workspace=found["workspace"], object_type=kind, object_id=object_id)
    return Scope(
        subscription=(found.get("subscription") or "").lower(), resource_group=(found.get("group") or "").lower()
    )


def check_patterns(patterns: Iterable[str], field: str) -> tuple[str, ...]:
    """Return the patterns.  Patterns of unknown actions are kept, because a role may come from Azure.  Raise Invalid."""
    checked = tuple(patterns)
    if len(checked) > MAX_PATTERNS:
        raise Invalid(f"{field} has {len(checked)} entries; it may have {MAX_PATTERNS}")
    for pattern in checked:
        if not re.fullmatch(r"[A-Za-z0-9*._/-]+", pattern) or len(pattern) > MAX_PATTERN_CHARS:
            raise Invalid(
                f"{field} has {pattern[:100]!r}; an action is a path such as"
                f" {Action.RUNS_WRITE}, with * for any part of it"
            )
    return checked


def is_assignable(role: Role, scope: Scope) -> bool:
    """Return whether a custom role may be assigned at a scope: at its assignable scopes and below them."""
    return any(_contains(parse_scope(text), scope) for text in role.assignable_scopes)


def _contains(outer: Scope, inner: Scope) -> bool:
    if outer.object_type:
        return outer == inner
    if outer.workspace:
        return outer.workspace == inner.workspace
    if inner.workspace:
        return not outer.subscription  # of a workspace only its name is known here
    return outer.subscription in ("", inner.subscription) and outer.resource_group in ("", inner.resource_group)


def _object(path: str, text: str) -> tuple[str, str]:
    if not path.strip("/"):
        return "", ""
    _, segment, object_id = path.split("/", 2) if path.count("/") > 1 else ("", "", "")
    kind = next((kind for name, kind in OBJECT_SEGMENTS.items() if name.lower() == segment.lower()), None)
    if kind is None or not object_id or (kind == "experiment" and not re.fullmatch(r"[0-9]{1,19}|\*", object_id)):
        raise Invalid(
            f"scope is {text[:200]!r}; after a workspace it may have /experiments/ID, /models/NAME or /onlineEndpoints/NAME"
        )
    return kind, experiment_named(object_id).id if kind == "experiment" else object_id


def unknown(patterns: Iterable[str]) -> list[str]:
    """Return the patterns that match no action of this server."""
    return [pattern for pattern in patterns if not expand((pattern,))]


def _matches(action: Action, patterns: tuple[str, ...]) -> bool:
    """Return whether a pattern names the action, or one of its older names."""
    names = (action, *OLDER.get(action, ()))
    return any(_pattern(pattern).fullmatch(name) is not None for pattern in patterns for name in names)


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", text))), re.IGNORECASE | re.DOTALL)

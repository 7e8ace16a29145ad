"""Actions, and the rights of a caller as routes and stores use them.  Depends on no role and no user.

A route names one action (`needs=Action.RUNS_WRITE`).  Azure's documentation lists the actions of MLflow's calls
("Manage access to an Azure Machine Learning workspace"); the actions of Trackside's own calls follow the same pattern.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import Struct

_ML = "Microsoft.MachineLearningServices/workspaces/"
_AUTHORIZATION = "Microsoft.Authorization/"


class Action(StrEnum):
    """One kind of access to an object, by the name that roles use."""

    ANYONE = "anyone"  # needs no sign-in; no role has it
    SIGNED_IN = "signed-in"  # every signed-in user has it on their own objects; no role has it

    WORKSPACES_READ = f"{_ML}read"
    WORKSPACES_WRITE = f"{_ML}write"
    WORKSPACES_DELETE = f"{_ML}delete"
    EXPERIMENTS_READ = f"{_ML}experiments/read"
    EXPERIMENTS_WRITE = f"{_ML}experiments/write"
    EXPERIMENTS_CREATE = f"{_ML}experiments/create/action"  # experiments/write includes it
    EXPERIMENTS_DELETE = f"{_ML}experiments/delete"
    RUNS_READ = f"{_ML}experiments/runs/read"
    RUNS_WRITE = f"{_ML}experiments/runs/write"
    TRACES_READ = f"{_ML}experiments/traces/read"
    TRACES_WRITE = f"{_ML}experiments/traces/write"
    TRACES_DELETE = f"{_ML}experiments/traces/delete"
    MODELS_READ = f"{_ML}models/read"
    MODELS_WRITE = f"{_ML}models/write"
    MODELS_CREATE = f"{_ML}models/create/action"  # models/write includes it
    MODELS_DELETE = f"{_ML}models/delete"
    MODELS_APPROVE = f"{_ML}models/approve/action"  # decide requests for a stage
    REGISTRY_WRITE = f"{_ML}registry/write"  # the stages of a workspace
    DATASETS_READ = f"{_ML}datasets/registered/read"
    DATASETS_WRITE = f"{_ML}datasets/registered/write"
    DATASETS_DELETE = f"{_ML}datasets/registered/delete"
    CHANGES_READ = f"{_ML}changes/read"  # the change log
    LINKS_READ = f"{_ML}links/read"
    LINKS_WRITE = f"{_ML}links/write"
    LINKS_DELETE = f"{_ML}links/delete"
    SYNC_READ = f"{_ML}sync/read"  # read access of a link's remote server: a whole workspace
    SYNC_WRITE = f"{_ML}sync/write"
    WEBHOOKS_READ = f"{_ML}webhooks/read"
    WEBHOOKS_WRITE = f"{_ML}webhooks/write"
    WEBHOOKS_DELETE = f"{_ML}webhooks/delete"
    JOBS_READ = f"{_ML}jobs/read"
    JOBS_WRITE = f"{_ML}jobs/write"
    JOBS_DELETE = f"{_ML}jobs/delete"
    MONITORS_READ = f"{_ML}datadriftdetectors/read"
    MONITORS_WRITE = f"{_ML}datadriftdetectors/write"
    MONITORS_DELETE = f"{_ML}datadriftdetectors/delete"
    ENDPOINTS_READ = f"{_ML}onlineEndpoints/read"
    ENDPOINTS_WRITE = f"{_ML}onlineEndpoints/write"
    ENDPOINTS_DELETE = f"{_ML}onlineEndpoints/delete"
    ENDPOINTS_SCORE = f"{_ML}onlineEndpoints/score/action"
    ENDPOINTS_REQUESTS = f"{_ML}onlineEndpoints/readRequests/action"  # rows that callers sent, with predictions
    ENDPOINTS_KEYS = f"{_ML}onlineEndpoints/listKeys/action"  # show and regenerate the keys of an endpoint

    ROLE_ASSIGNMENTS_READ = f"{_AUTHORIZATION}roleAssignments/read"
    ROLE_ASSIGNMENTS_WRITE = f"{_AUTHORIZATION}roleAssignments/write"
    ROLE_ASSIGNMENTS_DELETE = f"{_AUTHORIZATION}roleAssignments/delete"
    ROLES_READ = f"{_AUTHORIZATION}roleDefinitions/read"
    ROLES_WRITE = f"{_AUTHORIZATION}roleDefinitions/write"
    ROLES_DELETE = f"{_AUTHORIZATION}roleDefinitions/delete"
    USERS_READ = f"{_AUTHORIZATION}users/read"
    USERS_WRITE = f"{_AUTHORIZATION}users/write"
    USERS_DELETE = f"{_AUTHORIZATION}users/delete"
    PROVISION = f"{_AUTHORIZATION}provisioning/action"  # the calls of SCIM, for directories
    HOLDS_READ = f"{_AUTHORIZATION}locks/read"  # legal holds; Azure's name for objects that prevent deletion
    HOLDS_WRITE = f"{_AUTHORIZATION}locks/write"
    HOLDS_DELETE = f"{_AUTHORIZATION}locks/delete"
    AUDIT_READ = f"{_AUTHORIZATION}auditLog/query/action"
    SETTINGS_READ = f"{_AUTHORIZATION}serverSettings/read"
    SETTINGS_WRITE = f"{_AUTHORIZATION}serverSettings/write"
    METRICS_READ = "Microsoft.Insights/metrics/query/action"  # of the whole server: names and counts of every workspace
    QUOTAS_READ = f"{_ML}quotas/read"
    QUOTAS_WRITE = "Microsoft.MachineLearningServices/locations/updateQuotas/action"
    SERVER_OPERATE = f"{_AUTHORIZATION}server/operate/action"  # clean-up, backup, health in detail


MUST_CHANGE = (
    "Permission denied: your password is a one-time password. Change it first, in the web UI or by `trackside login`."
)
OPEN_ACTIONS = frozenset({Action.ANYONE, Action.SIGNED_IN})
# Calls that reach every object of a workspace also need these actions on all of them: a denial of a part closes the calls.
INCLUDED: Mapping[Action, tuple[Action, ...]] = {
    Action.SYNC_READ: (
        *(Action.EXPERIMENTS_READ, Action.RUNS_READ, Action.TRACES_READ, Action.MODELS_READ, Action.DATASETS_READ),
    ),
    Action.SYNC_WRITE: (
        *(Action.EXPERIMENTS_WRITE, Action.RUNS_WRITE, Action.TRACES_WRITE, Action.MODELS_WRITE, Action.DATASETS_WRITE),
        *(Action.EXPERIMENTS_DELETE, Action.TRACES_DELETE, Action.MODELS_DELETE, Action.DATASETS_DELETE),
    ),
}
EVERY_ACTION = frozenset(Action)


class Object(NamedTuple):
    """An object on which rights may be given: an experiment, a model or an endpoint."""

    kind: str  # "experiment", "model", "endpoint"
    id: str


_INTEGER = re.compile(r"-?[0-9]{1,19}")


def experiment_named(given: str) -> Object:
    """Return the experiment of an id as the caller wrote it: `007` denotes the experiment `7`, and `-0` the experiment `0`."""
    return Object("experiment", str(int(given)) if _INTEGER.fullmatch(given) else given)


class Reference(NamedTuple):
    """The target of a call: an object, a part of one object ("run", "logged_model", "artifact") or of several
    ("evaluation_dataset"), or the whole workspace.

    `needs` is set if the call needs another action on it than on the rest."""

    kind: str
    id: str
    needs: Action | None = None

    @property
    def is_fixed(self) -> bool:
        """Return whether its object may be cached: a move to another object must call `identity.store.touch`."""
        return self.kind in ("run", "logged_model")


class Limit(NamedTuple):
    """The objects of a kind that a caller may read: only these, or all except these."""

    ids: tuple[str, ...]
    is_only: bool


class Rights(Struct, frozen=True):
    """The rights of a caller in one workspace, compiled from roles and denials by `access.evaluation`.

    `everywhere` are the actions on each object that `objects` does not name; `some` are the actions that differ by object."""

    everywhere: frozenset[Action]
    some: frozenset[Action] = frozenset()
    objects: Mapping[Object, frozenset[Action]] = {}

    @property
    def is_any(self) -> bool:
        """Return whether the caller has any right; a workspace without one is hidden from the caller."""
        return any(allowed - OPEN_ACTIONS for allowed in (self.everywhere, *self.objects.values()))

    def allows(self, action: Action, found: Object) -> bool:
        return action in self.objects.get(found, self.everywhere)

    def missing(self, actions: Iterable[Action]) -> list[Action]:
        """Return those of the actions that the caller does not have on every object of the workspace."""
        return [action for action in actions if action not in self.everywhere or action in self.some]

    def limit(self, kind: str, action: Action) -> Limit | None:
        """Return which objects of a kind the caller may read; None if nothing is hidden."""
        is_only = action not in self.everywhere
        if not is_only and action not in self.some:
            return None
        ids = [
            each.id for each, allowed in self.objects.items() if each.kind == kind and (action in allowed) is is_only
        ]
        return Limit(tuple(sorted(ids)), is_only) if ids or is_only else None


ALL_RIGHTS = Rights(EVERY_ACTION)


class Caller:
    """The caller, in the form that routes and stores use."""

    __slots__ = ()

    name = ""  # for the history; empty: not signed in
    credential = ""  # a description of the credential
    must_change_password = False  # the caller used a one-time password, which allows nothing but a new password
    audit: Any = None  # records the caller's changes in the audit log

    @property
    def principal_id(self) -> int | None:
        return None

    @property
    def is_admin(self) -> bool:
        """Return whether the caller may do everything, as everybody may while there are no users."""
        return True

    @property
    def is_signed_in(self) -> bool:
        return False

    def may_act_for(self, tx: Any, principal: Any) -> bool:
        """Return whether the caller may change a user or a group, or create credentials for it."""
        del tx, principal
        return self.is_admin

    def rights(self, workspace: Any) -> Rights:
        """Return the rights in a workspace, or (None) on the server as a whole."""
        del workspace
        return ALL_RIGHTS

    def rights_in(self, subscription: str, resource_group: str) -> Rights:
        """Return the rights in a resource group, where workspaces are created."""
        del subscription, resource_group
        return self.rights(None)


# Returns why the principal lacks an action on the whole workspace now; empty if it has all. For links and webhooks.
WhyNot = Callable[[int | None, int, Iterable[Action]], str]


def never(principal_id: int | None, ws: int, actions: Iterable[Action]) -> str:
    """Return an empty reason: a store without users refuses nothing."""
    del principal_id, ws, actions
    return ""


class MissingWorkspace(Struct, frozen=True):
    """A placeholder for a workspace that does not exist, for routes that need no sign-in.

    Their handlers decide which callers get `fault`.  No workspace has its id."""

    fault: Exception
    workspace_id: int = -1
    name: str = ""
    subscription_id: str = ""
    resource_group: str = ""


OPEN = Caller()  # every caller, while the server has no users


class Visit(Struct, frozen=True):
    """The caller of one call, with their rights in the workspace of the call.  `user` is the name that the history shows."""

    caller: Caller
    rights: Rights
    must_look: bool  # the rights differ by object: what the call names must be located
    user: str
    source: Callable[[], Any] | None = None  # returns the origin of the call, for the audit log


OPEN_VISIT = Visit(OPEN, ALL_RIGHTS, must_look=False, user="")

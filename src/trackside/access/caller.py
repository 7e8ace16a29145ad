"""A signed-in caller, with the rights of their roles.  Holds no credential."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from trackside.access import builtin, delegation
from trackside.access.audited_changes import record_changes
from trackside.access.builtin import READER
from trackside.access.evaluation import (
    NO_BOUNDS,
    NOT_ADMINISTRATION,
    NOTHING,
    READS,
    Bounds,
    Grant,
    compile_rights,
)
from trackside.access.model import ROOT, SERVER, Assignment, Place, Role, Scope
from trackside.core.access import Action, Caller, Rights, experiment_named
from trackside.identity.model import Principal, Token, TokenScope


class SignedIn(Caller):
    """A signed-in caller.  `until` is when the credential ends (ms).  Rights are compiled when a workspace is first used."""

    __slots__ = (
        "_rights",
        "bounds",
        "credential",
        "grants",
        "must_change_password",
        "name",
        "principal",
        "session_id",
        "token_id",
        "until",
    )

    def __init__(
        self,
        principal: Principal,
        grants: Sequence[Grant],
        credential: str,
        *,
        bounds: Bounds = NO_BOUNDS,
        until: int = 2**62,
        token_id: int = 0,
        session_id: int = 0,
        must_change_password: bool = False,
    ) -> None:
        self.principal = principal
        self.name = principal.name
        self.grants = grants
        self.credential = credential  # for the audit log: "password", "token ci (tsp_1234)", "session 7"
        self.bounds = bounds
        self.until = until
        self.token_id = token_id
        self.session_id = session_id
        self.must_change_password = must_change_password
        self._rights: dict[int, Rights] = {}

    @property
    def audit(self) -> Any:
        return record_changes

    @property
    def is_signed_in(self) -> bool:
        return True

    @property
    def is_admin(self) -> bool:
        return self.principal.is_admin and self.bounds == NO_BOUNDS

    @property
    def principal_id(self) -> int | None:
        return self.principal.principal_id

    def may_act_for(self, tx: Any, principal: Principal) -> bool:
        """Return whether the caller may act for a principal.

        Administrators may for all.  Directories (SCIM) may for all but administrators, other callers by `delegation`."""
        if self.is_admin or principal.is_admin:
            return self.is_admin
        return Action.PROVISION in self.rights(None).everywhere or delegation.may_act_for(tx, self, principal)

    def rights(self, workspace: Any) -> Rights:
        key = 0 if workspace is None else workspace.workspace_id
        found = self._rights.get(key)
        if found is None:
            found = self._rights[key] = self.rights_at(place_of(workspace))
        return found

    def rights_in(self, subscription: str, resource_group: str) -> Rights:
        return self.rights_at(Place(subscription.lower(), resource_group.lower()))

    def rights_at(self, place: Place) -> Rights:
        return compile_rights(self.grants, place, is_admin=self.principal.is_admin, bounds=self.bounds)


class Anonymous(Caller):
    """A caller without a credential, on a server with `--anonymous-read`."""

    __slots__ = ("_rights",)

    def __init__(self) -> None:
        self._rights = compile_rights([Grant(ROOT, READER.allowed - _PRIVATE)], SERVER)

    @property
    def is_admin(self) -> bool:
        return False

    def rights(self, workspace: Any) -> Rights:
        del workspace
        return self._rights


_BOUNDS = {TokenScope.READ: READS, TokenScope.WRITE: NOT_ADMINISTRATION, TokenScope.ADMIN: frozenset(Action),
           TokenScope.SCIM: frozenset({Action.PROVISION})}  # fmt: skip
_PRIVATE = frozenset(action for action in READER.allowed if action.startswith("Microsoft.Authorization/"))


def place_of(workspace: Any) -> Place:
    if workspace is None:
        return SERVER
    return Place(workspace.subscription_id.lower(), workspace.resource_group.lower(), workspace.name)


def new_password_only(principal: Principal, credential: str, until: int, session_id: int = 0) -> SignedIn:
    """Return a caller who used a one-time password, and who may only set another password."""
    return SignedIn(
        principal, (), credential, bounds=NOTHING, until=until, session_id=session_id, must_change_password=True
    )


def granted(each: Assignment, role: Role, reason: str) -> Grant:
    """Return the grant of an assignment.  MLflow's levels on a workspace become wider roles, and its prompts are models."""
    scope, actions = each.scope, role.allowed
    if scope.object_type == "workspace":
        actions = builtin.OWNER.allowed if role is builtin.MANAGE else builtin.CREATOR.allowed
        scope = Scope(workspace=scope.workspace)
    elif scope.object_type == "prompt":
        scope = structs.replace(scope, object_type="model")
    return Grant(scope, actions, each.is_denial, reason)


def bounds_of(token: Token) -> Bounds:
    workspace, _, experiment_id = token.place.partition("/")
    return Bounds(_BOUNDS[token.scope], workspace, experiment_named(experiment_id).id)

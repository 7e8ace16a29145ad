"""The calls about MLflow's users and their direct permissions."""

from dataclasses import dataclass

from trackside.access import service, store
from trackside.access.gate import Gate
from trackside.access.mlflow_auth import model as m
from trackside.access.mlflow_auth import roles
from trackside.access.model import ANY, Assignment, Scope
from trackside.core.access import Action, Object, Rights
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Denied, Invalid, NotFound, Unauthenticated
from trackside.core.http.codec import Call
from trackside.core.http.streams import Request, Response
from trackside.identity import routes as identity_routes
from trackside.identity import service as people
from trackside.identity import store as identity
from trackside.identity.model import Kind, Principal
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import DEFAULT

_PEOPLE = (Kind.USER, Kind.SERVICE)
_JSON = [(b"content-type", b"application/json")]


@dataclass(frozen=True)
class Calls:
    gate: Gate
    default_level: str

    async def update_password(self, request: Request) -> Response:
        """Change the caller's password with the current one; administrators change those of others."""
        call = await identity_routes.decoded(request, m.SetPassword)
        caller, name = request.visit.caller, call.username or ""
        if name != caller.name and not caller.is_admin:
            raise Denied(service.REFUSED)
        if name == caller.name:
            if not call.current_password:
                raise Invalid("Current password is required")
            source = self.gate.source("PATCH users/update-password", request.scope)
            try:
                await request.in_thread(self.gate.check_password, name, call.current_password, source)
            except Unauthenticated:
                raise Invalid("Current password does not match") from None
            identity_routes.check_other(call.password, call.current_password)
        new = await request.in_thread(identity.make_hash, call.password, name)
        await request.write(lambda tx: people.set_password(tx, identity.named(tx, name, *_PEOPLE), new or ""))
        return Response(200, _JSON, b"{}")

    def get_permission(self, tx: Tx, call: m.Permission) -> m.Resolved:
        """Return a user's permission on a resource, as one of MLflow's levels."""
        workspace = workspaces.current(tx)
        if call.username != tx.caller.name and not roles.administers(tx, tx.caller, workspace.name):
            raise Denied(service.REFUSED)
        kind = call.resource_type or ""
        if kind == "prompt" or (kind in m.WHOLE and call.resource_id != ANY):
            raise Invalid(f"The resource type '{kind}' is not supported by the per-user permission lookup.")
        scope = m.scope_of(workspace.name, kind, call.resource_id)
        user = identity.named(tx, call.username or "", *_PEOPLE)
        level = self._resolved(tx, user, scope)
        if level != m.DENY and scope.object_type in _VERBS:
            rights = self.gate.caller_of(tx, user, "").rights(workspace)
            level = max(level, _level(rights, scope), key=m.ORDER.__getitem__)
        return m.Resolved(allowed=m.ORDER[level] >= m.ORDER[m.USE], permission=level)

    def _resolved(self, tx: Tx, user: Principal, scope: Scope) -> str:
        if user.is_admin:
            return m.MANAGE
        held = [each for each, _ in _held(tx, user) if each.scope.workspace == scope.workspace]
        if any(each.scope.object_type == "workspace" and m.level_of(each) == m.MANAGE for each in held):
            return m.MANAGE
        levels = [
            m.level_of(each) or m.NONE
            for each in held
            if each.scope.object_type == scope.object_type and each.scope.object_id in (ANY, scope.object_id)
        ]
        if m.DENY in levels:
            return m.DENY
        return max([*levels, self.default_level], key=m.ORDER.__getitem__)


_VERBS = {
    "experiment": (Action.EXPERIMENTS_READ, Action.EXPERIMENTS_WRITE, Action.EXPERIMENTS_DELETE),
    "model": (Action.MODELS_READ, Action.MODELS_WRITE, Action.MODELS_DELETE),
}


def _level(rights: Rights, scope: Scope) -> str:
    """The level that rights by other roles amount to."""
    read, write, delete = _VERBS[scope.object_type]
    allowed = rights.everywhere
    if scope.object_id != ANY:
        allowed = rights.objects.get(Object(scope.object_type, scope.object_id), allowed)
    if delete in allowed:
        return m.MANAGE
    return m.EDIT if write in allowed else m.READ if read in allowed else m.NONE


def create(tx: Tx, given: identity_routes.Hashed) -> m.GotUser:
    if not _may_write_users(tx):
        raise Denied(service.REFUSED)
    made = people.create_user(tx, given.call.name, password_hash=given.password_hash)
    return m.GotUser(user=_with_permissions(tx, made))


def hashed(call: m.NewUser) -> identity_routes.Hashed:
    if not call.username or not call.password:
        raise Invalid("Username and password cannot be empty.")
    return identity_routes.hashed(call)


def get(tx: Tx, call: m.OfUser) -> m.GotUser:
    if call.username != tx.caller.name and not _may_read_users(tx):
        raise Denied(service.REFUSED)
    return m.GotUser(user=_with_permissions(tx, identity.named(tx, call.username or "", *_PEOPLE)))


def list_(tx: Tx, call: Call) -> m.ListedUsers:
    if not _may_read_users(tx) and not roles.administers_any(tx, tx.caller):
        raise Denied(service.REFUSED)
    return m.ListedUsers(
        users=[
            m.ListedUser(
                id=each.principal_id,
                username=each.name,
                is_admin=each.is_admin,
                roles=[
                    roles.shown(tx, role)
                    for role in identity.groups_of(tx, each.principal_id)
                    if role.kind is Kind.ROLE and roles.administers(tx, tx.caller, role.home)
                ],
            )
            for each in identity.page(tx, _PEOPLE)
        ]
    )


def current(tx: Tx, call: Call) -> m.Current:
    return m.Current(user=m.shown_user(_self(tx)), is_basic_auth=True)


def update_admin(tx: Tx, call: m.SetAdmin) -> None:
    if not tx.caller.is_admin:
        raise Denied(service.REFUSED)
    people.set_admin(tx, identity.named(tx, call.username or "", *_PEOPLE), is_admin=bool(call.is_admin))


def delete(tx: Tx, call: m.OfUser) -> None:
    if not tx.caller.is_admin:
        raise Denied(service.REFUSED)
    if call.username == tx.caller.name:
        raise Invalid("You cannot delete your own account.")
    people.delete_user(tx, identity.named(tx, call.username or "", *_PEOPLE))


def current_permissions(tx: Tx, call: Call) -> m.CurrentHeld:
    user = _self(tx)
    return m.CurrentHeld(is_admin=user.is_admin, permissions=[_shown(each, role) for each, role in _held(tx, user)])


def list_permissions(tx: Tx, call: m.OfUser) -> m.AllHeld:
    is_self = call.username == tx.caller.name
    if not is_self and not roles.administers_any(tx, tx.caller):
        raise Denied(service.REFUSED)
    user = identity.named(tx, call.username or "", *_PEOPLE)
    return m.AllHeld(
        permissions=[
            _shown(each, role)
            for each, role in _held(tx, user)
            if is_self or roles.administers(tx, tx.caller, each.scope.workspace)
        ]
    )


def grant(tx: Tx, call: m.Permission) -> None:
    user, scope = _target(tx, call)
    level = m.check_level(call.permission, call.resource_type or "")
    if _own(tx, user, scope) is not None:
        raise AlreadyExists(
            f"Permission for user={user.name} on resource_type={call.resource_type}, resource_id={call.resource_id}"
            " already exists."
        )
    roles.give(tx, user, level, scope)


def revoke(tx: Tx, call: m.Permission) -> None:
    user, scope = _target(tx, call)
    found = _there(_own(tx, user, scope), call)
    store.remove(tx, found.assignment_id)
    people.record(tx, "assignment.delete", "assignment", str(found.assignment_id), workspace=scope.workspace,
                  principal=user.name, role=m.level_of(found), scope=str(scope))  # fmt: skip


def update(tx: Tx, call: m.Permission) -> None:
    user, scope = _target(tx, call)
    level = m.check_level(call.permission, call.resource_type or "")
    roles.change(tx, _there(_own(tx, user, scope), call), level)


def find(tx: Tx, call: m.Permission) -> str:
    """Return the level that was granted to the user directly."""
    user, scope = _target(tx, call)
    return m.level_of(_there(_own(tx, user, scope), call)) or m.NONE


def _target(tx: Tx, call: m.Permission) -> tuple[Principal, Scope]:
    """Return the user and the scope of a permission, which the caller must manage."""
    workspace = workspaces.name(tx)
    scope = m.scope_of(workspace, call.resource_type, call.resource_id)
    asked = scope if scope.object is not None else Scope(workspace=workspace)
    service.require(tx, Action.ROLE_ASSIGNMENTS_WRITE, asked)
    return identity.named(tx, call.username or "", *_PEOPLE), scope


def _own(tx: Tx, user: Principal, scope: Scope) -> Assignment | None:
    return next((each for each in roles.permissions_of(tx, user.principal_id) if each.scope == scope), None)


def _there(found: Assignment | None, call: m.Permission) -> Assignment:
    if found is None:
        raise NotFound(
            f"Permission for user={call.username} on resource_type={call.resource_type}, resource_id={call.resource_id}"
            " not found."
        )
    return found


def _held(tx: Tx, user: Principal) -> list[tuple[Assignment, Principal]]:
    """Return the user's direct permissions, which MLflow shows as a role with a reserved name, and those of their roles."""
    holders = [user, *(each for each in identity.groups_of(tx, user.principal_id) if each.kind is Kind.ROLE)]
    return [(each, holder) for holder in holders for each in roles.permissions_of(tx, holder.principal_id)]


def _shown(each: Assignment, holder: Principal) -> m.Held:
    permission = m.shown_permission(each)
    is_own = holder.kind is not Kind.ROLE
    return m.Held(
        role_id=holder.principal_id,
        role_name=f"{m.RESERVED}{holder.principal_id}__" if is_own else holder.name,
        workspace=each.scope.workspace,
        resource_type=permission.resource_type,
        resource_pattern=permission.resource_pattern,
        permission=permission.permission,
    )


def _with_permissions(tx: Tx, user: Principal) -> m.UserWithPermissions:
    """Return the user with permissions in the default workspace, the only one that MLflow 2 knows."""
    experiments, models = [], []
    for each in roles.permissions_of(tx, user.principal_id):
        scope, level = each.scope, m.level_of(each)
        if scope.workspace != DEFAULT or scope.object_id == ANY or level is None:
            continue
        if scope.object_type == "experiment":
            experiments.append(m.OldExperiment(scope.object_id, user.principal_id, level))
        elif scope.object_type == "model":
            models.append(m.OldModel(DEFAULT, scope.object_id, user.principal_id, level))
    return m.UserWithPermissions(user.principal_id, user.name, user.is_admin, experiments, models)


def _self(tx: Tx) -> Principal:
    return identity.named(tx, identity_routes.own(tx.caller))


def _may_read_users(tx: Tx) -> bool:
    return tx.caller.is_admin or Action.USERS_READ in tx.caller.rights(None).everywhere


def _may_write_users(tx: Tx) -> bool:
    return tx.caller.is_admin or Action.USERS_WRITE in tx.caller.rights(None).everywhere

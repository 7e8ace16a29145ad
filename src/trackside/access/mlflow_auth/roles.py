"""The calls about MLflow's roles, their permissions and their users."""

from trackside.access import builtin, service, store
from trackside.access.mlflow_auth import model as m
from trackside.access.model import Assignment, Scope
from trackside.core.access import Action, Caller
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Denied, Invalid, NotFound
from trackside.identity import store as identity
from trackside.identity.model import Kind, Principal
from trackside.identity.service import record


def create(tx: Tx, call: m.NewRole) -> m.GotRole:
    name, workspace = call.name or "", call.workspace or ""
    _administer(tx, workspace)
    if name.startswith(m.RESERVED):
        raise Invalid(f"Role names that begin with '{m.RESERVED}' are reserved.")
    try:
        made = identity.create(tx, name, Kind.ROLE, home=workspace, display_name=call.description or "")
    except AlreadyExists:
        raise AlreadyExists(f"Role with name={name} already exists in workspace={workspace}.") from None
    record(tx, "role.create", "role", name, workspace=workspace)
    return m.GotRole(role=shown(tx, made))


def get(tx: Tx, call: m.OfRole) -> m.GotRole:
    found = _find(tx, call.role_id)
    _see(tx, found.home if found else "")
    return m.GotRole(role=shown(tx, _there(found, call.role_id)))


def list_(tx: Tx, call: m.ListRoles) -> m.GotRoles:
    """Return the roles in the named workspaces, or in all of them (administrators only)."""
    if call.workspace:
        for workspace in call.workspace:
            _see(tx, workspace)
    elif not tx.caller.is_admin:
        raise Denied(service.REFUSED)
    roles = identity.page(tx, [Kind.ROLE])
    return m.GotRoles(roles=[shown(tx, each) for each in roles if not call.workspace or each.home in call.workspace])


def update(tx: Tx, call: m.ChangeRole) -> m.GotRole:
    found = _administered(tx, call.role_id)
    if call.name is None and call.description is None:
        raise Invalid("At least one of 'name' or 'description' must be provided.")
    description = found.display_name if call.description is None else call.description
    taken = call.name and any(
        each.home == found.home and each.name == call.name and each.principal_id != found.principal_id
        for each in identity.page(tx, [Kind.ROLE])
    )
    if taken:
        raise AlreadyExists(f"Role with name={call.name} already exists in workspace={found.home}.")
    identity.rename(tx, found, call.name or found.name, description)
    record(tx, "role.update", "role", call.name or found.name, workspace=found.home, before=found.name)
    return m.GotRole(role=shown(tx, identity.get(tx, found.principal_id)))


def delete(tx: Tx, call: m.OfRole) -> None:
    found = _administered(tx, call.role_id)
    identity.delete(tx, found)
    record(tx, "role.delete", "role", found.name, workspace=found.home)


def add_permission(tx: Tx, call: m.NewRolePermission) -> m.GotRolePermission:
    role = _administered(tx, call.role_id)
    scope = m.scope_of(role.home, call.resource_type, call.resource_pattern)
    level = m.check_level(call.permission, call.resource_type or "")
    if any(each.scope == scope for each in permissions_of(tx, role.principal_id)):
        raise AlreadyExists(
            f"Permission for role_id={role.principal_id}, resource_type={call.resource_type}, "
            f"resource_pattern={call.resource_pattern} already exists."
        )
    made = give(tx, role, level, scope)
    return m.GotRolePermission(role_permission=m.shown_permission(made))


def list_permissions(tx: Tx, call: m.OfRole) -> m.GotRolePermissions:
    found = _find(tx, call.role_id)
    _see(tx, found.home if found else "")
    role = _there(found, call.role_id)
    return m.GotRolePermissions(
        role_permissions=[m.shown_permission(each) for each in permissions_of(tx, role.principal_id)]
    )


def update_permission(tx: Tx, call: m.OfRolePermission) -> m.GotRolePermission:
    found, _ = _permission(tx, call.role_permission_id)
    level = m.check_level(call.permission, found.scope.object_type)
    change(tx, found, level)
    return m.GotRolePermission(role_permission=m.shown_permission(store.get(tx, found.assignment_id)))


def remove_permission(tx: Tx, call: m.OfRolePermission) -> None:
    found, role = _permission(tx, call.role_permission_id)
    store.remove(tx, found.assignment_id)
    record(tx, "assignment.delete", "assignment", str(found.assignment_id), workspace=role.home, principal=role.name,
           role=m.level_of(found), scope=str(found.scope))  # fmt: skip


def assign(tx: Tx, call: m.OfAssignment) -> m.GotMembership:
    role = _administered(tx, call.role_id)
    user = identity.named(tx, call.username or "", Kind.USER, Kind.SERVICE)
    made = identity.add_member(tx, role, user)
    if made is None:
        raise AlreadyExists(
            f"User role assignment (user_id={user.principal_id}, role_id={role.principal_id}) already exists"
        )
    record(tx, "group.add", "role", role.name, workspace=role.home, member=user.name)
    return m.GotMembership(assignment=m.ShownMembership(id=made, user_id=user.principal_id, role_id=role.principal_id))


def unassign(tx: Tx, call: m.OfAssignment) -> None:
    role = _administered(tx, call.role_id)
    user = identity.named(tx, call.username or "", Kind.USER, Kind.SERVICE)
    if not identity.remove_member(tx, role, user):
        raise NotFound(f"User role assignment (user_id={user.principal_id}, role_id={role.principal_id}) not found")
    record(tx, "group.remove", "role", role.name, workspace=role.home, member=user.name)


def list_users(tx: Tx, call: m.OfRole) -> m.GotMemberships:
    role = _administered(tx, call.role_id)
    return m.GotMemberships(
        assignments=[
            m.ShownMembership(id=number, user_id=user.principal_id, role_id=role.principal_id)
            for number, user in identity.members(tx, role.principal_id)
        ]
    )


def of_user(tx: Tx, call: m.OfUser) -> m.GotRoles:
    """Return the caller's roles; of another user those in workspaces that the caller administers."""
    is_self = call.username == tx.caller.name
    if not is_self and not administers_any(tx, tx.caller):
        raise Denied(service.REFUSED)
    user = identity.named(tx, call.username or "", Kind.USER, Kind.SERVICE)
    return m.GotRoles(
        roles=[
            shown(tx, each)
            for each in identity.groups_of(tx, user.principal_id)
            if each.kind is Kind.ROLE and (is_self or administers(tx, tx.caller, each.home))
        ]
    )


def shown(tx: Tx, role: Principal) -> m.ShownRole:
    return m.ShownRole(
        id=role.principal_id,
        name=role.name,
        workspace=role.home,
        description=role.display_name or None,
        permissions=[m.shown_permission(each) for each in permissions_of(tx, role.principal_id)],
    )


def permissions_of(tx: Tx, principal_id: int) -> list[Assignment]:
    """Return the assignments that are MLflow's levels on a type."""
    return [
        each
        for each in store.of_principals(tx, [principal_id])
        if each.scope.object_type and m.level_of(each) is not None
    ]


def give(tx: Tx, principal: Principal, level: str, scope: Scope) -> Assignment:
    role = builtin.LEVELS[level]
    made = store.assign(tx, principal.principal_id, role.role_id, scope, tx.caller.name, is_denial=level == m.DENY)
    assert made is not None
    record(tx, "assignment.create", "assignment", str(made.assignment_id), workspace=scope.workspace,
           principal=principal.name, role=role.name, scope=str(scope))  # fmt: skip
    return made


def change(tx: Tx, found: Assignment, level: str) -> None:
    store.set_role(tx, found.assignment_id, builtin.LEVELS[level].role_id, is_denial=level == m.DENY)
    record(tx, "assignment.update", "assignment", str(found.assignment_id), workspace=found.scope.workspace,
           before=m.level_of(found), after=level, scope=str(found.scope))  # fmt: skip


def administers(tx: Tx, caller: Caller, workspace: str) -> bool:
    return service.is_allowed(tx, caller, Action.ROLE_ASSIGNMENTS_WRITE, Scope(workspace=workspace))


def administers_any(tx: Tx, caller: Caller) -> bool:
    homes = {each.home for each in identity.groups_of(tx, caller.principal_id or 0) if each.kind is Kind.ROLE}
    return caller.is_admin or any(administers(tx, caller, home) for home in homes)


def _administer(tx: Tx, workspace: str) -> None:
    if not administers(tx, tx.caller, workspace):
        raise Denied(service.REFUSED)


def _administered(tx: Tx, role_id: int | None) -> Principal:
    found = _find(tx, role_id)
    _administer(tx, found.home if found else "")
    return _there(found, role_id)


def _see(tx: Tx, workspace: str) -> None:
    """A principal with a role in a workspace may see its roles."""
    if administers(tx, tx.caller, workspace):
        return
    own = identity.groups_of(tx, tx.caller.principal_id or 0)
    if not workspace or not any(each.kind is Kind.ROLE and each.home == workspace for each in own):
        raise Denied(service.REFUSED)


def _find(tx: Tx, role_id: int | None) -> Principal | None:
    found = identity.find(tx, role_id or 0)
    return found if found is not None and found.kind is Kind.ROLE else None


def _there(found: Principal | None, role_id: int | None) -> Principal:
    if found is None:
        raise NotFound(f"Role with id={role_id} not found")
    return found


def _permission(tx: Tx, permission_id: int | None) -> tuple[Assignment, Principal]:
    try:
        found = store.get(tx, permission_id or 0)
    except NotFound:
        _administer(tx, "")
        raise NotFound(f"Role permission with id={permission_id} not found") from None
    return found, _administered(tx, found.principal_id)

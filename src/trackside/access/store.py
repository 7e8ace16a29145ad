"""Roles and assignments in SQL."""

import json
import uuid
from collections.abc import Iterable, Sequence

from trackside.access import builtin
from trackside.access.model import ROOT, Assignment, Place, Role, Scope
from trackside.core.access import Object
from trackside.core.db.tx import Row, Tx
from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.identity import store as identity
from trackside.workspaces import store as workspaces

_COLUMNS = """a.assignment_id, a.principal_id, a.role_id, a.subscription, a.resource_group, a.workspace, a.object_type,
    a.object_id, a.is_denial, a.created_at, a.created_by"""
_WITHIN = "a.workspace = :workspace"
_HOLDING = """((a.workspace = '' AND a.subscription IN ('', :around) AND a.resource_group IN ('', :around_group))
    OR (a.workspace <> '' AND a.workspace = :workspace
        AND (a.object_type = '' OR (a.object_type = :type AND a.object_id IN (:id, '*')))))"""
_AT = """a.workspace = :workspace AND a.object_type = :type AND a.object_id = :id AND a.subscription = :subscription
    AND a.resource_group = :group"""

LARGEST_ID = 2**63 - 1
MOST_NAMED = 30  # roles in a message


def custom_roles(tx: Tx) -> list[Role]:
    rows = tx.all("SELECT role_id, name, description, actions, not_actions, assignable_scopes FROM roles ORDER BY name")
    return list(map(_role, rows))


def roles(tx: Tx) -> list[Role]:
    return [*builtin.ALL, *custom_roles(tx)]


def role(tx: Tx, name_or_id: str) -> Role:
    return named_role(roles(tx), name_or_id)


def named_role(known: Iterable[Role], name_or_id: str) -> Role:
    """Return a role of `known` by its name or id.  Raise NotFound, which names some of these."""
    known = list(known)
    for each in known:
        if name_or_id == each.role_id or name_or_id.lower() == each.name.lower():
            return each
    names = ", ".join([each.name for each in known[:MOST_NAMED]])
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    raise NotFound(f"Role '{name_or_id[:200]}' not found. The roles are {names}{more}.").because(
        "missing", kind="role", name=name_or_id
    )


def create_role(
    tx: Tx, name: str, description: str, actions: Sequence[str], not_actions: Sequence[str], scopes: Sequence[str]
) -> Role:
    identity.touch(tx)  # first: changes of roles on several servers take turns
    if any(name.lower() == known.name.lower() for known in roles(tx)):
        raise AlreadyExists(f"Role '{name}' already exists.").because("taken", kind="role", name=name)
    made = Role(str(uuid.uuid4()), name, description, tuple(actions), tuple(not_actions), tuple(scopes), is_custom=True)
    tx.run(
        """
        INSERT INTO roles (role_id, name, description, actions, not_actions, assignable_scopes)
        VALUES (:id, :name, :description, :actions, :not_actions, :scopes)
        """,
        **_values(made),
    )
    return made


def update_role(tx: Tx, changed: Role) -> None:
    identity.touch(tx)
    if any(changed.name.lower() == known.name.lower() and changed.role_id != known.role_id for known in roles(tx)):
        raise AlreadyExists(f"Role '{changed.name}' already exists.").because("taken", kind="role", name=changed.name)
    tx.run(
        """
        UPDATE roles SET name = :name, description = :description, actions = :actions, not_actions = :not_actions,
            assignable_scopes = :scopes
        WHERE role_id = :id
        """,
        **_values(changed),
    )


def delete_role(tx: Tx, role_id: str) -> None:
    identity.touch(tx)
    used = tx.one("SELECT COUNT(*) FROM assignments WHERE role_id = :id", id=role_id)
    if used is not None and used[0]:
        raise Invalid(f"The role is assigned {used[0]} times; remove those assignments first.")
    tx.run("DELETE FROM roles WHERE role_id = :id", id=role_id)


def assign(
    tx: Tx, principal_id: int, role_id: str, scope: Scope, by: str, *, is_denial: bool = False
) -> Assignment | None:
    """Store an assignment.  Return None if it exists.  Raise NotFound for a role that was deleted in the meantime."""
    identity.touch(tx)
    if role_id not in builtin.BY_ID and tx.one("SELECT 1 FROM roles WHERE role_id = :id", id=role_id) is None:
        raise NotFound(f"Role '{role_id}' not found.").because("missing", kind="role", name=role_id)
    made = tx.one(
        """
        INSERT INTO assignments (principal_id, role_id, is_denial, subscription, resource_group, workspace, object_type,
            object_id, created_at, created_by)
        VALUES (:principal, :role, :denial, :subscription, :group, :workspace, :type, :id, :now, :by)
        ON CONFLICT DO NOTHING RETURNING assignment_id
        """,
        principal=principal_id,
        role=role_id,
        denial=int(is_denial),
        by=by,
        **_place(scope),
    )
    return None if made is None else get(tx, made[0])


def get(tx: Tx, assignment_id: int) -> Assignment:
    row = tx.one(f"SELECT {_COLUMNS} FROM assignments a WHERE a.assignment_id = :id", id=assignment_id)
    if row is None:
        raise NotFound(f"Assignment with id={assignment_id} not found")
    return _assignment(row)


def set_role(tx: Tx, assignment_id: int, role_id: str, *, is_denial: bool) -> None:
    tx.run(
        "UPDATE assignments SET role_id = :role, is_denial = :denial WHERE assignment_id = :id",
        role=role_id,
        denial=int(is_denial),
        id=assignment_id,
    )
    identity.touch(tx)


def remove(tx: Tx, assignment_id: int) -> None:
    tx.run("DELETE FROM assignments WHERE assignment_id = :id", id=assignment_id)
    identity.touch(tx)


def of_principals(tx: Tx, principal_ids: Sequence[int]) -> list[Assignment]:
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM assignments a WHERE a.principal_id IN :ids ORDER BY a.assignment_id",
        ids=list(principal_ids),
    )
    return list(map(_assignment, rows))


def of_role(tx: Tx, role_id: str) -> list[Assignment]:
    rows = tx.all(f"SELECT {_COLUMNS} FROM assignments a WHERE a.role_id = :id ORDER BY a.assignment_id", id=role_id)
    return list(map(_assignment, rows))


def at(tx: Tx, scope: Scope) -> list[Assignment]:
    """Return the assignments at exactly this scope."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM assignments a WHERE {_AT} ORDER BY a.assignment_id", **_place(scope))
    return list(map(_assignment, rows))


def in_workspace(tx: Tx, workspace: str) -> list[Assignment]:
    """Return the assignments at the workspace and at its objects."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM assignments a WHERE a.workspace = :workspace ORDER BY a.assignment_id",
        workspace=workspace,
    )
    return list(map(_assignment, rows))


def page(
    tx: Tx,
    *,
    principal_id: int | None,
    scope: Scope | None,
    place: Place,
    is_inherited: bool,
    after: int = 0,
    most: int = 2**31,
) -> list[tuple[Assignment, str]]:
    """Return assignments in the order of their ids, each with the name of its principal.

    Those at `scope` and in it; with `is_inherited`, those that apply to the object at `scope`, also from wider scopes.
    `place` is the workspace of `scope`.
    """
    conditions = [
        "a.assignment_id > :after",
        *([] if principal_id is None else ["a.principal_id = :principal"]),
        *(
            []
            if scope is None
            else [_HOLDING if is_inherited else _WITHIN if scope.workspace and not scope.object_type else _AT]
        ),
    ]
    rows = tx.all(
        f"""
        SELECT {_COLUMNS}, COALESCE(p.name, '') FROM assignments a LEFT JOIN principals p ON p.principal_id = a.principal_id
        WHERE {" AND ".join(conditions)} ORDER BY a.assignment_id LIMIT :most
        """,
        after=after,
        principal=principal_id,
        around=place.subscription,
        around_group=place.resource_group,
        most=most,
        **_place(scope or ROOT),
    )
    return [(_assignment(row), row[11]) for row in rows]


def check_object(tx: Tx, found: Object) -> None:
    """Raise NotFound unless the workspace has the object.  One in the trash exists."""
    match found.kind:
        case "experiment":
            row = tx.one(
                "SELECT 1 FROM experiments WHERE workspace_id = :ws AND experiment_id = :id",
                id=min(int(found.id), LARGEST_ID),
            )
            said = f"No Experiment with id={found.id} exists"
        case "model":
            row = tx.one("SELECT 1 FROM registered_models WHERE workspace_id = :ws AND name = :name", name=found.id)
            said = f"Registered Model with name={found.id[:100]} not found"
        case _:
            row = tx.one("SELECT 1 FROM endpoints WHERE workspace_id = :ws AND name = :name", name=found.id)
            said = f"Endpoint with name={found.id[:100]} not found"
    if row is None:
        kind = "registered_model" if found.kind == "model" else found.kind
        raise NotFound(said).because("missing", kind=kind, name=found.id)


def let_creator_manage(tx: Tx, found: Object) -> None:
    """Grant the caller MLflow's MANAGE on an object, in the transaction that creates it."""
    principal_id = tx.caller.principal_id
    if principal_id is None:
        return
    scope = Scope("", "", workspaces.name(tx), found.kind, found.id)
    assign(tx, principal_id, builtin.MANAGE.role_id, scope, tx.caller.name)


def forget_object(tx: Tx, workspace: str, found: Object) -> None:
    """Delete the assignments of a deleted object, so that a later object of the same name does not have them."""
    gone = tx.run(
        "DELETE FROM assignments WHERE workspace = :workspace AND object_type = :type AND object_id = :id",
        workspace=workspace,
        type=found.kind,
        id=found.id,
    )
    if gone:
        identity.touch(tx)


def rename_object(tx: Tx, workspace: str, found: Object, new_id: str) -> None:
    """Move the assignments of a renamed object to its new name.  MLflow's calls may have created some there before."""
    tx.run(
        """
        DELETE FROM assignments WHERE workspace = :workspace AND object_type = :type AND object_id = :id AND EXISTS (
            SELECT 1 FROM assignments a WHERE a.workspace = :workspace AND a.object_type = :type AND a.object_id = :new
                AND a.principal_id = assignments.principal_id AND a.role_id = assignments.role_id
                AND a.is_denial = assignments.is_denial)
        """,
        workspace=workspace,
        type=found.kind,
        id=found.id,
        new=new_id,
    )
    changed = tx.run(
        """
        UPDATE assignments SET object_id = :new WHERE workspace = :workspace AND object_type = :type AND object_id = :id
        """,
        workspace=workspace,
        type=found.kind,
        id=found.id,
        new=new_id,
    )
    if changed:
        identity.touch(tx)


def forget_workspace(tx: Tx, workspace: str) -> None:
    tx.run("DELETE FROM assignments WHERE workspace = :workspace", workspace=workspace)
    identity.touch(tx)


def _place(scope: Scope) -> dict[str, str]:
    return {
        "subscription": scope.subscription,
        "group": scope.resource_group,
        "workspace": scope.workspace,
        "type": scope.object_type,
        "id": scope.object_id,
    }


def _values(role: Role) -> dict[str, str]:
    return {
        "id": role.role_id,
        "name": role.name,
        "description": role.description,
        "actions": json.dumps(role.actions),
        "not_actions": json.dumps(role.not_actions),
        "scopes": json.dumps(role.assignable_scopes),
    }


def _role(row: Row) -> Role:
    actions, not_actions, scopes = (tuple(json.loads(text)) for text in row[3:])
    return Role(row[0], row[1], row[2], actions, not_actions, scopes, is_custom=True)


def _assignment(row: Row) -> Assignment:
    return Assignment(
        assignment_id=row[0],
        principal_id=row[1],
        role_id=row[2],
        scope=Scope(*row[3:8]),
        is_denial=bool(row[8]),
        created_at=row[9],
        created_by=row[10],
    )

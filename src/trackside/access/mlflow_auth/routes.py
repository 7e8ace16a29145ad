"""The table of MLflow's auth API: what `mlflow.server.get_app_client("basic-auth", uri)` calls, of 3.17 and of 2.x."""

from typing import Any

from trackside.access.gate import Gate
from trackside.access.mlflow_auth import model as m
from trackside.access.mlflow_auth import roles, signup, users
from trackside.access.mlflow_auth.users import Calls
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.codec import Call
from trackside.core.http.routes import HANDLED, Route, command, query, stream
from trackside.identity import store as identity
from trackside.workspaces import store as workspaces


def routes(gate: Gate, default_level: str) -> list[Route]:
    calls = Calls(gate, default_level)
    read, write = Action.USERS_READ, Action.USERS_WRITE
    see, give, take = Action.ROLE_ASSIGNMENTS_READ, Action.ROLE_ASSIGNMENTS_WRITE, Action.ROLE_ASSIGNMENTS_DELETE
    mine = Action.SIGNED_IN
    whole: dict[str, Any] = {"on": HANDLED, "has_workspace": False}
    v3: dict[str, Any] = {**whole, "version": "3.0"}
    here: dict[str, Any] = {"on": HANDLED, "version": "3.0"}  # in the workspace of the request
    return [
        command("POST users/create", m.NewUser, users.create, prepare=users.hashed, needs=write, answer=m.GotUser, **whole),
        query("GET users/get", m.OfUser, users.get, needs=read, answer=m.GotUser, **whole),
        query("GET users/list", Call, users.list_, needs=read, answer=m.ListedUsers, **whole),
        query("GET users/current", Call, users.current, needs=mine, has_workspace=False, answer=m.Current),
        stream("PATCH users/update-password", calls.update_password, call=m.SetPassword, needs=mine, has_workspace=False),
        command("PATCH users/update-admin", m.SetAdmin, users.update_admin, needs=write, **whole),
        command("DELETE users/delete", m.OfUser, users.delete, needs=Action.USERS_DELETE, **whole),
        query("GET users/current/permissions", Call, users.current_permissions, needs=mine, has_workspace=False,
              version="3.0", answer=m.CurrentHeld),
        query("GET users/permissions/list", m.OfUser, users.list_permissions, needs=see, answer=m.AllHeld, **v3),
        command("POST users/permissions/grant", m.Permission, users.grant, needs=give, **here),
        command("POST users/permissions/revoke", m.Permission, users.revoke, needs=take, **here),
        query("GET users/permissions/get", m.Permission, calls.get_permission, needs=see, answer=m.Resolved, **here),
        query("GET users/roles/list", m.OfUser, roles.of_user, needs=see, answer=m.GotRoles, **v3),
        command("POST roles/create", m.NewRole, roles.create, needs=give, answer=m.GotRole, **v3),
        query("GET roles/get", m.OfRole, roles.get, needs=see, answer=m.GotRole, **v3),
        command("PATCH roles/update", m.ChangeRole, roles.update, needs=give, answer=m.GotRole, **v3),
        command("DELETE roles/delete", m.OfRole, roles.delete, needs=take, **v3),
        query("GET roles/list", m.ListRoles, roles.list_, needs=see, answer=m.GotRoles, **v3),
        command("POST roles/permissions/add", m.NewRolePermission, roles.add_permission, needs=give,
                answer=m.GotRolePermission, **v3),
        query("GET roles/permissions/list", m.OfRole, roles.list_permissions, needs=see, answer=m.GotRolePermissions, **v3),
        command("PATCH roles/permissions/update", m.OfRolePermission, roles.update_permission, needs=give,
                answer=m.GotRolePermission, **v3),
        command("DELETE roles/permissions/remove", m.OfRolePermission, roles.remove_permission, needs=take, **v3),
        command("POST roles/assign", m.OfAssignment, roles.assign, needs=give, answer=m.GotMembership, **v3),
        command("DELETE roles/unassign", m.OfAssignment, roles.unassign, needs=take, **v3),
        query("GET roles/users/list", m.OfRole, roles.list_users, needs=see, answer=m.GotMemberships, **v3),
        *signup.routes(gate),
        *_old("experiments", m.OldExperimentPermission, _of_experiment, _experiment, m.GotOldExperiment),
        *_old("registered-models", m.OldModelPermission, _of_model, _model, m.GotOldModel),
    ]  # fmt: skip


def _old(noun: str, call: type[Call], permission: Any, shown: Any, answer: Any) -> list[Route]:
    """The permission calls of MLflow 2: of one user on one experiment or model."""

    def create(tx: Tx, asked: Any) -> Any:
        users.grant(tx, permission(asked))
        return shown(tx, asked, asked.permission)

    def get(tx: Tx, asked: Any) -> Any:
        return shown(tx, asked, users.find(tx, permission(asked)))

    def update(tx: Tx, asked: Any) -> None:
        users.update(tx, permission(asked))

    def delete(tx: Tx, asked: Any) -> None:
        users.revoke(tx, permission(asked))

    path, give = f"{noun}/permissions", Action.ROLE_ASSIGNMENTS_WRITE
    return [
        command(f"POST {path}/create", call, create, needs=give, on=HANDLED, answer=answer),
        query(f"GET {path}/get", call, get, needs=Action.ROLE_ASSIGNMENTS_READ, on=HANDLED, answer=answer),
        command(f"PATCH {path}/update", call, update, needs=give, on=HANDLED),
        command(f"DELETE {path}/delete", call, delete, needs=Action.ROLE_ASSIGNMENTS_DELETE, on=HANDLED),
    ]


def _of_experiment(call: m.OldExperimentPermission) -> m.Permission:
    return m.Permission(
        username=call.username, resource_type="experiment", resource_id=call.experiment_id, permission=call.permission
    )


def _of_model(call: m.OldModelPermission) -> m.Permission:
    return m.Permission(
        username=call.username, resource_type="registered_model", resource_id=call.name, permission=call.permission
    )


def _experiment(tx: Tx, call: m.OldExperimentPermission, level: str) -> m.GotOldExperiment:
    user = identity.named(tx, call.username or "")
    return m.GotOldExperiment(
        experiment_permission=m.OldExperiment(
            experiment_id=call.experiment_id or "", user_id=user.principal_id, permission=level
        )
    )


def _model(tx: Tx, call: m.OldModelPermission, level: str) -> m.GotOldModel:
    user = identity.named(tx, call.username or "")
    return m.GotOldModel(
        registered_model_permission=m.OldModel(
            workspace=workspaces.name(tx), name=call.name or "", user_id=user.principal_id, permission=level
        )
    )

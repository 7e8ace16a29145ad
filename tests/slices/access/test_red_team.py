"""Every route, called by an attacker: with credentials of a deleted user, and to distinguish hidden from missing objects."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from support.client import Api, Inside
from support.people import OURS, PASSWORD, People, bearer, signed
from trackside import app
from trackside.core.access import Action
from trackside.core.http.routes import Route

pytestmark = pytest.mark.slow  # each test makes some 700 calls

HELD = {f"{OURS}/live", f"{OURS}/imports"}  # which wait for news, or begin work
Names = dict[str, str]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[app.App]:
    from conftest import make_settings

    folder: Path = tmp_path_factory.mktemp("red-team")
    made = app.build(structs.replace(make_settings(folder, durability="relaxed"), default_role=()))
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(application: app.App) -> Iterator[People]:
    inside = Inside(application.asgi)
    yield People(Api(inside)).begin(application)
    inside.close()


@pytest.fixture(scope="module")
def hidden(people: People) -> Names:
    """Things that exist, and that only the administrator may see."""
    admin = people.admin
    experiment = admin.new_experiment("secret")
    run = admin.new_run(experiment_id=experiment)
    admin.post("registered-models/create", name="secret")
    uri = admin.run(run)["info"]["artifact_uri"]
    admin.post("model-versions/create", name="secret", source=f"{uri}/model", run_id=run)
    people.add("secret", "Reader", "/")
    admin.new_workspace("secret")
    logged = admin.post("logged-models", {"experiment_id": experiment, "name": "m"})["model"]["info"]["model_id"]
    dataset = admin.post("datasets/create", {"name": "d", "experiment_ids": [experiment]}, version="3.0")["dataset"]
    view = admin.post(f"{OURS}/experiments/{experiment}/views", name="v", state={})["view"]["view_id"]
    role = admin.post("roles/create", {"workspace": "default", "name": "secret"}, version="3.0")["role"]["id"]
    given = admin.post(f"{OURS}/role-assignments", principal="secret", role="Owner", scope="/ws/secret")["assignment"]
    return {
        "name": "secret", "experiment_id": experiment, "run_id": run, "model_id": logged, "dataset_id": dataset["dataset_id"],
        "view_id": view, "path": uri.partition(":/")[2].lstrip("/") + "/model/MLmodel", "uri": uri, "version": "1",
        "role_id": str(role), "assignment_id": str(given["assignment_id"]),
    }  # fmt: skip


MISSING = {
    "name": "nothing", "experiment_id": "987654321", "run_id": "0" * 32, "model_id": "m-" + "0" * 32,
    "dataset_id": "d-" + "0" * 32, "view_id": "0" * 32, "path": "987654321/" + "0" * 32 + "/artifacts/model/MLmodel",
    "uri": "mlflow-artifacts:/987654321/" + "0" * 32 + "/artifacts", "version": "1", "role_id": "987654",
    "assignment_id": "987654",
}  # fmt: skip


def routes(application: app.App) -> list[Route]:
    return [route for route in application.asgi._table.routes if route.paths[0] not in HELD]


def ask(api: Api, route: Route, names: Names) -> tuple[int, bytes]:
    """Call a route with every name that a call of this server may have."""
    path = re.sub(r"\{(\w+)(:path)?\}", lambda found: names.get(found[1], names["name"]), route.paths[0])
    fields: dict[str, Any] = {
        **names, "run_uuid": names["run_id"], "run_ids": [names["run_id"]], "experiment_ids": [names["experiment_id"]],
        "experiment_name": names["name"], "username": names["name"], "principal": names["name"], "member": names["name"],
        "workspace": names["name"], "model_ids": [names["model_id"]], "scope": f"/ws/{names['name']}", "role": "Reader",
        "action": "runs/write", "resource_type": "experiment", "resource_id": names["experiment_id"], "permission": "READ",
        "source": names["uri"], "key": "k", "value": "1", "max_results": 10, "metric_key": "k", "new_name": "other",
        "stage": "Production", "alias": "a", "password": PASSWORD, "token_name": "t", "is_admin": True,
    }  # fmt: skip
    if route.method in ("GET", "DELETE", "HEAD"):
        short = {name: value for name, value in fields.items() if name not in ("password", "is_admin", "token_name")}
        reply = api.ask(route.method, path, arguments=short)
    else:
        reply = api.ask(route.method, path, fields)
    said = re.sub(rb'"snapshot":"\w+"', b"", reply.body)
    # The id as the caller gave it, in the message and in its reason.
    said = re.sub(rb"""('|"name":")%s(['"])""" % names["role_id"].encode(), rb"\1?\2", said)
    for value in sorted({*names.values(), names["uri"], path}, key=len, reverse=True):
        said = said.replace(value.encode(), b"?") if len(value) > 1 else said
    return reply.status, said


def test_credentials_of_a_deleted_user_are_refused_on_every_route(
    application: app.App, people: People, hidden: Names
) -> None:
    people.add("gone", "Owner", "/", is_admin=True, password=PASSWORD)
    token = bearer(people.token("gone", scope="admin"))
    login = people.open.ask("POST", f"{OURS}/login", {"username": "gone", "password": PASSWORD})
    session = {"cookie": login.headers["set-cookie"].partition(";")[0], "sec-fetch-site": "same-origin"}
    used = signed(people.open, token), signed(people.open, session), people.named("gone")
    assert [each.ask("GET", f"{OURS}/users").status for each in used] == [200, 200, 200]
    people.admin.ask("DELETE", f"{OURS}/users/gone")

    let_in = [
        (route.method, route.paths[0])
        for route in routes(application)
        for api in used[:2]  # failed passwords are slowed
        if route.needs is not Action.ANYONE and ask(api, route, hidden)[0] != 401
    ]

    assert not let_in
    assert used[2].ask("GET", f"{OURS}/users").status == 401


@pytest.mark.parametrize("role", ["none", "at an experiment", "read token", "signed out"])
def test_hidden_objects_answer_like_missing_ones(
    application: app.App, people: People, hidden: Names, role: str
) -> None:
    name = role.replace(" ", "-")
    people.add(name)
    if role == "at an experiment":
        own = people.admin.new_experiment("own")
        people.grant(name, "MLflow MANAGE", f"/ws/default/experiments/{own}")
        people.admin.post("registered-models/create", name="own")
        people.grant(name, "MLflow MANAGE", "/ws/default/models/own")
    token = bearer(people.token(name, scope="read" if role == "read token" else "admin"))
    caller = people.open if role == "signed out" else signed(people.open, token)

    differing = []
    for route in routes(application):
        if route.paths[0] in (f"{OURS}/login", f"{OURS}/logout", "/openapi.json") or "/me/" in route.paths[0]:
            continue  # of the caller, or of nothing that a call names
        seen, unseen = ask(caller, route, hidden), ask(caller, route, MISSING)
        if seen != unseen and not (seen[0] == 400 and b"ALREADY_EXISTS" in seen[1]):
            differing.append((route.method, route.paths[0], seen, unseen))

    assert not differing

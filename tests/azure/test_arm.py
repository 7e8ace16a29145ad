"""Calls of Azure's clients before they log: cloud, token, subscriptions, a workspace and its services."""

import base64
import json
from typing import Any

import pytest

from support.client import Api, Reply
from support.people import OURS, People, bearer, signed
from trackside.azure import arm
from trackside.identity import keys
from trackside.identity.exchange import Exchange

DEFAULT = "00000000-0000-0000-0000-000000000000"
NO_SCOPE = "/subscriptions/S1/resourceGroups/R1/providers/Microsoft.MachineLearningServices/workspaces"
MLFLOW = "/api/2.0/mlflow"


def team(api: Api, name: str = "team") -> str:
    """The scope of a new workspace."""
    api.post(f"{OURS}/workspaces", name=name, subscription_id="S1", resource_group="R1")
    return f"{NO_SCOPE}/{name}"


def get(api: Api, path: str, **headers: str) -> Reply:
    return api.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_cloud_metadata_point_to_this_server(api: Api) -> None:
    [cloud] = get(api, "/metadata/endpoints").json

    assert cloud["resourceManager"] == "http://localhost/"
    assert cloud["authentication"]["loginEndpoint"] == "http://localhost"
    assert cloud["suffixes"]["storage"] == "core.windows.net"
    assert set(get(api, "/discovery").json.values()) == {"http://localhost"}


@pytest.mark.parametrize(
    ("base", "login"),
    [
        ("https://localhost:5000", "https://localhost"),
        ("https://[::1]:5000/tracks", "https://[::1]/tracks"),
        ("https://ml.example.org", "https://ml.example.org"),
    ],
)
def test_the_address_to_sign_in_at_has_no_port(base: str, login: str) -> None:
    [cloud] = arm.clouds(base)

    assert cloud["resourceManager"] == f"{base}/"
    assert cloud["authentication"]["loginEndpoint"] == login


def test_a_workspace_is_returned_in_arms_form(api: Api) -> None:
    scope = team(api)
    found = get(api, f"{scope}?api-version=2022-05-01").json

    assert found["id"] == scope
    assert found["properties"]["workspaceId"]
    assert found["properties"]["discoveryUrl"] == "http://localhost/discovery"
    assert found["sku"]["tier"] == "Basic"
    # Names of groups and subscriptions are the same in upper and lower case.
    assert get(api, scope.replace("/S1/", "/s1/").replace("/R1/", "/r1/")).json["id"] == scope


def test_lists_contain_existing_objects(api: Api) -> None:
    team(api)

    ids = {each["subscriptionId"] for each in get(api, "/subscriptions?api-version=2022-12-01").json["value"]}
    assert ids == {DEFAULT, "S1"}
    assert [each["name"] for each in get(api, NO_SCOPE).json["value"]] == ["team"]
    found = get(
        api, "/subscriptions/S1/resources?$filter=resourceType%20eq%20'Microsoft.MachineLearningServices/workspaces'"
    )
    assert [each["name"] for each in found.json["value"]] == ["team"]
    assert [each["name"] for each in get(api, "/subscriptions/S1/resourcegroups").json["value"]] == ["R1"]
    assert (
        get(api, "/subscriptions/S1/resources?$filter=resourceType%20eq%20'Microsoft.Other/things'").json["value"] == []
    )


def test_missing_objects_answer_with_arms_error(api: Api) -> None:
    team(api)

    for path, code in (
        (f"{NO_SCOPE}/nobody", "ResourceNotFound"),
        (f"{NO_SCOPE.replace('R1', 'R2')}/team", "ResourceNotFound"),
        ("/subscriptions/S9", "ResourceNotFound"),
        ("/subscriptions/S1/resourcegroups/R9", "ResourceNotFound"),
        ("/subscriptions/S1/unknown", "NotFound"),
    ):
        reply = get(api, path)
        assert (reply.status, reply.json["error"]["code"]) == (404, code), path


def test_services_that_are_not_served_have_arms_error_with_advice(api: Api) -> None:
    scope = team(api)

    for method, path, said in (
        ("PUT", f"{scope}/batchEndpoints/churn", "trackside endpoint create"),
        ("GET", f"{scope}/onlineEndpoints/churn/skus/x", "trackside endpoint create"),
        ("GET", f"/modelmanagement/v1.0{scope}/models/churn", "trackside endpoint create"),
        ("GET", f"/execution/v1.0{scope}/x", "Nothing is served"),
        ("GET", f"{scope}/environments/e", "Nothing is served"),
        ("POST", f"{scope}/listKeys", "Nothing is served"),
    ):
        reply = api.ask(method, path, {} if method != "GET" else None)
        assert (reply.status, reply.json["error"]["code"]) == (404, "NotFound"), path
        assert said in reply.json["error"]["message"], path


def test_mlflow_is_served_below_the_scope_of_a_workspace(api: Api) -> None:
    scope = team(api)
    for version in ("v1.0", "v2.0"):
        api.post(f"/mlflow/{version}{scope}{MLFLOW}/experiments/create", name=f"from {version}")

    found = api.within("team").post("experiments/search", max_results=10)["experiments"]
    assert {each["name"] for each in found} == {"Default", "from v1.0", "from v2.0"}
    strange = scope.replace("/R1/", "/R2/")
    assert api.fault(f"/mlflow/v2.0{strange}{MLFLOW}/experiments/create", name="x")[:2] == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )


def test_pages_of_the_scope_and_of_databricks_are_those_of_the_workspace(api: Api) -> None:
    scope = team(api)

    for path, where in (
        (f"/mlflow/v2.0{scope}/", "/ws/team/"),
        ("/databricks/ws/team/", "/ws/team/"),
        ("/databricks/", ""),
    ):
        reply = get(api, path)
        assert reply.status == 302, path
        assert reply.headers["location"] == "../" * (path.count("/") - 1) + where.removeprefix("/"), path


def test_an_open_server_gives_a_token_to_any_caller(api: Api) -> None:
    reply = api.ask(
        "POST",
        "/msi/token",
        b"resource=https%3A%2F%2Fmanagement.azure.com%2F",
        headers={"content-type": "application/x-www-form-urlencoded", "metadata": "true"},
    )

    assert reply.json["resource"] == "https://management.azure.com/"
    assert reply.json["token_type"] == "Bearer"
    assert int(reply.json["expires_on"]) > 0
    assert get(api, "/subscriptions", **bearer(reply.json["access_token"])).status == 200


def jwt_of(people: People, token: str, how: str = "identity") -> Any:
    match how:
        case "identity":
            return get(people.open, "/msi/token?resource=r&api-version=2019-08-01", X_IDENTITY_HEADER=token)
        case "secret":
            return get(people.open, "/msi/token?resource=r&api-version=2017-09-01", secret=token)
    return get(people.open, "/msi/token", authorization="Basic " + base64.b64encode(f"t:{token}".encode()).decode())


def test_a_token_is_exchanged_for_a_jwt_with_its_rights(people: People) -> None:
    scope = team(people.admin)
    people.add("ana", "AzureML Data Scientist", "/ws/team")
    token = people.token("ana")

    for how in ("identity", "secret", "basic"):
        told = jwt_of(people, token, how)
        assert told.status == 200, how
        ana = signed(people.open, bearer(told.json["access_token"]))
        assert [each["subscriptionId"] for each in get(ana, "/subscriptions").json["value"]] == ["S1"]
        assert get(ana, scope).status == 200
        ana.post(f"/mlflow/v2.0{scope}{MLFLOW}/experiments/create", name=how)
        assert ana.ask("POST", "experiments/create", {"name": how}).status == 403  # of another workspace


def test_a_jwt_is_invalid_after_its_token_was_revoked(people: People) -> None:
    people.add("ana", "Owner")
    token = people.token("ana")
    jwt = jwt_of(people, token).json["access_token"]
    ana = signed(people.open, bearer(jwt))
    assert ana.ask("GET", "experiments/get", arguments={"experiment_id": "0"}).status == 200

    [found] = [each for each in people.admin.get(f"{OURS}/users/ana/tokens")["tokens"] if each["shown"] == token[:8]]
    assert people.admin.ask("DELETE", f"{OURS}/users/ana/tokens/{found['token_id']}").status < 300

    assert ana.ask("GET", "experiments/get", arguments={"experiment_id": "0"}).status == 401


def test_a_token_requires_a_credential(people: People) -> None:
    token = people.token("root")
    strange = token[:-1] + ("1" if token.endswith("0") else "0")

    for told in (
        get(people.open, "/msi/token"),
        jwt_of(people, "wrong"),
        jwt_of(people, strange),
        get(people.open, "/msi/token", authorization="Basic " + base64.b64encode(b"root:wooden-kettle-41").decode()),
    ):
        assert told.status == 401
        assert told.json["error"]["code"] == "InvalidAuthenticationToken"
    assert get(people.open, "/subscriptions").status == 401


def test_a_token_of_another_server_is_rejected(people: People) -> None:
    scope = team(people.admin)
    digest = keys.digest(people.token("root"))
    foreign, _ = Exchange(lambda: b"other" * 8).issue(digest, 1_900_000_000_000, "")

    for method, path in (
        ("GET", scope),
        ("GET", f"{scope}/onlineEndpoints"),
        ("POST", f"/mlflow/v2.0{scope}{MLFLOW}/runs/search"),
    ):
        reply = people.open.ask(method, path, None if method == "GET" else {}, headers=bearer(foreign))
        assert reply.status == 401, path
        assert reply.json["error_code"] == "UNAUTHENTICATED"


def test_workspaces_without_rights_of_the_caller_answer_as_missing(people: People) -> None:
    scope = team(people.admin)
    ana = people.add("ana", "Reader", "/ws/default")

    assert [each["subscriptionId"] for each in get(ana, "/subscriptions").json["value"]] == [DEFAULT]
    assert get(ana, scope).status == 404
    assert get(ana, NO_SCOPE).json["value"] == []


def test_the_answer_to_an_asynchronous_batch_has_no_tracking_id(api: Api) -> None:
    run = api.new_run()
    body = {"run_id": run, "metrics": [{"key": "loss", "value": 0.5, "timestamp": 1, "step": 2}]}

    assert api.post("/api/2.0/preview/mlflow/runs/log-batch-async", body) == {}
    assert api.latest(run)["loss"] == (2, 1, 0.5)
    asked = {"run_id": run, "batch_tracking_id": "any"}
    assert json.loads(api.ask("GET", "/api/2.0/preview/mlflow/runs/get-run-data-status", arguments=asked).body) == {
        "is_complete": True
    }

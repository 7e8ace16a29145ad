"""Online endpoints in Azure Resource Manager's form, without a replica: the calls of `mlflow.deployments` of azureml-mlflow.

The package itself runs in tests/compat/test_azure.py, which is slow."""

from typing import Any

import pytest

from endpoints.conftest import ENDPOINTS, wait_for
from support.client import Api, Reply
from support.people import OURS, People, bearer, signed

SCOPE = "/subscriptions/S1/resourceGroups/R1/providers/Microsoft.MachineLearningServices/workspaces/team"
ONLINE = f"{SCOPE}/onlineEndpoints"
MODEL = f"{SCOPE}/models/sum/versions"
SERVICES = f"/modelmanagement/v1.0{SCOPE}/services"


def with_models(api: Api) -> Api:
    """A client of a new workspace `team` with two versions of the model `sum` without files."""
    api.post(f"{OURS}/workspaces", name="team", subscription_id="S1", resource_group="R1")
    team = api.within("team")
    team.post("registered-models/create", name="sum")
    for _ in range(2):
        team.post("model-versions/create", name="sum", source="s3://bucket/model")
    return team


@pytest.fixture
def team(api: Api) -> Api:
    return with_models(api)


def made(api: Api, name: str = "churn", mode: str = "Key", **more: Any) -> Any:
    body = {"location": "local", "properties": {"authMode": mode}, **more}
    reply = api.ask("PUT", f"{ONLINE}/{name}?api-version=2022-02-01-preview", body)
    assert reply.status == 201, reply
    return reply.json


def deployed(api: Api, name: str = "blue", version: int = 1, method: str = "PUT", **more: Any) -> Reply:
    body = {
        "location": "local",
        "sku": {"name": "Default", "capacity": 2},
        "properties": {"endpointComputeType": "Managed", "model": f"{MODEL}/{version}", **more},
    }
    return api.ask(method, f"{ONLINE}/churn/deployments/{name}", body)


def refused(reply: Reply) -> tuple[int, str, str]:
    return reply.status, reply.json["error"]["code"], reply.json["error"]["message"]


def test_an_endpoint_is_returned_in_arms_form(team: Api) -> None:
    created = made(team, mode="AMLToken", tags={"a": "b"})

    found = team.ask("GET", f"{ONLINE}/churn").json
    assert (found["id"], found["type"]) == (f"{ONLINE}/churn", ONLINE.split("/providers/")[1].replace("/team/", "/"))
    assert found["tags"] == {"a": "b"}
    properties = found["properties"]
    assert properties["authMode"] == "AMLToken"
    assert properties["properties"] == {}
    assert properties["scoringUri"] == "http://localhost/ws/team/api/v1/service/churn/score"
    assert properties["swaggerUri"] == "http://localhost/ws/team/api/v1/service/churn/openapi.json"
    assert (properties["provisioningState"], properties["traffic"]) == ("Succeeded", {})
    assert created == found
    assert team.ask("GET", ONLINE).json == {"value": [found]}
    assert [each["name"] for each in team.get(ENDPOINTS)["endpoints"]] == ["churn"]
    # A second PUT changes it.
    again = team.ask("PUT", f"{ONLINE}/churn", {"tags": {}, "properties": {"authMode": "AMLToken", "description": "d"}})
    assert (again.status, again.json["properties"]["description"], again.json["tags"]) == (200, "d", {})


def test_a_deployment_is_polled_until_it_is_ready_or_has_failed(team: Api) -> None:
    made(team)

    created = deployed(team)

    assert created.status == 201
    assert created.json["properties"]["model"] == f"{MODEL}/1"
    assert created.json["sku"]["capacity"] == 2
    assert created.json["properties"]["endpointComputeType"] == "Managed"
    polled = created.headers["azure-asyncoperation"]
    assert polled == f"http://localhost{ONLINE}/churn/deployments/blue/operationStatus"

    def ended() -> Any:
        found = team.ask("GET", polled.removeprefix("http://localhost")).json
        return None if found["status"] == "InProgress" else found

    found = wait_for(ended)  # the files of the model are nowhere
    assert (found["status"], found["error"]["code"]) == ("Failed", "DeploymentFailed")
    assert found["error"]["message"] == team.get(f"{ENDPOINTS}/churn")["endpoint"]["deployments"][0]["reason"]
    [listed] = team.ask("GET", f"{ONLINE}/churn/deployments").json["value"]
    assert listed["properties"]["provisioningState"] == "Failed"


def test_traffic_moves_and_a_deployment_with_traffic_stays(team: Api) -> None:
    made(team)
    deployed(team)
    deployed(team, "green", 2)

    def traffic(**shares: int) -> Reply:
        return team.ask("PATCH", f"{ONLINE}/churn", {"properties": {"traffic": shares}})

    assert team.ask("GET", f"{ONLINE}/churn").json["properties"]["traffic"] == {}
    assert traffic(blue=30, green=70).json["properties"]["traffic"] == {"blue": 30, "green": 70}
    assert refused(traffic(blue=30))[:2] == (400, "InvalidParameter")
    assert refused(team.ask("DELETE", f"{ONLINE}/churn/deployments/blue"))[:2] == (400, "InvalidParameter")
    assert traffic(green=100).status == 200
    assert team.ask("DELETE", f"{ONLINE}/churn/deployments/blue").status == 200
    assert team.ask("DELETE", f"{ONLINE}/churn/deployments/blue").status == 204
    assert team.ask("DELETE", f"{ONLINE}/churn").status == 200
    assert team.ask("DELETE", f"{ONLINE}/churn").status == 204


def test_settings_of_a_deployment_are_stored_and_returned(team: Api) -> None:
    made(team)
    scale = {
        "scaleType": "TargetUtilization",
        "minInstances": 1,
        "maxInstances": 3,
        "targetUtilizationPercentage": 60,
    }
    requests = {"maxConcurrentRequestsPerInstance": 4, "requestTimeout": "PT1M30S"}
    deployed(team)

    own = {"trackside.env": "local", "trackside.memory_mb": "512", "team": "x", "trackside.state": "Healthy"}

    changed = deployed(team, version=2, method="PATCH", scaleSettings=scale, requestSettings=requests, properties=own)

    assert changed.status == 200
    properties = changed.json["properties"]
    assert properties["model"] == f"{MODEL}/2"
    assert properties["scaleSettings"] == scale
    assert properties["requestSettings"] == {**requests, "requestTimeout": "PT90S"}
    [spec] = [each["spec"] for each in team.get(f"{ENDPOINTS}/churn")["endpoint"]["deployments"]]
    assert (spec["replicas"], spec["max_replicas"], spec["threads"], spec["request_timeout_s"]) == (1, 3, 4, 90.0)
    assert (spec["env"], spec["memory_mb"]) == ("local", 512)
    assert properties["properties"]["trackside.env"] == "local"


def test_keys_are_returned_and_regenerated(team: Api) -> None:
    made(team)
    before = team.post(f"{ONLINE}/churn/listKeys")
    own = "k" * 40

    assert team.ask("POST", f"{ONLINE}/churn/regenerateKeys", {"keyType": "Secondary"}).status == 200
    assert team.ask("POST", f"{ONLINE}/churn/regenerateKeys", {"keyType": "Primary", "keyValue": own}).status == 200

    after = team.post(f"{ONLINE}/churn/listKeys")
    assert after["primaryKey"] == own
    assert after["secondaryKey"] != before["secondaryKey"]
    # Without users, no token opens an endpoint.
    token = team.post(f"{ONLINE}/churn/token")
    assert (token["accessToken"], token["tokenType"]) == (own, "Bearer")
    wrong = refused(team.ask("POST", f"{ONLINE}/churn/regenerateKeys", {"keyType": "Third"}))
    assert wrong == (400, "InvalidParameter", "keyType is 'Third'; it must be Primary or Secondary.")


def test_unsupported_deployment_fields_are_refused_by_name(team: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, str]] = [
        ({"codeConfiguration": {"codeId": "c"}}, "codeConfiguration"),
        ({"environmentVariables": {"A": "b"}}, "environmentVariables"),
        ({"endpointComputeType": "Kubernetes"}, "endpointComputeType"),
        ({"model": f"{MODEL.replace('/team/', '/other/')}/1"}, "model of the workspace"),
        ({"model": "azureml://registries/r/models/sum/versions/1"}, "models/NAME/versions/VERSION"),
        ({"model": 5}, "properties"),
        ({"scaleSettings": {"scaleType": "Magic"}}, "scaleType"),
        ({"properties": {"trackside.env": "conda"}}, "spec.env"),
        ({"properties": {"trackside.colour": "red"}}, "colour"),
        ({"requestSettings": {"requestTimeout": "soon"}}, "requestTimeout"),
        ({"requestSettings": {"requestTimeout": "PT"}}, "requestTimeout"),
        ({"requestSettings": {"requestTimeout": "PT1.2.3S"}}, "requestTimeout"),
    ]
    made(team)

    for properties, said in cases:
        with subtests.test(properties=properties, said=said):
            status, code, message = refused(deployed(team, **properties))

            assert (status, code) == (400, "InvalidParameter")
            assert said in message


def test_missing_and_invalid_objects_answer_with_arms_error(api: Api, team: Api) -> None:
    made(team)

    for method, path, body, wanted in (
        ("GET", f"{ONLINE}/other", None, (404, "ResourceNotFound")),
        ("GET", f"{ONLINE}/churn/deployments/blue", None, (404, "ResourceNotFound")),
        ("PATCH", f"{ONLINE}/churn/deployments/blue", {"properties": {}}, (404, "ResourceNotFound")),
        ("PUT", f"{ONLINE}/other/deployments/blue", {"properties": {"model": f"{MODEL}/1"}}, (404, "ResourceNotFound")),
        ("PUT", f"{ONLINE}/churn/deployments/blue", {"properties": {"model": f"{MODEL}/9"}}, (404, "ResourceNotFound")),
        ("PUT", f"{ONLINE}/churn", {"properties": {"authMode": "AMLToken"}}, (400, "Conflict")),
        ("PUT", f"{ONLINE}/new", {"properties": {"authMode": "Magic"}}, (400, "InvalidParameter")),
        ("PUT", f"{ONLINE}/new", {"properties": {"keys": {"primaryKey": "x"}}}, (400, "InvalidParameter")),
        ("PUT", f"{ONLINE}/a_b", {"properties": {"authMode": "Key"}}, (400, "InvalidParameter")),
        ("GET", f"{ONLINE}/churn/skus", None, (404, "NotFound")),
        ("GET", f"{SERVICES}/churn", None, (404, "NoSuchService")),
        ("POST", SERVICES, {}, (400, "InvalidParameter")),
    ):
        assert refused(team.ask(method, path, body))[:2] == wanted, (method, path)
    for elsewhere in (ONLINE.replace("/team/", "/nobody/"), ONLINE.replace("/R1/", "/R2/")):
        assert refused(api.ask("GET", elsewhere))[:2] == (404, "ResourceNotFound")
    assert team.ask("GET", f"{SERVICES}?computeType=ACI&expand=true").json == {"value": []}


def test_an_endpoint_without_keys_is_returned_in_a_form_that_can_be_put_back(team: Api) -> None:
    team.post(ENDPOINTS, name="free", auth_mode="none")
    found = team.ask("GET", f"{ONLINE}/free").json

    assert found["properties"]["authMode"] == "AMLToken"
    assert team.ask("PUT", f"{ONLINE}/free", found).status == 200
    assert refused(team.ask("POST", f"{ONLINE}/free/listKeys"))[:2] == (400, "InvalidParameter")


def test_logs_are_returned_as_one_text(team: Api) -> None:
    made(team)
    deployed(team)
    where = f"{ONLINE}/churn/deployments/blue/getLogs"

    assert isinstance(team.post(where, containerType="InferenceServer", tail=10)["content"], str)
    assert refused(team.ask("POST", where, {"tail": 0}))[:2] == (400, "InvalidParameter")


def test_roles_hold_for_azures_clients(people: People) -> None:
    with_models(people.admin)
    people.add("ana", "AzureML Data Scientist", "/ws/team")
    people.add("rob", "Reader", "/ws/team")
    people.add("eve", "AzureML Data Scientist", "/ws/default")

    def jwt(name: str) -> Api:
        headers = {"x-identity-header": people.token(name)}
        given = people.open.ask("GET", "/msi/token", headers=headers).json
        return signed(people.open, bearer(given["access_token"]))

    ana, rob, eve = jwt("ana"), jwt("rob"), jwt("eve")
    made(ana, mode="AMLToken")

    assert rob.ask("GET", f"{ONLINE}/churn").status == 200
    for method, path in (("PUT", "new"), ("PATCH", "churn"), ("DELETE", "churn"), ("POST", "churn/listKeys")):
        assert refused(rob.ask(method, f"{ONLINE}/{path}", {"properties": {}}))[:2] == (403, "AuthorizationFailed")
    assert eve.ask("GET", f"{ONLINE}/churn").status in (403, 404)
    assert people.open.ask("GET", f"{ONLINE}/churn").status == 401
    # The token opens the endpoint as far as its owner may score: no key of the endpoint is given away.
    token = ana.post(f"{ONLINE}/churn/token")["accessToken"]
    assert deployed(ana).status == 201
    pinned = {**bearer(token), "azureml-model-deployment": "blue"}
    score = signed(people.open, pinned).ask("POST", "/ws/team/api/v1/service/churn/score", {})
    assert score.status == 503, score  # admitted, and no replica serves

"""The calls that manage endpoints, without a replica: what is stored, shown and refused, on both databases."""

from typing import Any

import pytest

from endpoints.conftest import ENDPOINTS, endpoint, wait_for
from support.client import Api

SERVICE = "/api/v1/service"


@pytest.fixture
def registered(api: Api) -> Api:
    api.post("registered-models/create", name="sum")
    for _ in range(2):
        api.post("model-versions/create", name="sum", source="s3://bucket/model")
    return api


def create(api: Api, name: str = "adder", **fields: Any) -> Any:
    return api.post(ENDPOINTS, {"name": name, **fields})["endpoint"]


@pytest.mark.both
def test_an_endpoint_is_returned_as_it_was_created(registered: Api) -> None:
    made = create(registered, model_uri="models:/sum/latest", spec={"replicas": 2}, description="adds")

    assert settled(registered.get(f"{ENDPOINTS}/adder")["endpoint"]) == settled(made)
    assert [each["name"] for each in registered.get(ENDPOINTS)["endpoints"]] == ["adder"]
    (blue,) = made["deployments"]
    assert (blue["model_uri"], blue["traffic"], blue["spec"]["replicas"]) == ("models:/sum/2", 100, 2)


def settled(shown: Any) -> Any:
    """Without what the controller changes meanwhile."""
    deployments = [{**each, "state": "", "reason": "", "replicas": []} for each in shown["deployments"]]
    return {**shown, "state": "", "deployments": deployments}


def test_each_key_opens_the_endpoint_and_is_regenerated_separately(registered: Api) -> None:
    create(registered)
    before = registered.get(f"{ENDPOINTS}/adder/keys")

    after = registered.post(f"{ENDPOINTS}/adder/keys", key="Secondary")

    assert before["primary"] == after["primary"]
    assert len({before["primary"], before["secondary"], after["secondary"]}) == 3
    assert registered.fault(f"{ENDPOINTS}/adder/keys", key="third")[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_a_key_chosen_by_the_caller_is_accepted_unless_it_is_weak(registered: Api) -> None:
    create(registered)
    own = "k" * 40

    taken = registered.post(f"{ENDPOINTS}/adder/keys", key="primary", value=own)
    refused = [
        registered.fault(f"{ENDPOINTS}/adder/keys", key="primary", value=v) for v in ("short", "ä" * 20, "a b" * 9)
    ]

    assert taken["primary"] == own
    assert [status for status, *_ in refused] == [400] * 3


@pytest.mark.both
def test_tags_change_and_properties_stay(registered: Api) -> None:
    create(registered, tags={"team": "a"}, properties={"origin": "notebook"})

    changed = registered.ask("PATCH", f"{ENDPOINTS}/adder", {"tags": {"team": "b"}}).json["endpoint"]
    wrong = registered.ask("PATCH", f"{ENDPOINTS}/adder", {"tags": {"../x": "b"}})

    assert (changed["tags"], changed["properties"]) == ({"team": "b"}, {"origin": "notebook"})
    assert registered.get(f"{ENDPOINTS}/adder")["endpoint"]["tags"] == {"team": "b"}
    assert wrong.status == 400


def test_an_endpoint_without_keys_must_be_requested_explicitly(registered: Api) -> None:
    assert create(registered)["auth_mode"] == "key"
    create(registered, "open", auth_mode="none")

    assert registered.fault(f"{ENDPOINTS}/open/keys", method="GET")[0] == 400


def test_an_invalid_value_is_named_and_creates_nothing(registered: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "1x"}, "name is '1x'"),
        ({"name": "a" * 33}, "name is"),
        ({"auth_mode": "basic"}, "auth_mode is 'basic'"),
        ({"model_uri": "s3://bucket/model"}, "model_uri is 's3://bucket/model'"),
        ({"model_uri": "models:/sum/1", "spec": {"replicas": 65}}, "spec.replicas is 65"),
        ({"model_uri": "models:/sum/1", "spec": {"replicas": True}}, "spec.replicas is True"),
        ({"model_uri": "models:/sum/1", "spec": {"cpu": 1}}, "unknown field 'cpu'"),
        ({"model_uri": "models:/sum/1", "spec": {"env": "docker"}}, "spec.env is 'docker'"),
        ({"model_uri": "models:/sum/1", "spec": {"request_timeout_s": 0}}, "spec.request_timeout_s is 0"),
        ({"model_uri": "models:/sum/1", "deployment": "-"}, "deployment is '-'"),
        ({"model_uri": "models:/sum/1", "spec": {"threads": "[" * 9999}}, f"spec.threads is '{'[' * 199}…; it must be"),
    ]

    for fields, named in cases:
        with subtests.test(fields=fields):
            status, _, message = registered.fault(ENDPOINTS, {"name": "adder", **fields})

            assert status == 400
            assert named in message
            assert registered.get(ENDPOINTS)["endpoints"] == []


def test_a_model_that_does_not_exist_is_not_found(registered: Api) -> None:
    assert registered.fault(ENDPOINTS, {"name": "adder", "model_uri": "models:/sum/9"})[0] == 404
    assert registered.fault(ENDPOINTS, {"name": "adder", "model_uri": "runs:/none/model"})[0] == 404


@pytest.mark.both
def test_an_endpoint_name_is_unique_in_its_workspace(registered: Api) -> None:
    create(registered)
    registered.post("/api/trackside/v1/workspaces", {"name": "other"})

    assert registered.fault(ENDPOINTS, {"name": "adder"})[:2] == (400, "RESOURCE_ALREADY_EXISTS")
    create(registered.within("other"))
    assert registered.within("other").get(f"{ENDPOINTS}/adder")["endpoint"]["deployments"] == []


def test_an_invalid_traffic_split_is_refused(registered: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, int], dict[str, int] | None, str]] = [
        ({"blue": 60, "green": 30}, None, "sums to 90"),
        ({"red": 100}, None, "'red'"),
        ({"blue": -1, "green": 101}, None, "-1"),
        ({"blue": 100}, {"blue": 10}, "live or mirrored"),
        ({"blue": 100}, {"green": 51}, "51"),
    ]
    create(registered, model_uri="models:/sum/1")
    made = registered.ask("PUT", f"{ENDPOINTS}/adder/deployments/green", {"model_uri": "models:/sum/2"})
    assert made.status == 200

    for traffic, mirror, named in cases:
        with subtests.test(traffic=traffic, mirror=mirror):
            body = {"traffic": traffic, **({"mirror_traffic": mirror} if mirror else {})}
            status, _, message = registered.fault(f"{ENDPOINTS}/adder", body, method="PATCH")

            assert (status, named in message) == (400, True)
            shares = {d["name"]: d["traffic"] for d in registered.get(f"{ENDPOINTS}/adder")["endpoint"]["deployments"]}
            assert shares == {"blue": 100, "green": 0}


@pytest.mark.both
def test_a_deployment_with_traffic_is_not_deleted(registered: Api) -> None:
    create(registered, model_uri="models:/sum/1")

    refused = registered.ask("DELETE", f"{ENDPOINTS}/adder/deployments/blue")
    registered.ask("PATCH", f"{ENDPOINTS}/adder", {"traffic": {"blue": 0}})
    done = registered.ask("DELETE", f"{ENDPOINTS}/adder/deployments/blue")

    assert (refused.status, done.status, done.json["endpoint"]["deployments"]) == (400, 200, [])


def test_scoring_without_a_replica_answers_when_to_retry(registered: Api) -> None:
    create(registered, auth_mode="none", model_uri="models:/sum/1")

    waiting = registered.ask("POST", f"{SERVICE}/adder/score", {"inputs": []})

    assert (waiting.status, waiting.headers["retry-after"]) == (503, "2")


@pytest.mark.both
def test_the_same_update_retries_a_failed_deployment(registered: Api) -> None:
    create(registered, model_uri="models:/sum/1", spec={"env": "local"})
    wait_for(lambda: endpoint(registered, "adder")["state"] == "Failed")

    again = registered.ask("PUT", f"{ENDPOINTS}/adder/deployments/blue", {"model_uri": "models:/sum/1"})
    refused = registered.ask("POST", f"{ENDPOINTS}/adder/deployments/blue/rollback", {})

    blue = next(each for each in again.json["endpoint"]["deployments"] if each["name"] == "blue")
    assert (blue["state"], blue["generation"]) == ("Transitioning", 2)
    assert (refused.status, "never updated" in refused.json["message"]) == (400, True)


def test_an_endpoint_without_traffic_scores_nothing(registered: Api) -> None:
    create(registered, auth_mode="none")

    assert registered.ask("POST", f"{SERVICE}/adder/score", {"inputs": []}).status == 404


def test_the_number_of_lines_of_a_log_is_checked(registered: Api, subtests: pytest.Subtests) -> None:
    create(registered, model_uri="models:/sum/1")

    for lines in ("0", "x", "5001", "9" * 5000, "²"):
        with subtests.test(lines=lines):
            assert registered.fault(f"{ENDPOINTS}/adder/deployments/blue/logs", method="GET", lines=lines)[0] == 400


def test_a_workspace_with_an_endpoint_is_not_empty(api: Api) -> None:
    api.post("/api/trackside/v1/workspaces", {"name": "north"})
    create(api.within("north"))

    refused = api.ask("DELETE", "/api/trackside/v1/workspaces/north")

    assert (refused.status, "endpoints" in refused.json["message"]) == (400, True)

"""`Webservice` and `Model` of `trackside_mlflow`: their methods and errors against a server, before any replica is ready."""

from collections.abc import Callable
from typing import Any

import pytest

from support.processes.servers import Server
from trackside_mlflow import ConfigError, WebserviceException, Workspace
from trackside_mlflow.serving.models import Model
from trackside_mlflow.serving.webservices import AciWebservice, AksWebservice, Webservice


@pytest.fixture
def workspace(start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """One with two versions of a model whose files are nowhere."""
    monkeypatch.delenv("TRACKSIDE_TOKEN", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    server = start()
    server.api.post("registered-models/create", name="sum")
    for _ in range(2):
        server.api.post("model-versions/create", name="sum", source="s3://bucket/model")
    return Workspace.get("default", url=server.url)


def deploy(workspace: Workspace, name: str = "adder", config: Any = None, **more: Any) -> Webservice:
    return Model.deploy(workspace, name, [Model(workspace, "sum", version=1)], deployment_config=config, **more)


def test_a_service_is_made_found_changed_and_deleted(workspace: Workspace) -> None:
    config = AksWebservice.deploy_configuration(
        autoscale_max_replicas=3,
        tags={"team": "a"},
        properties={"origin": "notebook"},
        description="adds",
        primary_key="k" * 32,
    )

    made = deploy(workspace, config=config)

    assert isinstance(made, AksWebservice)
    assert isinstance(Webservice(workspace, "adder"), AksWebservice)
    assert (made.tags, made.properties, made.description) == ({"team": "a"}, {"origin": "notebook"}, "adds")
    assert made.get_keys()[0] == "k" * 32
    assert [each.id for each in made.models] == ["sum:1"]
    assert made.swagger_uri == f"{workspace.url}/ws/default/api/v1/service/adder/swagger.json"
    made.regen_key("Secondary", "s" * 32)
    assert made.get_keys() == ("k" * 32, "s" * 32)
    made.add_tags({"x": "y"})
    made.remove_tags(["team"])
    made.update(models=[Model(workspace, id="sum:2")], description="adds more", scoring_timeout_ms=500)
    assert (made.tags, made.description, made.served) == ({"x": "y"}, "adds more", [("sum", 2)])
    assert made.serialize()["deploymentSpec"]["request_timeout_s"] == 0.5
    assert Webservice.deserialize(workspace, made.serialize()).name == "adder"
    assert list(workspace.webservices) == ["adder"]
    made.delete()
    assert workspace.webservices == {}


def test_the_collection_of_data_is_the_request_log(workspace: Workspace) -> None:
    def is_on() -> bool:
        path = "/api/trackside/v1/endpoints/adder/request-log"
        return bool(workspace.server.ask(path, {}, within=workspace.name)["request_log"]["is_on"])

    made = deploy(workspace, config=AksWebservice.deploy_configuration(collect_model_data=True))

    assert is_on()
    made.update(collect_model_data=False)
    assert not is_on()


def test_services_are_listed_by_kind_model_and_tags(workspace: Workspace) -> None:
    deploy(workspace, "one", AciWebservice.deploy_configuration(tags={"team": "a"}))
    deploy(workspace, "two", AksWebservice.deploy_configuration(tags={"team": "b"}))

    def names(**wanted: Any) -> list[str]:
        return [each.name for each in Webservice.list(workspace, **wanted)]

    assert names(compute_type="ACI") == ["one"]
    assert names(model_name="sum") == names(model_id="sum:1") == ["one", "two"]
    assert names(model_id="sum:2") == []
    assert (names(tags=["team"]), names(tags=[["team", "b"]])) == (["one", "two"], ["two"])


def test_errors_have_azures_words(workspace: Workspace) -> None:
    deploy(workspace, config=AciWebservice.deploy_configuration(auth_enabled=False))
    service = Webservice(workspace, "adder")

    for action, words in (
        (lambda: Webservice(workspace, "none"), "WebserviceNotFound: Webservice with name none not found"),
        (lambda: Model(workspace, "none"), "ModelNotFound: Model with name none not found"),
        (lambda: Model(workspace, id="sum"), "id is 'sum'"),
        (lambda: deploy(workspace, "adder"), "there is already a service with name adder"),
        (lambda: deploy(workspace, "-x"), "name is '-x'"),
        (lambda: deploy(workspace, "other", AciWebservice.deploy_configuration(speed=1)), "unknown field 'speed'"),
        (service.get_keys, "has no keys"),
        (service.get_token, "token of the workspace"),
        (lambda: service.regen_key("third"), "must be Primary or Secondary"),
        (lambda: service.update(image="x"), "instead of images"),
        (lambda: service.update(models=[Model(workspace, "sum")] * 2), "serves one model"),
        (lambda: service.run({"inputs": []}), "Response Code: 503"),
        (service.models[0].delete, "endpoint 'adder'"),
    ):
        with pytest.raises(WebserviceException, match=words):
            action()


def test_a_service_may_be_overwritten(workspace: Workspace) -> None:
    deploy(workspace)

    again = Model.deploy(workspace, "adder", [Model(workspace, "sum")], overwrite=True)

    assert again.served == [("sum", 2)]


def test_a_failed_deployment_is_returned_with_the_reason(workspace: Workspace) -> None:
    service = deploy(workspace, config=AciWebservice.deploy_configuration(env="local"))

    with pytest.raises(WebserviceException, match="non-successful terminal state, current service state: Failed"):
        service.wait_for_deployment()
    assert service.error is not None
    assert service.error["code"] == "Failed"


def test_models_are_found_tagged_and_deleted(workspace: Workspace) -> None:
    model = Model(workspace, "sum")

    model.add_tags({"stage": "new", "team": "a"})
    model.update(tags={"team": "b"}, description="adds")
    model.add_properties({"origin": "here"})

    found = Model(workspace, "sum", tags=[["team", "b"]], properties=["origin"])
    assert (found.id, found.tags, found.properties, found.description) == (
        "sum:2",
        {"team": "b"},
        {"origin": "here"},
        "adds",
    )
    assert [each.id for each in Model.list(workspace, "sum")] == ["sum:2", "sum:1"]
    assert {name: each.id for name, each in workspace.models.items()} == {"sum": "sum:2"}
    with pytest.raises(WebserviceException, match="already set"):
        found.add_properties({"origin": "there"})
    found.delete()
    assert Model(workspace, "sum").version == 1


def test_a_profile_is_of_one_model_with_its_own_environment(workspace: Workspace) -> None:
    model = Model(workspace, "sum", version=1)

    with pytest.raises(WebserviceException, match="A profile measures one model, but models has 2"):
        Model.profile(workspace, "p", [model, model])
    with pytest.raises(WebserviceException, match="does not accept inference_config"):
        Model.profile(workspace, "p", [model], inference_config=object())
    with pytest.raises(ConfigError, match="input_dataset is a list; it must be a DataFrame"):
        Model.profile(workspace, "p", [model], input_dataset=[[1.0]])


def test_a_failed_profile_is_returned_with_the_reason(workspace: Workspace) -> None:
    profile = Model.profile(workspace, "p", [Model(workspace, "sum", version=1)], description="of the first")

    with pytest.raises(WebserviceException, match="Profiling 'p' failed"):
        profile.wait_for_completion()

    details = profile.get_details()
    assert (details["name"], details["description"], details["state"]) == ("p", "of the first", "Failed")
    assert details["error"]
    assert profile.recommended_cpu is None

"""Allowed sources of versions: runs, logged models and other versions.  On both databases."""

import json

import pytest

from support.client import Api
from support.registry import CLOUD, Registry


@pytest.fixture
def registry(api: Api) -> Registry:
    registry = Registry(api)
    registry.new_model()
    return registry


def logged_model(api: Api, **fields: str) -> tuple[str, str]:
    """Id and root of a new one."""
    info = api.post("logged-models", experiment_id="0", name="m", **fields)["model"]["info"]
    return info["model_id"], info["artifact_uri"]


def download_uri(registry: Registry, version: str, name: str = "iris") -> str:
    found: str = registry.call("GET", "model-versions/get-download-uri", name=name, version=version)["artifact_uri"]
    return found


def test_the_files_of_the_run_that_the_call_names(registry: Registry, api: Api) -> None:
    run, other = api.new_run(), api.new_run()
    root = api.run(run)["info"]["artifact_uri"]

    made = registry.new_version(source=f"{root}/model", run_id=run)

    assert (made["source"], made["run_id"]) == (f"{root}/model", run)
    for run_id in ("", other, "absent"):
        fault = registry.fault(
            "POST",
            "model-versions/create",
            name="iris",
            source=f"{root}/model",
            **({"run_id": run_id} if run_id else {}),
        )
        assert fault == (
            400,
            "INVALID_PARAMETER_VALUE",
            (
                f"Invalid model version source: '{root}/model'. "
                "The run_id request parameter must identify the resource that contains the source."
            ),
        )


def test_a_run_of_another_workspace_is_not_found(api: Api) -> None:
    north, south = api.new_workspace("north"), api.new_workspace("south")
    run = north.new_run()
    root = north.run(run)["info"]["artifact_uri"]
    Registry(south).new_model()

    fault = Registry(south).fault("POST", "model-versions/create", name="iris", source=f"{root}/model", run_id=run)

    assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_a_local_path_must_be_in_the_run(registry: Registry, api: Api) -> None:
    message = (
        "Invalid model version source: '/etc'. To use a local path as a model version source, the run_id request "
        "parameter has to be specified and the local path has to be contained within the artifact directory of the "
        "run specified by the run_id."
    )

    assert registry.fault("POST", "model-versions/create", name="iris", source="/etc")[2] == message
    assert (
        registry.fault("POST", "model-versions/create", name="iris", source="/etc", run_id=api.new_run())[2] == message
    )


def test_a_file_of_another_host_is_refused_in_mlflows_words(registry: Registry, api: Api) -> None:
    fault = registry.fault(
        "POST", "model-versions/create", name="iris", source="file://elsewhere/iris", run_id=api.new_run()
    )

    assert fault[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert fault[2].startswith("file://elsewhere/iris is not a valid remote uri. A file URI must be local")


def test_a_version_is_created_with_any_value_in_the_tag_of_its_model(registry: Registry, api: Api) -> None:
    made = api.post("logged-models", experiment_id="0", name="tree")["model"]["info"]

    for i, text in enumerate(("x", "1", "{}", "[" * 5000), 1):
        tags = [{"key": "mlflow.modelVersions", "value": text}]
        api.ask("PATCH", f"logged-models/{made['model_id']}/tags", {"tags": tags})
        registry.new_version(source=made["artifact_uri"], model_id=made["model_id"])

        model = api.get(f"logged-models/{made['model_id']}")["model"]
        (tag,) = model["info"]["tags"]
        assert json.loads(tag["value"]) == [{"name": "iris", "version": i}], text[:10]


def test_dots_in_a_local_path_are_resolved_before_the_check(registry: Registry, api: Api) -> None:
    experiment = api.post("experiments/create", name="local", artifact_location="file:///data/local")["experiment_id"]
    run = api.post("runs/create", experiment_id=experiment)["run"]["info"]
    root = run["artifact_uri"]

    for i, path in enumerate((".", "model/..", "a/./b/../model"), 1):
        registry.new_version(source=f"{root}/{path}", run_id=run["run_id"])
        assert download_uri(registry, str(i)) == f"{root}/a/model" if path.startswith("a") else root

    for path in ("..", "model/../..", "%2e%2e", f"../../{run['run_id']}x/artifacts"):
        fault = registry.fault(
            "POST", "model-versions/create", name="iris", source=f"{root}/{path}", run_id=run["run_id"]
        )
        assert fault[0] == 400
        assert "has to be contained within the artifact directory of the run" in fault[2]


def test_a_version_of_a_logged_model_has_its_files_and_run(registry: Registry, api: Api) -> None:
    run = api.new_run()
    model_id, root = logged_model(api, source_run_id=run)

    made = registry.new_version(source=f"models:/{model_id}", model_id=model_id)
    again = registry.new_version(source=f"{root}/x", model_id=model_id)

    assert (made["source"], made["run_id"]) == (f"models:/{model_id}", run)
    assert download_uri(registry, "1") == root
    assert download_uri(registry, again["version"]) == f"{root}/x"


def test_a_logged_model_has_a_tag_with_its_versions(registry: Registry, api: Api) -> None:
    model_id, _ = logged_model(api)

    for _ in range(2):
        registry.new_version(source=f"models:/{model_id}", model_id=model_id)

    (tag,) = api.get(f"logged-models/{model_id}")["model"]["info"]["tags"]
    assert tag["key"] == "mlflow.modelVersions"
    assert json.loads(tag["value"]) == [{"name": "iris", "version": 1}, {"name": "iris", "version": 2}]


def test_a_logged_model_must_be_named_and_exist(registry: Registry, api: Api) -> None:
    model_id, _ = logged_model(api)
    create = ("POST", "model-versions/create")

    unnamed = registry.fault(*create, name="iris", source=f"models:/{model_id}")
    absent = registry.fault(*create, name="iris", source="models:/m-x", model_id="m-x")

    assert unnamed[0] == 400
    assert "The model_id request parameter must identify" in unnamed[2]
    assert absent == (404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID 'm-x' not found.")


@pytest.mark.both
def test_a_copy_has_the_files_and_the_run_of_the_version(registry: Registry) -> None:
    registry.new_version(run_id="r1")
    registry.new_model("copies")

    first = registry.new_version("copies", source="models:/iris/1")
    second = registry.new_version("copies", source="models:/copies/1", run_id="r1")

    assert (first["source"], first["run_id"]) == ("models:/iris/1", "r1")
    assert (second["source"], second["run_id"]) == ("models:/copies/1", "r1")
    assert download_uri(registry, "2", "copies") == CLOUD


@pytest.mark.both
def test_a_copy_by_stage_alias_or_of_the_newest_names_the_version(registry: Registry) -> None:
    for _ in range(3):
        registry.new_version()
    registry.move(1, "Production")
    registry.alias("best", 2)

    made = [registry.new_version(source=f"models:/iris{named}") for named in ("/production", "@best", "/latest")]

    assert [version["source"] for version in made] == ["models:/iris/1", "models:/iris/2", "models:/iris/5"]


def test_invalid_copies_are_refused(registry: Registry, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, str], tuple[int, str]]] = [
        ("models:/iris/9", {}, (404, "Model Version (name=iris, version=9) not found")),
        ("models:/none/1", {}, (404, "Registered Model with name=none not found")),
        ("models:/iris@none", {}, (400, "Registered model alias none not found.")),
        ("models:/iris/Staging", {}, (404, "No versions of model with name 'iris' and stage 'Staging' found")),
        (
            "models:/iris/1",
            {"run_id": "r2"},
            (
                400,
                (
                    "Invalid model version source: 'models:/iris/1'. The run_id and model_id request parameters must "
                    "match the referenced model version."
                ),
            ),
        ),
        (
            "models:/hello/1",
            {},
            (
                400,
                (
                    "Invalid model version source: 'models:/hello/1'. "
                    "Prompt versions cannot be used as model version sources."
                ),
            ),
        ),
    ]

    is_prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    registry.new_version(run_id="r1")
    registry.new_model("hello", tags=is_prompt)
    registry.new_version("hello", source="dummy-source", tags=is_prompt)

    for source, fields, fault in cases:
        with subtests.test(source=source):
            status, _, message = registry.fault("POST", "model-versions/create", name="iris", source=source, **fields)

            assert (status, message) == fault


def test_a_prompt_has_only_a_placeholder_as_source(registry: Registry) -> None:
    is_prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    registry.new_model("hello", tags=is_prompt)

    for source in ("dummy-source", "prompt-template"):
        registry.new_version("hello", source=source, tags=is_prompt)

    assert registry.fault("POST", "model-versions/create", name="hello", source=CLOUD, tags=is_prompt)[2] == (
        f"Invalid prompt source: '{CLOUD}'. Prompt sources must use an MLflow placeholder."
    )
    assert registry.fault("POST", "model-versions/create", name="iris", source="dummy-source")[0] == 400


def test_the_length_of_a_source_is_limited(registry: Registry) -> None:
    source = f"s3://bucket/{'ä' * 1_018}"

    assert registry.new_version(source=source)["source"] == source
    assert registry.fault("POST", "model-versions/create", name="iris", source=f"{source}x")[2] == (
        "'source' exceeds the maximum length of 2048 bytes: it has 2049"
    )

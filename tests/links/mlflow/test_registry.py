"""The registry of a real `mlflow server`, which assigns version numbers itself and has no change log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.client import Api, Socket
from support.links import LINKS, add, check, link, log, put_file, settle, until
from support.processes.servers import Server
from support.registry import Registry

pytestmark = pytest.mark.slow
LINK = "stock"


@pytest.fixture
def stock(stock_url: str) -> Iterator[Api]:
    transport = Socket(int(stock_url.rpartition(":")[2]))
    yield Api(transport)
    transport.close()


def test_a_locally_registered_model_is_loaded_from_the_remote(
    server: Server, stock_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = server.api.new_workspace("north")
    add(here, LINK, stock_url, registry=True)
    register(f"{server.url}/ws/north", "pushed")

    settle(here, LINK)

    assert predict(stock_url, "models:/pushed/1") == [3.0]
    assert [entry for entry in log(here, LINK) if entry["kind"] != "skipped"] == []
    assert check(here, LINK) == []  # MLflow writes into the logged model, too, that it is registered


def test_a_remotely_registered_model_is_loaded_locally(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    register(stock_url, "pulled")
    Registry(stock).alias("best", 1, "pulled")
    add(here, LINK, stock_url, mode="pull", registry=True)

    until(lambda: link(here, LINK)["mirrored"].get("model_version", 0) >= 1, "the version to come")
    until(lambda: "pulled" in names(here) and "aliases" in Registry(here).model("pulled"), "the alias to come")

    assert predict(f"{server.url}/ws/north", "models:/pulled@best") == [3.0]
    Registry(stock).delete_model("pulled")
    until(lambda: "pulled" not in names(here), "the deletion to come")


def test_changes_on_either_side_reach_the_other(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    ours, theirs = Registry(here), Registry(stock)
    run = here.new_run(here.new_experiment("both"))
    put_file(here, run, "model/MLmodel", b"flavors: {}")
    root = here.run(run)["info"]["artifact_uri"]
    ours.new_model("both", tags=[{"key": "t", "value": "1"}], description="d")
    for _ in range(3):
        ours.new_version("both", source=f"{root}/model", run_id=run)
    ours.delete_version(1, "both")
    ours.alias("best", 3, "both")
    ours.move(3, "Production", name="both")
    add(here, LINK, stock_url, mode="both", registry=True)
    settle(here, LINK)
    until(lambda: "both" in names(stock), "the model to arrive")
    there = theirs.model("both")
    numbers = {tag(theirs.version(n, "both"), "trackside.source_version"): n for n in (1, 2)}

    theirs.call("POST", "model-versions/set-tag", name="both", version=str(numbers["both/3"]), key="who", value="they")
    theirs.call("PATCH", "registered-models/update", name="both", description="new")
    until(lambda: ours.model("both").get("description") == "new", "the description to come")
    until(lambda: tag(ours.version(3, "both"), "who") == "they", "the tag to come")
    ours.call("POST", "registered-models/rename", name="both", new_name="renamed")
    ours.delete_version(2, "renamed")
    settle(here, LINK)

    assert numbers == {"both/2": 1, "both/3": 2}
    assert there["aliases"] == [{"alias": "best", "version": "2"}]
    assert theirs.version(2, "renamed")["current_stage"] == "Production"
    assert theirs.fault("GET", "model-versions/get", name="renamed", version="1")[0] == 404
    said = [entry["message"] for entry in log(here, LINK) if entry["kind"] == "conflict"]
    assert "model both version 3: version 3 here is 2 there, since 2 cannot be the number of both" in said
    assert [each for each in said if "stage" in each] == []


@pytest.mark.parametrize("mode", ["pull", "both"])
def test_models_that_swap_names_remotely_keep_their_versions(
    server: Server, stock: Api, stock_url: str, mode: str
) -> None:
    from mlflow import MlflowClient

    here, client = server.api.new_workspace("north"), MlflowClient(stock_url, stock_url)
    one, two, three, four = (f"{mode} {name}" for name in ("one", "two", "three", "four"))
    for name in (one, two, three):
        Registry(stock).new_model(name)
        Registry(stock).new_version(name, description=name)
    add(here, LINK, stock_url, mode=mode, registry=True)
    until(lambda: versions(here, one, two, three) == {one: [one], two: [two], three: [three]}, "the models to come")
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")

    for name, new_name in ((one, four), (two, one), (four, two)):  # swapped
        client.rename_registered_model(name, new_name)
    client.rename_registered_model(three, four)
    Registry(stock).new_version(one, description="new")
    here.post(f"{LINKS}/{LINK}/resume")

    expected = {one: sorted(["new", two]), two: [one], four: [three]}
    until(
        lambda: versions(here, one, two, four) == expected and link(here, LINK)["lag_items"] == 0,
        "the names to arrive",
        said=lambda: (versions(here, one, two, four), log(here, LINK)),
    )
    assert versions(stock, one, two, four) == expected
    assert three not in names(here)
    assert check(here, LINK) == []


def test_a_copy_that_is_promoted_there_into_another_model_is_a_version_of_its_own(
    server: Server, stock: Api, stock_url: str
) -> None:
    from mlflow import MlflowClient

    here, client = server.api.new_workspace("north"), MlflowClient(stock_url, stock_url)
    register(f"{server.url}/ws/north", "dev")
    add(here, LINK, stock_url, mode="both", registry=True)
    until(lambda: "dev" in names(stock), "the model to arrive")
    settle(here, LINK)

    client.copy_model_version("models:/dev/1", "prod")
    client.update_model_version("prod", "1", description="promoted")
    until(lambda: versions(here, "prod") == {"prod": ["promoted"]}, "the copy to come", said=lambda: log(here, LINK))
    settle(here, LINK)

    assert [
        each.get("description", "") for each in (Registry(here).version(1, "dev"), Registry(stock).version(1, "dev"))
    ] == [
        "",
        "",
    ]
    assert check(here, LINK) == []
    assert predict(f"{server.url}/ws/north", "models:/prod/1") == [3.0]


def versions(api: Api, *models: str) -> dict[str, list[str]]:
    """The descriptions of the versions of each model."""
    found = {
        name: api.get("model-versions/search", filter=f"name = '{name}'").get("model_versions", []) for name in models
    }
    return {name: sorted(each.get("description", "") for each in listed) for name, listed in found.items()}


def test_files_without_a_mirrored_run_get_a_run_that_keeps_them(server: Server, stock: Api, stock_url: str) -> None:
    here = server.api.new_workspace("north")
    run = here.new_run(here.new_experiment("private"))
    put_file(here, run, "model/MLmodel", b"flavors: {}")
    root = here.run(run)["info"]["artifact_uri"]
    Registry(here).new_model("kept")
    Registry(here).new_version("kept", source=f"{root}/model", run_id=run)
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    Registry(here).new_model("greeting", tags=prompt)
    text = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}
    Registry(here).new_version("greeting", source="prompt-template", tags=[*prompt, text])
    add(here, LINK, stock_url, mode="both", experiments=["nothing"], registry=True)

    settle(here, LINK)

    version = Registry(stock).version(1, "kept")
    files = stock.get("artifacts/list", run_id=version["run_id"])["files"]
    assert [each["path"] for each in files] == ["MLmodel"]
    assert version["source"] == stock.run(version["run_id"])["info"]["artifact_uri"]
    assert tag(Registry(stock).version(1, "greeting"), "mlflow.prompt.text") == "Hello {{name}}"


def register(uri: str, name: str) -> None:
    """As users do, by the stock client."""
    import mlflow
    from sklearn.linear_model import LinearRegression

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    model = LinearRegression().fit([[0.0], [1.0]], [1.0, 2.0])
    mlflow.set_experiment(f"training {name}")
    with mlflow.start_run():
        mlflow.sklearn.log_model(model, name="model", registered_model_name=name)


def predict(uri: str, model: str) -> list[float]:
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return [round(float(each), 6) for each in mlflow.pyfunc.load_model(model).predict([[2.0]])]


def names(api: Api) -> list[str]:
    found = Registry(api).call("GET", "registered-models/search", max_results=1000).get("registered_models", [])
    return [each["name"] for each in found]


def tag(version: Any, key: str) -> str | None:
    found: dict[str, str] = {each["key"]: each["value"] for each in version.get("tags", [])}
    return found.get(key)

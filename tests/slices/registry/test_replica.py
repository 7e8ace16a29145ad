"""Replicated versions, by a link or an import: their allowed sources, and searches for them."""

import pytest

from support.client import Api, Reply
from support.registry import Registry
from trackside import app

ITEM = "/api/trackside/v1/sync/item"


def bring(api: Api, source: str, *fields: list[str]) -> Reply:
    put = [["number", "", "1"], ["source", "", source], *fields]
    api.post(ITEM, entity="registered_model", id="m", put=[["name", "", "iris"]])
    return api.ask("POST", ITEM, {"entity": "model_version", "id": "m/v", "put": put})


def test_invalid_sources_of_replicated_versions_are_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    sources = [
        "/etc/passwd",
        "etc/passwd",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "FILE:///etc/passwd",
        "file://localhost/etc/passwd",
        "mlflow-artifacts:/1/somebodys/artifacts",
        "http://127.0.0.1:5000/api/2.0/mlflow-artifacts/artifacts/x",
        "https://evil.example/x",
        "s3://bucket/a/../b",
        "s3://bucket/a\nb",
        "runs:/r/model\n",
        "runs:/r",
        "models:/m-1/2/3",
    ]

    for source in sources:
        with subtests.test(source=source):
            reply = bring(sqlite_api, source)

            assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
            said = reply.json["message"]
            assert "Invalid model version source" in said or "Not a proper runs" in said
            assert sqlite_api.get("model-versions/search") == {}


def test_files_of_a_run_that_lie_outside_of_it_are_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    run = sqlite_api.new_run()

    for path in ("../../other", "model/../../x", "%2e%2e/x", "..%2fx"):
        with subtests.test(path=path):
            reply = bring(sqlite_api, "s3://b/k", ["origin", "", f"run/{run}/{path}"])

            assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("root", ["file:///data/local", "s3://bucket/a", "/data/local", "mlflow-artifacts:/a"])
def test_files_of_a_replicated_run_have_local_locations(sqlite_api: Api, root: str) -> None:
    run = sqlite_api.new_run(sqlite_api.new_experiment("local", artifact_location=root))
    uri = sqlite_api.run(run)["info"]["artifact_uri"]

    assert bring(sqlite_api, "/mlruns/0/x/artifacts/model", ["origin", "", f"run/{run}/model"]).status == 200

    assert Registry(sqlite_api).version(1)["source"] == f"{uri}/model"


@pytest.mark.parametrize(
    "source", ["s3://bucket/a", "dbfs:/a/b", "runs:/r/model", "models:/m-1", "models:/other/3", "gs://bucket/a b"]
)
def test_a_source_without_local_files_stays_unchanged(sqlite_api: Api, source: str) -> None:
    assert bring(sqlite_api, source).status == 200

    assert Registry(sqlite_api).version(1)["source"] == source


def test_a_version_whose_logged_model_is_not_here_can_be_copied(api: Api) -> None:
    assert bring(api, "models:/m-1", ["model_id", "", "m-1"]).status == 200
    api.post("registered-models/create", name="copy")

    made = api.post("model-versions/create", name="copy", source="models:/iris/1")["model_version"]

    assert (made["source"], made["version"]) == ("models:/iris/1", "1")


@pytest.mark.both
def test_a_replicated_version_is_found_by_a_part_of_its_source(application: app.App, api: Api) -> None:
    api.post("registered-models/create", name="lily")
    api.post("model-versions/create", name="lily", source="s3://bucket/flowers/iris")
    bring(api, "s3://bucket/flowers/iris")

    found = api.get("model-versions/search", filter="source_path LIKE '%flowers%'")["model_versions"]
    with application.asgi._database.read(1) as tx:
        known = tx.all("SELECT DISTINCT source_grams FROM model_versions WHERE workspace_id = :ws")

    assert [version["name"] for version in found] == ["iris", "lily"]
    assert len(known) == 1  # of the same text the same bits, which are never -1: not computed
    assert known[0][0] != -1


def test_a_field_of_an_unknown_kind_is_refused(sqlite_api: Api) -> None:
    reply = bring(sqlite_api, "s3://bucket/a", ["colour", "", "red"])

    assert (reply.status, reply.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "colour" in reply.json["message"]

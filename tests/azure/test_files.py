"""Files of Microsoft's clients: a signed URL for each, uploads at once and in blocks, and downloads by ranges."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from support.client import Api, Reply
from support.people import OURS, People

SCOPE = "/subscriptions/S1/resourceGroups/R1/providers/Microsoft.MachineLearningServices/workspaces/team"
XML = {"content-type": "application/xml"}
WHOLE = {"content-type": "application/octet-stream", "x-ms-blob-type": "BlockBlob", "if-none-match": "*"}


@pytest.fixture
def team(api: Api) -> Api:
    api.post(f"{OURS}/workspaces", name="team", subscription_id="S1", resource_group="R1")
    return api


def of_run(run: str) -> str:
    return f"/history/v1.0{SCOPE}/experiments/any/runs/{run}/artifacts"


def address(told: Any, path: str) -> str:
    """Return the path and the query of a URL."""
    whole = urlsplit(told["artifactContentInformation"][path]["contentUri"])
    assert (whole.scheme, whole.netloc) == ("http", "localhost")
    return f"{unquote(whole.path)}?{whole.query}"


def writing(api: Api, run: str, *paths: str) -> Any:
    return api.post(f"{of_run(run)}/batch/metadata", paths=[{"path": path} for path in paths])


def reading(api: Api, run: str, path: str) -> str:
    whole = urlsplit(api.get(f"{of_run(run)}/contentinfo", path=path)["contentUri"])
    return f"{unquote(whole.path)}?{whole.query}"


def put(api: Api, where: str, body: bytes, **headers: str) -> Reply:
    return api.ask("PUT", where, body, headers={**WHOLE, **headers})


def new_run(api: Api) -> str:
    return api.within("team").new_run(api.within("team").new_experiment("/Shared/e"))


def test_a_file_is_put_listed_and_got(team: Api) -> None:
    run = new_run(team)
    told = writing(team, run, "a/b c.txt", "empty")

    assert put(team, address(told, "a/b c.txt"), b"hello").status == 201
    assert put(team, address(told, "empty"), b"").status == 201

    listed = team.get(of_run(run))
    assert [each["path"] for each in listed["value"]] == ["a/b c.txt", "empty"]
    assert listed["nextLink"] is None
    got = team.ask("GET", reading(team, run, "a/b c.txt"), headers={"x-ms-range": "bytes=0-33554431"})
    assert (got.status, got.body, got.headers["content-range"]) == (206, b"hello", "bytes 0-4/5")
    assert got.headers["x-ms-blob-type"] == "BlockBlob"
    part = team.ask("GET", reading(team, run, "a/b c.txt"), headers={"x-ms-range": "bytes=1-2"})
    assert part.body == b"el"
    beyond = team.ask("GET", reading(team, run, "empty"), headers={"x-ms-range": "bytes=0-99"})
    assert (beyond.status, beyond.headers["x-ms-error-code"]) == (416, "InvalidRange")
    assert team.ask("GET", reading(team, run, "empty")).body == b""
    # The same file by MLflow's own calls.
    assert team.within("team").ask("GET", f"/get-artifact?run_id={run}&path=a/b%20c.txt").body == b"hello"


def test_a_file_is_uploaded_in_blocks(team: Api) -> None:
    run = new_run(team)
    where = address(writing(team, run, "big"), "big")
    for block_id, body in (("Mg==", b"two"), ("MQ==", b"one")):
        assert put(team, f"{where}&comp=block&blockid={block_id}", body).status == 201
    assert team.ask("GET", f"{of_run(run)}/contentinfo", arguments={"path": "big"}).status == 404

    listed = b"<?xml version='1.0'?><BlockList><Latest>MQ==</Latest><Latest>Mg==</Latest></BlockList>"
    assert team.ask("PUT", f"{where}&comp=blocklist", listed, headers=XML).status == 201

    assert team.ask("GET", reading(team, run, "big")).body == b"onetwo"


def test_a_block_list_with_a_missing_block_changes_nothing(team: Api) -> None:
    run = new_run(team)
    where = address(writing(team, run, "big"), "big")
    put(team, where, b"before")
    put(team, f"{where}&comp=block&blockid=MQ==", b"one")

    listed = b"<BlockList><Latest>MQ==</Latest><Latest>OQ==</Latest></BlockList>"
    reply = team.ask("PUT", f"{where}&comp=blocklist", listed, headers=XML)

    assert (reply.status, reply.headers["x-ms-error-code"]) == (400, "InvalidBlockList")
    assert b"OQ==" in reply.body
    assert team.ask("GET", reading(team, run, "big")).body == b"before"


def test_the_blocks_of_a_file_count_as_one_file_in_a_quota(team: Api) -> None:
    run = new_run(team)
    quota = {"scope": "workspace", "measure": "bytes", "limit": 10}
    assert team.within("team").ask("PUT", f"{OURS}/quotas", quota).status == 200
    one, other = (address(writing(team, run, path), path) for path in ("f", "g"))

    assert put(team, f"{one}&comp=block&blockid=MQ==", b"12345678").status == 201
    for where in (one, other):
        reply = put(team, f"{where}&comp=block&blockid=Mg==", b"12345678")
        assert (reply.status, b"10 bytes" in reply.body.lower()) == (403, True), reply
    assert put(team, f"{other}&comp=block&blockid=Mg==", b"12").status == 201

    listed = b"<BlockList><Latest>MQ==</Latest></BlockList>"
    assert team.ask("PUT", f"{one}&comp=blocklist", listed, headers=XML).status == 201
    assert [each["path"] for each in team.get(of_run(run))["value"]] == ["f"]


def test_two_uploads_of_one_path_do_not_mix(team: Api) -> None:
    run = new_run(team)
    one, other = (address(writing(team, run, "same"), "same") for _ in range(2))
    for where, body in ((one, b"11"), (other, b"22")):
        for block_id in ("MQ==", "Mg=="):
            put(team, f"{where}&comp=block&blockid={block_id}", body)
    listed = b"<BlockList><Latest>MQ==</Latest><Latest>Mg==</Latest></BlockList>"

    assert team.ask("PUT", f"{one}&comp=blocklist", listed, headers=XML).status == 201

    assert team.ask("GET", reading(team, run, "same")).body == b"1111"


def test_a_signed_url_is_for_one_file_one_use_and_one_workspace(team: Api) -> None:
    run = new_run(team)
    where = address(writing(team, run, "mine", "other"), "mine")
    put(team, where, b"x")
    path, query = where.split("?")

    for changed in (
        path.replace("/mine", "/other") + "?" + query,
        where.replace("sp=cw", "sp=r"),
        where.replace("/ws/team/", "/"),
        where.replace("sig=", "sig=0"),
        f"{path}?sig=",
        path,
    ):
        reply = put(team, changed, b"y")
        assert reply.status == 403, changed
        assert reply.headers["x-ms-error-code"] == "AuthenticationFailed"
    assert put(team, reading(team, run, "mine"), b"y").status == 403
    assert team.ask("GET", where).status == 403
    assert team.ask("GET", reading(team, run, "mine")).body == b"x"


def test_a_block_twice_in_a_list_and_a_copy_from_elsewhere_are_refused(team: Api) -> None:
    run = new_run(team)
    where = address(writing(team, run, "f"), "f")
    put(team, f"{where}&comp=block&blockid=MQ==", b"12345678")
    twice = b"<BlockList><Latest>MQ==</Latest><Latest>MQ==</Latest></BlockList>"

    repeated = team.ask("PUT", f"{where}&comp=blocklist", twice, headers=XML)
    copied = put(team, where, b"", **{"x-ms-copy-source": "https://example.org/x"})

    assert (repeated.status, b"'MQ==' more than once" in repeated.body) == (400, True)
    assert (copied.status, b"x-ms-copy-source" in copied.body) == (501, True), copied
    assert team.get(of_run(run))["value"] == []


def test_a_path_out_of_the_folder_is_refused_and_other_files_are_not(team: Api, subtests: pytest.Subtests) -> None:
    run = new_run(team)

    for path in ["../up", "a/../../b", "/etc/passwd", "", "a#b", "a\\b"]:
        with subtests.test(path=path):
            told = writing(team, run, path, "fine")

            assert set(told["errors"]) == {path}
            assert set(told["artifacts"]) == {"fine"}


def test_missing_runs_answer_with_arms_error(team: Api) -> None:
    reply = team.ask("POST", f"{of_run('f' * 32)}/batch/metadata", {"paths": [{"path": "a"}]})

    assert (reply.status, reply.json["error"]["code"]) == (404, "ResourceNotFound")
    strange = of_run(new_run(team)).replace("/R1/", "/R2/")
    assert team.ask("GET", strange).json["error"]["code"] == "ResourceNotFound"


def test_uris_are_converted_to_azures_form_and_back(team: Api) -> None:
    run = new_run(team)
    mlflow = f"/mlflow/v2.0{SCOPE}/api/2.0/mlflow"
    info = team.ask("GET", f"{mlflow}/runs/get", arguments={"run_id": run}).json["run"]["info"]
    root = f"azureml://localhost/mlflow/v2.0{SCOPE}/experiments/{info['experiment_id']}/runs/{run}/artifacts"
    assert info["artifact_uri"] == root

    team.post(f"{mlflow}/registered-models/create", name="m")
    made = team.post(f"{mlflow}/model-versions/create", name="m", source=f"{root}/model", run_id=run)["model_version"]
    assert made["source"] == f"{root}/model"

    plain = team.within("team").ask("GET", "model-versions/get?name=m&version=1").json["model_version"]["source"]
    assert plain.startswith("mlflow-artifacts:/workspaces/team/")
    assert plain.endswith(f"/{run}/artifacts/model")


def test_files_without_a_run_become_a_version(team: Api) -> None:
    where = f"/artifact/v2.0{SCOPE}/artifacts/LocalUpload/261129T080000-0123abcd"
    told = team.post(f"{where}/batch/metadata", paths=[{"path": "model/MLmodel"}])
    assert put(team, address(told, "model/MLmodel"), b"flavors: {}").status == 201
    assert [each["path"] for each in team.get(where)["value"]] == ["model/MLmodel"]

    mlflow = f"/mlflow/v2.0{SCOPE}/api/2.0/mlflow"
    source = "azureml://artifacts/LocalUpload/261129T080000-0123abcd/model"
    team.post(f"{mlflow}/registered-models/create", name="m")
    made = team.post(f"{mlflow}/model-versions/create", name="m", source=source)["model_version"]

    assert made["source"] == source
    got = team.within("team").ask("GET", f"{OURS}/model-versions/files?name=m&version=1&path=MLmodel")
    assert got.status in (200, 404)  # by our own call, where it is under this path
    above = {"name": "m", "source": "mlflow-artifacts:/azureml-uploads/LocalUpload"}
    assert team.within("team").ask("POST", "model-versions/create", above).status == 400


def test_rights_at_one_experiment_are_enough_for_its_files(people: People) -> None:
    admin = people.admin
    mine, other = (admin.new_experiment(name) for name in ("mine", "other"))
    runs = {each: admin.new_run(each) for each in (mine, other)}
    ana = people.add("ana", "Contributor", f"/ws/default/experiments/{mine}")
    where = "/azure/history/experiments/x/runs/{}/artifacts"

    assert ana.ask("GET", where.format(runs[mine])).status == 200
    assert ana.ask("GET", where.format(runs[other])).status == 403
    assert ana.ask("POST", f"{where.format(runs[other])}/batch/metadata", {"paths": []}).status == 403
    assert ana.ask("POST", "artifacts/credentials-for-write", {"run_id": runs[mine], "path": ["a"]}).status == 200
    assert ana.ask("POST", "artifacts/credentials-for-read", {"run_id": runs[other], "path": ["a"]}).status == 403

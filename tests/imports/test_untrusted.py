"""Imports from untrusted sources: a server that names paths of this machine, versions that name any folder."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from imports.conftest import Done, Importer
from support.faults.answering import Answered, Asked, answering
from support.processes.servers import Server
from support.stock.mlruns import Mlruns
from support.stock.server import stock_server
from trackside.imports.places import Finder, InBucket
from trackside.imports.source import Unreadable

SECRET = b"nobody else's"


@contextmanager
def naming(*sources: str, run: str = "") -> Iterator[str]:
    """The URL of a server whose model `net` has versions with those sources, and that has nothing else, but a run whose
    files are at `run`, if that is said.  It lists no files."""
    runs = [{"info": {"run_id": "a1", "experiment_id": "0", "artifact_uri": run, "status": "FINISHED"}}] if run else []
    versions = [{"name": "net", "version": str(n), "source": each} for n, each in enumerate(sources, 1)]
    answers: Mapping[str, Any] = {
        "model-versions/search": {"model_versions": versions},
        "registered-models/search": {"registered_models": [{"name": "net"}] if sources else []},
        "experiments/search": {"experiments": [{"experiment_id": "0", "name": "Default"}]},
        "runs/search": {"runs": runs},
    }

    def answer(asked: Asked) -> Answered:
        call = asked.path.partition("?")[0].partition("/mlflow/")[2]
        return Answered(body=json.dumps({} if "is_prompt" in asked.path else answers.get(call, {})).encode())

    with answering(answer) as address:
        yield address


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of the user's, with a secret, and a model that the server may have."""
    made = tmp_path / "home"
    for folder, name in (("keys", "MLmodel"), ("store/net", "MLmodel"), ("store/other", "weights")):
        (made / folder).mkdir(parents=True)
        (made / folder / name).write_bytes(SECRET if folder == "keys" else b"weights")
    (made / "store" / "link").symlink_to(made / "keys")
    (made / "store" / "net" / "leads-out").symlink_to(made / "keys" / "MLmodel")
    return made


def test_a_server_cannot_have_files_of_this_machine_published(server: Server, bring: Importer, home: Path) -> None:
    keys = home / "keys"
    with naming(str(keys), keys.as_uri(), f"file:{keys}", "home/keys", "/etc", "s3://mine/keys") as url:
        done = bring(url, cwd=home.parent)

    left = _unread(done)
    assert (done.code, sorted(left)) == (1, list("123456"))
    assert all("name their folder: --artifacts FOLDER" in left[number] for number in "12345")
    assert "name it: --artifacts BUCKET" in left["6"]
    assert _kept(server) == set()


def test_only_files_below_the_given_folder_of_a_server_are_read(server: Server, bring: Importer, home: Path) -> None:
    store = home / "store"
    outside = (
        str(home / "keys"),
        f"{store}/../keys",
        str(store / "link"),
        "mlflow-artifacts:/link",
        f"{store}-of-others",
    )
    with naming(str(store / "net"), (store / "other").as_uri(), *outside, f"{store}/{'x' * 5000}", "/\0") as url:
        done = bring(url, "--artifacts", str(store))

    left = _unread(done)
    assert (done.code, sorted(left)) == (1, list("3456789"))
    assert all("is not below" in left[number] for number in "345679")
    assert _kept(server) == {b"weights"}
    assert done.report["files"] == 2


@pytest.mark.slow
def test_run_files_are_read_from_the_servers_storage_if_its_location_is_given(
    server: Server, bring: Importer, home: Path
) -> None:
    with naming(run=(home / "store" / "net").as_uri()) as url:
        through = bring(url)
        beside = bring(url, "--verify", "--artifacts", str(home / "keys"))
        kept = _kept(server)
        said = bring(url, "--verify", "--artifacts", str(home / "store"))

    assert (through.code, beside.code, said.code) == (0, 0, 0)
    assert (through.report["files"], beside.report["files"], said.report["files"]) == (0, 0, 1)
    assert (kept, _kept(server)) == (set(), {b"weights"})


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_only_given_buckets_of_a_server_are_read(scheme: str) -> None:
    finder = Finder([], [f"{scheme}://mine/store", f"{scheme}://more"], is_ours=False)

    assert isinstance(finder.at(f"{scheme}://mine/store/net"), InBucket)
    assert isinstance(finder.at(f"{scheme}://more/net"), InBucket)
    assert isinstance(finder.at("mlflow-artifacts:/0/run/artifacts"), InBucket)
    for place in (
        "mine/store-of-others/f",
        "mine/keys",
        "yours/store/f",
        "mine/store/../keys",
        "mine/store/%2e%2e/keys",
    ):
        with pytest.raises(Unreadable, match="name it: --artifacts BUCKET"):
            finder.at(f"{scheme}://{place}").files()


def test_a_version_with_files_in_a_bucket_needs_the_bucket_to_be_given() -> None:
    unsaid, said = Finder([]), Finder([], ["s3://models/team", "/srv/files"])

    for uri in ("s3://models/team/net", "s3://models/team", "s3://models/team/../keys", "s3://models/team-of-others/f"):
        with pytest.raises(Unreadable, match="name it: --artifacts BUCKET"):
            unsaid.of_version(uri).files()
    assert isinstance(said.of_version("s3://models/team/net"), InBucket)
    assert isinstance(said.of_version("mlflow-artifacts:/models/m/artifacts"), InBucket)
    for uri in ("s3://models/team/../keys", "s3://models/team-of-others/f", "gs://models/team/net"):
        with pytest.raises(Unreadable, match="name it: --artifacts BUCKET"):
            said.of_version(uri).files()
    assert isinstance(
        unsaid.at("s3://runs/0/run/artifacts"), InBucket
    )  # of a run: its id is in it, whoever chose the rest


def test_a_version_in_a_folder_without_a_model_needs_the_folder_to_be_given(
    server: Server, bring: Importer, mlruns: Mlruns, home: Path
) -> None:
    mlruns.registered("net")
    mlruns.version("net", 1, str(home / "store" / "other"))
    mlruns.version("net", 2, str(home / "store" / "net"))

    done = bring(mlruns.root)
    said = bring(mlruns.root, "--artifacts", str(home / "store"))

    assert list(_unread(done)) == ["1"]
    assert "has no MLmodel. To read it, name a folder above it: --artifacts FOLDER" in _unread(done)["1"]
    assert (done.report["files"], said.report["files"], said.report["left_out"]) == (1, 1, [])


@pytest.mark.slow
def test_runs_of_a_stock_server_with_its_own_folder_are_read_through_the_server(
    server: Server, bring: Importer, tmp_path: Path
) -> None:
    mlflow = pytest.importorskip("mlflow")
    with stock_server(tmp_path, "--no-serve-artifacts", "--default-artifact-root", str(tmp_path / "root")) as url:
        client = mlflow.MlflowClient(url)
        run = client.create_run("0")
        client.log_text(run.info.run_id, "weights", "model/MLmodel")
        client.create_registered_model("net")
        client.create_model_version("net", f"{run.info.artifact_uri}/model", run.info.run_id)

        done = bring(url)

    found = server.api.get("model-versions/search")["model_versions"][0]
    assert (done.code, done.report["left_out"]) == (0, [])
    assert found["source"] == f"{server.api.run(run.info.run_id)['info']['artifact_uri']}/model"
    assert _kept(server) == {b"weights"}


def _unread(done: Done) -> dict[str, str]:
    """Why the files of versions were not read, by their numbers."""
    left = [(each["what"].split()[1], each["reason"]) for each in done.report["left_out"]]
    return {number: reason for number, reason in left if reason.startswith("its files stay where they are: ")}


def _kept(server: Server) -> set[bytes]:
    return {path.read_bytes() for path in (server.data / "artifacts").rglob("*") if path.is_file()}

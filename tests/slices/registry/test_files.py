"""The files of versions: read through the server, and removed with a version on request.  On both databases."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from support.client import Api
from support.registry import OWN, Registry
from trackside import opening
from trackside.artifacts.roots import Roots
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.http.bodies import BodyMemory
from trackside.core.http.streams import Request
from trackside.core.settings import Settings
from trackside.registry import own_routes, uses
from trackside.registry.files import removal
from trackside.workspaces import store as workspaces


@pytest.fixture
def registry(api: Api) -> Registry:
    registry = Registry(api)
    registry.new_model()
    return registry


class Run:
    """A run with a model of two files, 11 bytes together, and one file beside it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.run_id = api.new_run()
        self.root = api.run(self.run_id)["info"]["artifact_uri"]
        self.model = f"{self.root}/model"
        put(api, f"{self.model}/MLmodel", b"flavors")
        put(api, f"{self.model}/data/w.bin", b"1234")
        put(api, f"{self.root}/notes.txt", b"notes")

    def files(self) -> list[str]:
        return files_below(self.api, self.root)

    def delete(self) -> None:
        self.api.post("runs/delete", run_id=self.run_id)


def put(api: Api, uri: str, data: bytes) -> None:
    path = uri.removeprefix("mlflow-artifacts:/")
    assert api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", data).status == 200


def files_below(api: Api, uri: str, inside: str = "") -> list[str]:
    path = f"{uri.removeprefix('mlflow-artifacts:/')}/{inside}".rstrip("/")
    listed = api.get("/api/2.0/mlflow-artifacts/artifacts", path=path).get("files", [])
    found = []
    for entry in listed:
        below = f"{inside}/{entry['path']}".lstrip("/")
        found += files_below(api, uri, below) if entry["is_dir"] else [below]
    return sorted(found)


def delete(registry: Registry, what: str = "registered-models/iris", **fields: Any) -> Any:
    return registry.call("POST", f"{OWN}/{what}/delete", **fields)


def get_file(registry: Registry, path: str, version: str = "1") -> Any:
    arguments = {"name": "iris", "version": version, "path": path}
    return registry.api.ask("GET", "/model-versions/get-artifact", arguments=arguments)


def opened(chosen: Settings) -> Any:
    """The store of the application, opened beside it."""
    return closing(opening.open_database(chosen))


def test_a_file_of_a_version_of_a_run(registry: Registry, api: Api) -> None:
    run = Run(api)
    registry.new_version(source=run.model, run_id=run.run_id)
    registry.new_version(source=f"runs:/{run.run_id}/model", run_id=run.run_id)
    registry.new_version(source="models:/iris/2")

    for version in ("1", "2", "3"):
        reply = get_file(registry, "MLmodel", version)
        assert (reply.status, reply.body) == (200, b"flavors")
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert get_file(registry, "data/w.bin").body == b"1234"


def test_a_file_of_a_version_of_a_logged_model(registry: Registry, api: Api) -> None:
    info = api.post("logged-models", experiment_id="0", name="m")["model"]["info"]
    put(api, f"{info['artifact_uri']}/MLmodel", b"flavors")
    registry.new_version(source=f"models:/{info['model_id']}", model_id=info["model_id"])

    assert get_file(registry, "MLmodel").body == b"flavors"


def test_invalid_paths_of_a_version_are_not_found(registry: Registry, api: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ("", "1", 400),
        ("../notes.txt", "1", 400),
        ("%2e%2e/notes.txt", "1", 400),
        ("/etc/passwd", "1", 400),
        ("none", "1", 404),
        ("data", "1", 400),
        ("MLmodel", "9", 404),
        ("MLmodel", "x", 400),
        ("MLmodel", "2", 403),  # a bucket that the server was not told to serve
        ("MLmodel", "3", 404),  # a run that is not there
    ]
    run = Run(api)
    registry.new_version(source=run.model, run_id=run.run_id)
    registry.new_version()
    registry.new_version(source="runs:/absent/model", run_id="absent")

    for path, version, status in cases:
        with subtests.test(path=path, version=version):
            reply = get_file(registry, path, version)

            assert reply.status == status
            assert b"notes" not in reply.body


def test_a_model_is_deleted_without_its_files_by_default(registry: Registry, api: Api) -> None:
    run = Run(api)
    run.delete()
    for _ in range(2):
        registry.new_version(source=run.model, run_id=run.run_id)

    assert delete(registry) == {"deleted_versions": ["1", "2"], "deleted_files": 0, "freed_bytes": 0}
    assert len(run.files()) == 3
    assert registry.fault("GET", "registered-models/get", name="iris")[0] == 404


def test_files_of_a_deleted_run_are_removed_and_counted_once(registry: Registry, api: Api) -> None:
    run = Run(api)
    run.delete()
    for path in ("model", "model", "model/data"):
        registry.new_version(source=f"{run.root}/{path}", run_id=run.run_id)

    answer = delete(registry, delete_files=True)

    assert answer == {"deleted_versions": ["1", "2", "3"], "deleted_files": 2, "freed_bytes": 11}
    assert run.files() == ["notes.txt"]


def test_one_version_is_deleted_with_its_files(registry: Registry, api: Api) -> None:
    run, other = Run(api), Run(api)
    for one in (run, other):
        one.delete()
        registry.new_version(source=one.model, run_id=one.run_id)

    answer = delete(registry, "model-versions/iris/1", delete_files=True)

    assert answer == {"deleted_versions": ["1"], "deleted_files": 2, "freed_bytes": 11}
    assert (len(run.files()), len(other.files())) == (1, 3)
    assert registry.version(2)["run_id"] == other.run_id


def test_a_version_can_be_one_file(registry: Registry, api: Api) -> None:
    run = Run(api)
    run.delete()
    registry.new_version(source=f"{run.root}/notes.txt", run_id=run.run_id)

    answer = delete(registry, delete_files=True)

    assert (answer["deleted_files"], answer["freed_bytes"]) == (1, 5)


def bring(api: Api, uid: str, number: int, source: str = "") -> str:
    """A version as an import or a link brings one whose run stays elsewhere: with files of its own, 11 bytes.  Their place."""
    entry = "/api/trackside/v1/sync"
    named = {"entity": "model_version", "id": f"m/{uid}"}
    api.post(f"{entry}/item", entity="registered_model", id="m", put=[["name", "", "net"]])
    for path, data in (("MLmodel", b"flavors"), ("data/w.bin", b"1234")):
        assert api.ask("PUT", f"{entry}/file", data, arguments={**named, "path": path}).status == 200
    born = [["number", "", str(number)], ["source", "", source], ["copied", "", "1"]]
    api.post(f"{entry}/item", **named, put=born)
    place: str = Registry(api).version(number, "net")["source"]
    return place


def test_copied_files_are_deleted_with_their_version(registry: Registry, api: Api) -> None:
    first, second = bring(api, "v1", 1), bring(api, "v2", 2)

    answer = delete(registry, "model-versions/net/1", delete_files=True)

    assert answer == {"deleted_versions": ["1"], "deleted_files": 2, "freed_bytes": 11}
    assert (files_below(api, first), files_below(api, second)) == ([], ["MLmodel", "data/w.bin"])
    assert delete(registry, "registered-models/net", delete_files=True)["freed_bytes"] == 11
    assert files_below(api, second) == []


def test_copied_files_are_kept_while_a_copy_of_the_version_exists(registry: Registry, api: Api) -> None:
    place = bring(api, "v1", 1)
    registry.new_version(source="models:/net/1")

    kept = delete(registry, "registered-models/net", delete_files=True)["kept"]
    stayed = files_below(api, place)
    answer = delete(registry, delete_files=True)

    assert kept == [{"version": "1", "uri": place, "reason": "Other versions are made of them: iris/1"}]
    assert stayed == ["MLmodel", "data/w.bin"]
    assert answer == {"deleted_versions": ["1"], "deleted_files": 2, "freed_bytes": 11}


def test_copied_files_stay_with_their_version_in_another_workspace(api: Api) -> None:
    place = bring(api.new_workspace("north"), "v1", 1)
    api.ask("DELETE", f"{OWN}/workspaces/north", arguments={"mode": "SET_DEFAULT"})

    answer = delete(Registry(api), "registered-models/net", delete_files=True)

    assert answer == {"deleted_versions": ["1"], "deleted_files": 2, "freed_bytes": 11}
    assert files_below(api, place) == []


def test_a_uid_that_is_no_name_of_a_folder_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    entry = "/api/trackside/v1/sync"
    sqlite_api.post(f"{entry}/item", entity="registered_model", id="m", put=[["name", "", "net"]])

    for uid in ("..", ".", "a.b", "a%2fb", "x" * 251, "ä"):
        with subtests.test(uid=uid):
            named = {"entity": "model_version", "id": f"m/{uid}"}
            file = sqlite_api.ask("PUT", f"{entry}/file", b"1", arguments={**named, "path": "x"})
            item = sqlite_api.ask("POST", f"{entry}/item", {**named, "put": [["number", "", "1"], ["copied", "", "1"]]})

            assert (file.status, item.status) == (400, 400)


def test_a_source_in_the_form_of_a_versions_own_folder_is_refused(registry: Registry, api: Api) -> None:
    place = bring(api, "v1", 1)
    run = api.new_run()
    put(api, f"{api.run(run)['info']['artifact_uri']}/registry/v2/MLmodel", b"flavors")
    registry.new_version(source=f"{api.run(run)['info']['artifact_uri']}/registry/v2", run_id=run)

    answer = delete(registry, delete_files=True)

    assert [kept["reason"] for kept in answer["kept"]] == [f"They belong to run {run}"]
    assert len(files_below(api, place)) == 2


@pytest.mark.slow
def test_concurrent_deletions_count_each_file_once(registry: Registry, api: Api) -> None:
    runs = [Run(api) for _ in range(24)]
    for i, run in enumerate(runs):
        run.delete()
        registry.new_model(f"m{i}")
        registry.new_version(f"m{i}", source=run.model, run_id=run.run_id)

    def delete_one(i: int) -> Any:
        return delete(registry, f"registered-models/m{i}", delete_files=True)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(delete_one, range(len(runs))))

    assert sum(answer["freed_bytes"] for answer in answers) == 11 * len(runs)
    assert {answer["deleted_files"] for answer in answers} == {2}
    assert all(run.files() == ["notes.txt"] for run in runs)


class TriedAgain(Request):
    """One whose write is undone and done again, as where another one of its group fails."""

    async def write(self, fn: Callable[[Any], Any]) -> Any:
        with suppress(ZeroDivisionError), self._database.write(self.workspace.workspace_id) as tx:
            fn(tx)
            raise ZeroDivisionError
        return await super().write(fn)


def test_a_deletion_that_is_tried_again_removes_the_files(api: Api, chosen: Settings) -> None:
    registry = Registry(api)
    registry.new_model()
    run = Run(api)
    run.delete()
    registry.new_version(source=run.model, run_id=run.run_id)

    async def receive() -> Any:
        return {"type": "http.request", "body": b'{"delete_files": true}', "more_body": False}

    roots = Roots(chosen.artifacts.url, durable=False, served=[chosen.default_artifact_root])
    with opened(chosen) as db, closing(roots), ThreadPoolExecutor(1) as threads:
        with db.read(1) as tx:
            workspace = workspaces.current(tx)
        request = TriedAgain(
            {"method": "POST", "headers": [(b"content-type", b"application/json")]},
            receive,
            params={"name": "iris", "version": "1"},
            raw_params={},
            query={},
            workspace=workspace,
            database=db,
            threads=threads,
            read_whole=BodyMemory().read,
        )
        response = asyncio.run(own_routes.Files(roots, StoreThreads(60)).delete_version(request))

    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {"deleted_versions": ["1"], "deleted_files": 2, "freed_bytes": 11}
    assert run.files() == ["notes.txt"]


def test_files_that_another_server_has_counted_are_not_counted_again(api: Api, chosen: Settings) -> None:
    registry = Registry(api)
    registry.new_model()
    run = Run(api)
    run.delete()
    registry.new_version(source=run.model, run_id=run.run_id)

    with opened(chosen) as db, db.write(1) as tx:
        plan = removal.delete_version(tx, "iris", "1", with_files=True, shared_too=False)
        told = [removal.forget(tx, plan.to_delete) for _ in range(2)]

    assert told == [{place.deletion_seq for place in plan.to_delete}, set()]


def test_a_form_body_deletes_nothing(registry: Registry, api: Api, subtests: pytest.Subtests) -> None:
    """As `curl -d delete_files=true` sends it: the call would delete the rows and keep the files."""
    registry.new_version()

    for what in ("registered-models/iris", "model-versions/iris/1"):
        for kind in (None, "application/x-www-form-urlencoded", "text/plain"):
            with subtests.test(kind=kind, what=what):
                headers = {"content-type": kind} if kind else {"content-type": ""}

                reply = api.ask("POST", f"{OWN}/{what}/delete", b"delete_files=true", headers=headers)

                assert (reply.status, b"Content-Type must be one of" in reply.body) == (400, True)
                assert registry.version(1)["name"] == "iris"


def test_files_of_an_existing_run_are_kept_by_default(registry: Registry, api: Api) -> None:
    run = Run(api)
    for _ in range(2):
        registry.new_version(source=run.model, run_id=run.run_id)

    kept = delete(registry, "model-versions/iris/1", delete_files=True)
    gone = delete(registry, "model-versions/iris/2", delete_files=True, shared_files="delete")

    assert kept == {
        "deleted_versions": ["1"],
        "deleted_files": 0,
        "freed_bytes": 0,
        "kept": [{"version": "1", "uri": run.model, "reason": "Other versions are made of them: iris/2"}],
    }
    assert gone == {"deleted_versions": ["2"], "deleted_files": 2, "freed_bytes": 11}


def test_owners_of_kept_files_are_named(registry: Registry, api: Api) -> None:
    run = Run(api)
    info = api.post("logged-models", experiment_id="0", name="m")["model"]["info"]
    registry.new_version(source=run.model, run_id=run.run_id)
    registry.new_version(source=f"models:/{info['model_id']}", model_id=info["model_id"])
    registry.new_version()
    registry.new_version(source="runs:/absent/model", run_id="absent")

    answer = delete(registry, delete_files=True)

    assert [kept["reason"] for kept in answer["kept"]] == [
        f"They belong to run {run.run_id}",
        f"They belong to logged model {info['model_id']}",
        "They do not lie with a run or logged model of this workspace",
        "The server does not know where they are",
    ]
    assert len(run.files()) == 3


def test_files_in_or_above_those_of_another_version_are_shared(registry: Registry, api: Api) -> None:
    run = Run(api)
    run.delete()
    registry.new_model("lily")
    registry.new_version("lily", source=f"{run.model}/data", run_id=run.run_id)
    registry.new_version(source=run.model, run_id=run.run_id)
    registry.new_version(source=f"{run.model}/data/w.bin", run_id=run.run_id)

    answer = delete(registry, delete_files=True)

    assert {kept["reason"] for kept in answer["kept"]} == {"Other versions are made of them: lily/1"}
    assert len(run.files()) == 3


def test_files_of_a_version_in_use_stay_in_any_case(api: Api, chosen: Settings) -> None:
    registry = Registry(api)
    registry.new_model()
    registry.new_model("copy")
    run = Run(api)
    registry.new_version(source=run.model, run_id=run.run_id)
    registry.new_version("copy", source="models:/iris/1")
    with opened(chosen) as db, db.write(1) as tx:
        uses.put(tx, "endpoint", "flowers", [("copy", 1)])

    answer = delete(registry, delete_files=True, shared_files="delete")

    (kept,) = answer["kept"]
    assert kept["reason"] == "In use through another version of the same files: copy/1 by endpoint 'flowers'"
    assert len(run.files()) == 3


def test_the_next_deletion_removes_files_that_a_crash_left(api: Api, chosen: Settings) -> None:
    registry = Registry(api)
    registry.new_model()
    run = Run(api)
    run.delete()
    registry.new_version(source=run.model, run_id=run.run_id)
    registry.new_version()
    with opened(chosen) as db, db.write(1) as tx:
        removal.delete_version(tx, "iris", "1", with_files=True, shared_too=False)  # and the server stops here

    fault = registry.fault("POST", "model-versions/create", name="iris", source=f"{run.model}/data", run_id=run.run_id)
    answer = delete(registry, "model-versions/iris/2")

    assert fault == (
        400,
        "INVALID_STATE",
        f"The files at '{run.model}/data' are being deleted: a model version cannot be made of them",
    )
    assert (answer["deleted_files"], answer["freed_bytes"]) == (2, 11)
    assert registry.new_version(source=f"{run.model}/data", run_id=run.run_id)["version"] == "3"


def test_a_workspace_frees_its_own_files_only(api: Api) -> None:
    north, south = api.new_workspace("north"), api.new_workspace("south")
    run = Run(north)
    run.delete()
    registry = Registry(south)
    registry.new_model()

    fault = registry.fault("POST", "model-versions/create", name="iris", source=run.model, run_id=run.run_id)

    assert fault[0] == 400
    assert len(run.files()) == 3


def test_prompts_have_no_files(registry: Registry) -> None:
    is_prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    registry.new_version(source="dummy-source", tags=is_prompt)

    assert delete(registry, delete_files=True) == {"deleted_versions": ["1"], "deleted_files": 0, "freed_bytes": 0}


def test_invalid_deletions_are_refused(registry: Registry, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, str], int]] = [
        ("registered-models/none", {}, 404),
        ("model-versions/iris/1", {}, 404),
        ("registered-models/iris", {"shared_files": "x"}, 400),
        ("registered-models/iris", {"delete_files": "x"}, 400),
    ]

    for what, fields, status in cases:
        with subtests.test(what=what, fields=fields):
            assert registry.fault("POST", f"{OWN}/{what}/delete", **fields)[0] == status
            assert registry.model()["name"] == "iris"


def test_the_server_deletes_only_files_in_its_folders(registry: Registry, api: Api, tmp_path: Path) -> None:
    """A run's root may be any location; the server accesses only locations that it serves."""
    outside = tmp_path / "outside"
    experiment = api.new_experiment("elsewhere", artifact_location=outside.as_uri())
    run = api.new_run(experiment)
    root = api.run(run)["info"]["artifact_uri"]
    model = Path(root.removeprefix("file://")) / "model"
    model.mkdir(parents=True)
    (model / "MLmodel").write_text("flavors")
    api.post("runs/delete", run_id=run)
    registry.new_version(source=f"{root}/model", run_id=run)

    answer = delete(registry, delete_files=True)

    (kept,) = answer["kept"]
    assert "is outside the roots that the server serves" in kept["reason"]
    assert (model / "MLmodel").exists()

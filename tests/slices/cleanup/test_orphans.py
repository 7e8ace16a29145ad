"""Orphans: files without a row, rows without files, the grace period, the quarantine and its purge."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from slices.cleanup.test_command import Said, said
from slices.cleanup.test_deletions import filled_run, put
from slices.cleanup.test_jobs import ended
from support.client import Api
from support.links import until
from support.people import OURS
from support.processes.servers import Server

__all__ = ["said"]
ORPHANS = f"{OURS}/orphans"
GONE = "0" * 31 + "1"  # a run that never was
OLD_S = 1_000_000_000


def age(store: Path, *parts: str) -> None:
    """Make the files below a folder older than each grace."""
    for path in (store.joinpath(*parts)).rglob("*"):
        if path.is_file():
            os.utime(path, (OLD_S, OLD_S))


def listed(api: Api, side: str = "files") -> list[tuple[str, str, int]]:
    found = api.get(ORPHANS, side=side)
    return [(each["kind"], each["key"], each["file_count"]) for each in found.get("orphans", [])]


def store_of(server: Server) -> Path:
    return server.data / "artifacts"


@pytest.mark.both
def test_a_search_finds_only_files_without_a_row_or_upload(any_server: Server) -> None:
    api, store = any_server.api, store_of(any_server)
    run_id, trashed = filled_run(api), filled_run(api)
    api.post("runs/delete", run_id=trashed)
    model = api.post("logged-models", experiment_id="0", name="net", source_run_id=run_id)["model"]["info"]["model_id"]
    for path in (
        f"{GONE}/artifacts/a.bin",
        f"{GONE}/artifacts/deep/b.bin",
        f"models/m-{GONE}/artifacts/MLmodel",
        f"models/{model}/artifacts/MLmodel",
        "stray.bin",
    ):
        put(api, "0", path, b"x" * 10)
    age(store)
    put(api, "0", f"{'2' * 32}/artifacts/part-1", b"x")  # an upload that is under way: its run comes later

    job = ended(api, "orphan-search")

    assert job["result"] == {"orphans": 3, "files": 4, "file_bytes": 40, "missing": 0, "young": 1}
    assert sorted(listed(api)) == [
        ("logged_model", f"0/models/m-{GONE}", 1), ("other", "0", 1), ("run", f"0/{GONE}", 2)
    ]  # fmt: skip


def test_one_young_file_keeps_the_folder_of_a_running_upload(server: Server) -> None:
    api = server.api
    put(api, "0", f"{GONE}/artifacts/part-1", b"x")
    age(store_of(server))
    put(api, "0", f"{GONE}/artifacts/part-2", b"x")

    assert ended(api, "orphan-search")["result"]["young"] == 2
    assert listed(api) == []


def test_rows_whose_files_are_missing_are_found(server: Server) -> None:
    api, store = server.api, store_of(server)
    kept, lost, emptied, bare = filled_run(api), filled_run(api), filled_run(api), api.new_run("0")
    api.post("registered-models/create", name="churn")
    for run_id in (kept, lost):
        source = f"{api.run(run_id)['info']['artifact_uri']}/model"
        api.post("model-versions/create", name="churn", source=source, run_id=run_id)
    api.post(f"{OURS}/deletions", kind="artifact", run_id=emptied, path="model")
    api.post(f"{OURS}/deletions", kind="artifact", run_id=emptied, path="note.txt")
    shutil.rmtree(store / "0" / lost)

    assert ended(api, "orphan-search")["result"]["missing"] == 2
    found = {(each["kind"], each["item_id"]) for each in api.get(ORPHANS, side="rows")["orphans"]}
    assert found == {("run", lost), ("model_version", "churn/2")}
    assert bare not in str(found)


@pytest.mark.slow  # the job tries again, later each time
def test_an_unmounted_disk_is_not_reported_as_lost_files(server: Server) -> None:
    filled_run(server.api)
    for path in store_of(server).glob("[!.]*"):
        shutil.rmtree(path)

    job = ended(server.api, "orphan-search")

    assert (job["state"], "Is its disk mounted?" in job["reason"]) == ("failed", True)


def test_orphans_are_moved_to_the_quarantine_restored_and_purged(server: Server) -> None:
    api, store = server.api, store_of(server)
    put(api, "0", f"{GONE}/artifacts/a.bin", b"x" * 10)
    put(api, "0", "stray.bin", b"y" * 5)
    run_id = filled_run(api)
    age(store)
    ended(api, "orphan-search")

    moved = ended(api, "orphan-quarantine")["result"]
    assert (moved["items"], moved["file_count"], moved["file_bytes"]) == (1, 1, 10)
    assert not (store / "0" / GONE).exists()
    assert listed(api) == [("other", "0", 1)]
    (entry,) = api.get(f"{ORPHANS}/quarantine")["entries"]
    assert (entry["key"], entry["state"], entry["file_bytes"]) == (f"0/{GONE}", "kept", 10)
    target = f"/api/2.0/mlflow-artifacts/artifacts/workspaces/.quarantine/{entry['entry_id']}/0/{GONE}/artifacts/a.bin"
    assert api.transport.send("GET", target, {}, b"").status == 400  # nobody reaches it

    back = ended(api, "quarantine-restore", entries=[entry["entry_id"]])["result"]
    assert (back["file_count"], (store / "0" / GONE / "artifacts" / "a.bin").read_bytes()) == (1, b"x" * 10)
    ended(api, "orphan-search")
    moved = ended(api, "orphan-quarantine", with_other=True)["result"]
    assert moved["file_bytes"] == 15
    assert ended(api, "quarantine-purge")["result"]["items"] == 0  # younger than 30 days
    purged = ended(api, "quarantine-purge", older_than_days=0)["result"]

    assert (purged["items"], purged["file_bytes"]) == (2, 15)
    assert api.get(f"{ORPHANS}/quarantine").get("entries", []) == []
    left = sorted(str(path.relative_to(store)) for path in store.glob("[!.]*/**/*") if path.is_file())
    assert left == [f"0/{run_id}/artifacts/model/weights.bin", f"0/{run_id}/artifacts/note.txt"]


def test_a_file_that_has_a_row_or_a_new_version_by_now_is_not_moved(server: Server) -> None:
    """The result of the search is outdated when it is used."""
    api, store = server.api, store_of(server)
    version, upload = f"azureml-uploads/local/{'c' * 8}", f"{GONE}/artifacts"
    assert api.transport.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{version}/m/MLmodel", {}, b"x").status == 200
    put(api, "0", f"{upload}/part-1", b"x")
    age(store)
    assert ended(api, "orphan-search")["result"]["orphans"] == 2
    api.post("registered-models/create", name="churn")
    api.post("model-versions/create", name="churn", source=f"mlflow-artifacts:/{version}/m")
    put(api, "0", f"{upload}/part-1", b"again")

    job = ended(api, "orphan-quarantine")

    assert (job["state"], job["result"]["items"], len(job["result"]["kept"])) == ("succeeded", 0, 2)
    assert (store / version / "m" / "MLmodel").is_file()
    assert (store / "0" / upload / "part-1").read_bytes() == b"again"
    assert api.get(f"{ORPHANS}/quarantine").get("entries", []) == []


def test_files_of_another_workspace_are_not_orphans(server: Server) -> None:
    team = server.api.new_workspace("team")
    run_id = team.new_run("0")
    target = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/a.bin"
    assert team.transport.send("PUT", target, {"x-mlflow-workspace": "team"}, b"x").status == 200
    age(store_of(server))

    assert ended(server.api, "orphan-search")["result"]["orphans"] == 0
    assert ended(team, "orphan-search")["result"]["orphans"] == 0


def test_a_legal_hold_on_the_workspace_stops_the_move_and_the_purge(server: Server) -> None:
    api = server.api
    put(api, "0", f"{GONE}/artifacts/a.bin", b"x")
    age(store_of(server))
    ended(api, "orphan-search")
    api.post(f"{OURS}/holds", kind="workspace", reason="case 7")

    for kind, params in (("orphan-quarantine", {}), ("quarantine-purge", {"older_than_days": 0})):
        refused = api.ask("POST", f"{OURS}/jobs", {"kind": kind, "params": params})
        assert (refused.status, "case 7" in str(refused.json)) == (400, True)


@pytest.mark.slow
def test_a_move_is_completed_after_a_kill(server: Server) -> None:
    api, store = server.api, store_of(server)
    folder = store / "0" / GONE / "artifacts"
    folder.mkdir(parents=True)
    for number in range(3000):
        (folder / f"{number}.bin").write_bytes(b"x")
    age(store)
    ended(api, "orphan-search")
    api.post(f"{OURS}/jobs", kind="orphan-quarantine", params={})
    moved = store / "workspaces" / ".quarantine"
    until(
        lambda: moved.exists() and next(moved.rglob("*.bin"), None) is not None, "the first file to move", pauses=False
    )

    server.kill9()
    api = server.start().api

    until(
        lambda: [each["state"] for each in api.get(f"{ORPHANS}/quarantine").get("entries", [])] == ["kept"],
        "the move to end",
    )
    (entry,) = api.get(f"{ORPHANS}/quarantine")["entries"]
    assert (entry["file_count"], len(list(moved.rglob("*.bin"))), folder.exists()) == (3000, 3000, False)


@pytest.mark.slow
def test_a_purge_is_completed_after_a_kill(server: Server) -> None:
    api, store = server.api, store_of(server)
    folder = store / "0" / GONE / "artifacts"
    folder.mkdir(parents=True)
    for number in range(5000):
        (folder / f"{number}.bin").write_bytes(b"x")
    kept = filled_run(api)
    age(store)
    ended(api, "orphan-search")
    assert ended(api, "orphan-quarantine")["result"]["file_count"] == 5000
    quarantine = store / "workspaces" / ".quarantine"
    job_id = api.post(f"{OURS}/jobs", kind="quarantine-purge", params={"older_than_days": 0})["job"]["job_id"]
    until(
        lambda: sum(len(names) for *_, names in os.walk(quarantine)) < 5000,
        "the first file to be deleted",
        pauses=False,
    )

    server.kill9()
    api = server.start().api

    until(lambda: api.get(f"{OURS}/jobs/{job_id}")["job"]["state"] == "succeeded", "the purge to end")
    assert api.get(f"{OURS}/jobs/{job_id}")["job"]["result"]["file_count"] == 5000
    assert api.get(f"{ORPHANS}/quarantine").get("entries", []) == []
    assert list(store.rglob("*.bin")) == [store / "0" / kept / "artifacts" / "model" / "weights.bin"]


def test_the_command_finds_moves_restores_and_purges(server: Server, said: Said) -> None:
    api = server.api
    put(api, "0", f"{GONE}/artifacts/a.bin", b"x" * 2048)
    age(store_of(server))
    assert said("orphans", "list")[0] == 2

    code, out, _ = said("orphans", "find")
    assert (code, "files without a row: 1, 2.0 KiB" in out, "rows without files: 0" in out) == (0, True, True)
    assert said("orphans", "quarantine", "--preview")[1] == "would move 1 orphan, 1 file, 2.0 KiB\n"
    assert said("orphans", "quarantine")[0] == 2  # nobody can be asked
    assert said("orphans", "quarantine", "nowhere")[0] == 2
    assert "1 file, 2.0 KiB" in said("orphans", "quarantine", f"0/{GONE}", "--yes")[1]
    (entry,) = json.loads(said("orphans", "quarantined", "--json")[1])
    assert "moved back" in said("orphans", "restore", entry["entry_id"])[1]
    said("orphans", "find")
    said("orphans", "quarantine", "--yes")
    assert said("orphans", "purge")[0] == 2
    assert said("orphans", "purge", "--older-than", "0", "--preview")[1].startswith("would delete 1 entry of")
    assert "deleted: 1 orphan, 1 file, 2.0 KiB" in said("orphans", "purge", "--older-than", "0", "--yes")[1]


def test_a_job_with_invalid_parameters_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("orphan-search", {"grace_hours": 0}, "between 1 and"),
        ("orphan-quarantine", {"keys": ["../x"]}, "Invalid path"),
        ("quarantine-restore", {"entries": []}, "entries is empty"),
        ("quarantine-restore", {"entries": ["../../etc"]}, "32 characters"),
        ("quarantine-purge", {"older_than_days": -1}, "between 0 and"),
    ]

    for kind, params, words in cases:
        with subtests.test(kind=kind, params=params):
            refused = api.ask("POST", f"{OURS}/jobs", {"kind": kind, "params": params})

            assert (refused.status, words in str(refused.json)) == (400, True)


def test_an_invalid_query_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    for asked in ({"side": "x"}, {"kind": "x"}, {"max_results": 0}, {"page_token": "-1"}):
        with subtests.test(asked=asked):
            query = "&".join(f"{name}={value}" for name, value in asked.items())
            assert api.transport.send("GET", f"{ORPHANS}?{query}", {}, b"").status == 400

"""`trackside import` of a folder of MLflow 1.x into a running server: copied data, kept data, and messages."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from imports.conftest import Importer, command, tally
from support.faults.gate import Gate
from support.links import LIMIT_S, all_runs, get_file, put_file
from support.processes.servers import Server, environment
from support.stock.mlruns import START, Mlruns

TAG = "trackside.import"


def test_a_run_is_imported_unchanged(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    lines = [f"{START} 0.5 0", f"{START + 1} nan 1", f"{START + 2} inf 2", f"{START + 2} inf 2", f"{START + 3} 0.25"]
    mlruns.experiment("7", "people/ann", note="x")
    mlruns.run(
        "a1", "7", points={"val/loss": lines}, params={"lr": "0.1"}, tags={"mlflow.runName": "first", "t": "line\r\n"},
        files={"plots/ü.png": b"\x89PNG" * 100, "empty": b""}, status=5, user_id="bob",
    )  # fmt: skip

    done = bring(mlruns.root)

    run = server.api.run("a1")
    info = {key: run["info"][key] for key in ("run_name", "user_id", "status", "start_time", "end_time")}
    assert (done.code, done.stderr) == (0, "")
    assert info == {
        "run_name": "first",
        "user_id": "bob",
        "status": "KILLED",
        "start_time": START,
        "end_time": START + 5,
    }
    assert server.api.params("a1") == {"lr": "0.1"}
    assert server.api.tags("a1") == {"mlflow.runName": "first", "t": "line\r\n"}
    assert server.api.history("a1", "val/loss") == [
        (0, START, 0.5), (1, START + 1, "NaN"), (2, START + 2, 1.7976931348623157e308), (0, START + 3, 0.25),
    ]  # fmt: skip
    assert get_file(server.api, "a1", "plots/ü.png") == b"\x89PNG" * 100
    assert get_file(server.api, "a1", "empty") == b""
    found = server.api.get("experiments/get-by-name", experiment_name="people/ann")["experiment"]
    assert found["tags"] == [{"key": "note", "value": "x"}]


def test_a_second_import_changes_nothing(bring: Importer, mlruns: Mlruns) -> None:
    mlruns.run("a1", points={"m": [f"{START} 1 0", f"{START} nan 1", f"{START} inf 2"]}, files={"f": b"1"})
    mlruns.run("going", status=1, end_time=None, files={"f": b"2"})
    mlruns.registered("net", best="1")
    mlruns.version("net", 1, str(mlruns.root / "0" / "a1" / "artifacts"), run_id="a1")

    first = bring(mlruns.root)
    others = [bring(mlruns.root, *words) for words in ((), ("--verify",), ("--verify", "--dry-run"))]

    for kind, count in (("runs", 2), ("registered_models", 1), ("model_versions", 1)):
        assert tally(first.report, kind) == (count, 0, 0, 0)
        assert [tally(each.report, kind) for each in others] == [(0, 0, count, 0)] * 3
    assert (first.report["points"], first.report["files"]) == (3, 2)
    assert (others[0].report["points"], [each.report["files"] for each in others]) == (0, [0, 0, 0])
    assert [each.report["differences"] for each in (first, *others)] == [[]] * 4


def test_a_dry_run_lists_the_import_and_changes_nothing(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    mlruns.experiment("7", "trees")
    mlruns.run("a1", "7", points={"m": [f"{START} 1 0", f"{START} 2 1"], "n": [f"{START} 3 0"]}, files={"f": b"12345"})
    mlruns.registered("net")

    done = bring(mlruns.root, "--dry-run")

    assert tally(done.report, "runs") == (1, 0, 0, 0)
    assert done.report["points"] == 3
    assert done.report["by_experiment"]["trees"]["new"] == 1
    assert (done.report["files"], done.report["bytes"]) == (1, 5)
    assert all_runs(server.api) == []
    assert server.api.fault("experiments/get-by-name", method="GET", experiment_name="trees")[0] == 404
    assert server.api.get("registered-models/search") == {}


def test_objects_with_other_content_are_repaired_and_reported(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    mlruns.experiment("7", "trees", owner="ann")
    mlruns.run("a1", "7", params={"lr": "0.1"}, points={"m": [f"{START} 1 0"]}, files={"f": b"1", "g": b"1"})
    mlruns.run("a2", "7")
    bring(mlruns.root)
    server.api.post("runs/set-tag", run_id="a1", key="mine", value="stays")
    server.api.post("runs/update", run_id="a1", status="FAILED")
    put_file(server.api, "a1", "f", b"longer")
    mlruns.run(
        "a1", "7", params={"lr": "0.1", "more": "2"}, points={"m": [f"{START} 1 0", f"{START} 3 9"]}, tags={"t": "u"}
    )

    done = bring(mlruns.root)
    again = bring(mlruns.root)

    said = "\n".join(done.report["differences"])
    assert (done.code, tally(done.report, "runs")) == (0, (0, 1, 1, 0))
    assert (
        "run a1: param more was absent, is '2' at the source; status was 'FAILED', is 'FINISHED' at the source" in said
    )
    assert server.api.run("a1")["info"]["status"] == "FINISHED"
    assert server.api.tags("a1")["mine"] == "stays"
    assert len(server.api.history("a1", "m")) == 2
    assert get_file(server.api, "a1", "f") == b"1"
    assert tally(again.report, "runs") == (0, 0, 2, 0)


@pytest.mark.slow
def test_only_verify_detects_differences_in_earlier_points(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    mlruns.run("a1", files={"f": b"1"})
    mlruns.run("a2", points={"m": [f"{START} 1 1"]})
    bring(mlruns.root)
    mlruns.run("a1", files={"f": b"2"})
    mlruns.run("a2", points={"m": [f"{START} 7 0", f"{START} 1 1"]})

    seen, tried = bring(mlruns.root), bring(mlruns.root, "--verify", "--dry-run")
    verified = bring(mlruns.root, "--verify")

    assert tally(seen.report, "runs") == (0, 0, 2, 0)
    assert tally(tried.report, "runs") == tally(verified.report, "runs") == (0, 2, 0, 0)
    assert len(server.api.history("a2", "m")) == 2
    assert get_file(server.api, "a1", "f") == b"2"


def test_experiments_are_merged_by_name_and_no_local_one_is_deleted(
    server: Server, bring: Importer, mlruns: Mlruns
) -> None:
    here = server.api.new_experiment("trees")
    ours = server.api.new_run(here)
    mlruns.experiment("7", "trees", stage="deleted", owner="ann")
    mlruns.experiment("8", "gone", stage="deleted")
    (mlruns.root / ".trash" / "8" / "a2").mkdir()
    Mlruns(mlruns.root / ".trash").run("a1", "7")
    Mlruns(mlruns.root / ".trash").run("a2", "8", lifecycle_stage="deleted")
    mlruns.run("a3")

    done = bring(mlruns.root)

    info = {run_id: server.api.run(run_id)["info"] for run_id in (ours, "a1", "a2", "a3")}
    gone = server.api.get("experiments/get-by-name", experiment_name="gone")["experiment"]
    assert tally(done.report, "experiments") == (1, 1, 1, 0)
    assert [info[run_id]["experiment_id"] for run_id in (ours, "a1", "a3")] == [here, here, "0"]
    assert (gone["lifecycle_stage"], info["a2"]["lifecycle_stage"]) == ("deleted", "deleted")
    assert server.api.get("experiments/get", experiment_id=here)["experiment"]["lifecycle_stage"] == "active"
    assert "experiment trees: is deleted at the source, stays active in this workspace" in done.report["differences"]
    assert bring(mlruns.root).report["runs"]["same"] == 3


def test_unreadable_files_are_reported_until_they_are_readable(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    mlruns.run("a1", files={"f": b"1"}, artifact_uri="mlflow-artifacts:/0/a1/artifacts")
    (mlruns.root / "0" / "a1" / "artifacts").rename(mlruns.root / "0" / "a1" / "elsewhere")

    first, second = bring(mlruns.root), bring(mlruns.root)
    kept = mlruns.root.parent / "kept" / "0" / "a1"
    kept.mkdir(parents=True)
    (mlruns.root / "0" / "a1" / "elsewhere").rename(kept / "artifacts")
    marked = server.api.tags("a1")
    third = bring(mlruns.root, "--artifacts", str(mlruns.root.parent / "kept"))

    for done in (first, second):
        assert done.code == 1
        assert done.report["left_out"][0]["what"] == "run a1"
        assert "name it by --artifacts" in done.report["left_out"][0]["reason"]
    assert "name it by --artifacts" in marked[TAG]
    assert server.api.run("a1")["info"]["status"] == "FINISHED"
    assert (third.code, third.report["left_out"]) == (0, [])
    assert get_file(server.api, "a1", "f") == b"1"
    assert TAG not in server.api.tags("a1")


def test_only_the_refused_part_of_a_run_is_skipped(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    for number in range(5):
        mlruns.run(f"r{number}", points={"m": [f"{START} {number} 0"]}, files={"f": b"1", "g": b"22"})
    mlruns.run("asleep", status=9, points={"m": [f"{START} 1 0"]}, files={"f": b"1"})
    put_file(server.api, _made(server, "r3"), "f/in-the-way", b"ours")

    done = bring(mlruns.root)

    found = {run["info"]["run_id"]: run["info"]["status"] for run in all_runs(server.api)}
    left = {each["what"]: each["reason"] for each in done.report["left_out"]}
    assert (done.code, sorted(left)) == (1, ["run asleep", "run r3"])
    assert "status is '9'" in left["run asleep"]
    assert left["run r3"].startswith("its file f: ")
    assert tally(done.report, "runs") == (4, 1, 0, 1)
    assert {found[f"r{number}"] for number in range(5)} == {"FINISHED"}
    for number in (0, 1, 2, 4):
        assert (get_file(server.api, f"r{number}", "f"), get_file(server.api, f"r{number}", "g")) == (b"1", b"22")
    assert get_file(server.api, "r3", "g") == b"22"
    assert {run_id for run_id in found if TAG in server.api.tags(run_id)} == {"asleep", "r3"}
    assert done.report["files"] == 10


def test_only_a_file_whose_name_is_not_utf_8_is_skipped(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    folder = mlruns.run("a1", files={"first": b"1", "z": b"3"})
    with open(os.fsencode(folder / "artifacts") + b"/caf\xe9", "wb") as file:  # noqa: PTH123  # a path has no bytes
        file.write(b"2")
    (folder / "metrics").mkdir(exist_ok=True)
    with open(os.fsencode(folder / "metrics") + b"/\xe9", "wb") as file:  # noqa: PTH123
        file.write(b"1 0.5 0\n")
    mlruns.run("a2", files={"x": b"4"})

    done = bring(mlruns.root)

    assert [get_file(server.api, *of) for of in (("a1", "first"), ("a1", "z"), ("a2", "x"))] == [b"1", b"3", b"4"]
    assert [(left["what"], "caf" in left["reason"]) for left in done.report["left_out"]] == [
        ("run a1", True),
        ("run a1", False),
    ]
    assert done.code == 1


@pytest.mark.slow
def test_escapes_in_the_names_of_files_are_decoded_once_and_for_all(
    server: Server, bring: Importer, mlruns: Mlruns
) -> None:
    mlruns.run("a1", status=1, end_time=None, files={"a%20b": b"1", "c d": b"22"})
    mlruns.run("a2", files={"a b": b"1", "a%20b": b"other", "x": b"2"})

    first, second = bring(mlruns.root), bring(mlruns.root)

    assert (get_file(server.api, "a1", "a b"), get_file(server.api, "a1", "c d")) == (b"1", b"22")
    assert (get_file(server.api, "a2", "a b"), get_file(server.api, "a2", "x")) == (b"1", b"2")
    for done in (first, second):
        (left,) = done.report["left_out"]
        assert (left["what"], done.code) == ("run a2", 1)
        assert left["reason"] == "its file a%20b: its name in this workspace would be a b, which its file a b has"
    assert (first.report["files"], second.report["files"]) == (4, 0)


@pytest.mark.slow
def test_an_unreadable_experiment_is_reported_and_others_are_imported(
    server: Server, bring: Importer, mlruns: Mlruns
) -> None:
    mlruns.experiment("7", "broken")
    mlruns.run("b1", "7")
    mlruns.run("a1")
    (mlruns.root / "7" / "meta.yaml").write_text(": no yaml [")

    done = bring(mlruns.root)

    (left,) = done.report["left_out"]
    assert (done.code, left["what"]) == (1, "the experiment 7 with its runs and models")
    assert "meta.yaml cannot be read: " in left["reason"]
    assert [run["info"]["run_id"] for run in all_runs(server.api)] == ["a1"]


def test_a_location_that_the_server_does_not_open_is_reported(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    server.api.new_experiment("far", artifact_location="file:///nowhere/at/all")
    mlruns.experiment("7", "far")
    mlruns.run("a1", "7", files={"f": b"1"})

    done = bring(mlruns.root)

    assert done.code == 1
    assert "opens no artifacts at" in done.report["left_out"][0]["reason"]
    assert server.api.run("a1")["info"]["status"] == "FINISHED"


@pytest.mark.slow
def test_a_moved_folder_is_read_where_it_is_now(
    server: Server, bring: Importer, mlruns: Mlruns, tmp_path: Path
) -> None:
    mlruns.run("a1", files={"f": b"1"})
    moved = mlruns.root.rename(tmp_path / "moved")

    bring(moved)

    assert get_file(server.api, "a1", "f") == b"1"


def test_versions_keep_their_numbers_and_point_to_where_the_files_are(
    server: Server, bring: Importer, mlruns: Mlruns, tmp_path: Path
) -> None:
    mlruns.run("a1", files={"model/MLmodel": b"flavors: {}"})
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "MLmodel").write_bytes(b"loose")
    mlruns.registered("net", best="4")
    mlruns.version(
        "net", 2, str(mlruns.root / "0" / "a1" / "artifacts" / "model"), run_id="a1", current_stage="Production"
    )
    mlruns.version("net", 3, "runs:/a1/model", run_id="a1")
    mlruns.version("net", 4, (tmp_path / "loose").as_uri(), description="by hand")
    mlruns.version("net", 5, "dbfs:/somewhere")
    mlruns.version("net", 6, "x", current_stage="Deleted_Internal")

    done = bring(mlruns.root)

    versions = {each["version"]: each for each in server.api.get("model-versions/search")["model_versions"]}
    uri = server.api.run("a1")["info"]["artifact_uri"]
    assert sorted(versions) == ["2", "3", "4", "5"]
    assert (versions["2"]["source"], versions["2"]["current_stage"]) == (f"{uri}/model", "Production")
    assert versions["3"]["source"] == "runs:/a1/model"
    assert (versions["4"]["description"], versions["4"]["creation_timestamp"]) == ("by hand", START + 4)
    assert _download(server, "4") == b"loose"
    assert server.api.get("registered-models/alias", name="net", alias="best")["model_version"]["version"] == "4"
    assert server.api.post("model-versions/create", name="net", source="runs:/a1/model", run_id="a1")["model_version"][
        "version"
    ] in ("6", "7")
    assert [each["what"] for each in done.report["left_out"]] == ["version 5 of net"]
    assert done.code == 1


@pytest.mark.slow
def test_files_that_came_with_a_version_are_freed_with_it(
    server: Server, bring: Importer, mlruns: Mlruns, tmp_path: Path
) -> None:
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "MLmodel").write_bytes(b"loose")
    mlruns.registered("net")
    mlruns.version("net", 1, (tmp_path / "loose").as_uri())
    bring(mlruns.root)
    assert _download(server, "1") == b"loose"

    answer = server.api.post("/api/trackside/v1/registered-models/net/delete", delete_files=True)

    assert answer == {"deleted_versions": ["1"], "deleted_files": 1, "freed_bytes": 5}
    assert not list((server.data / "artifacts").rglob("MLmodel"))


@pytest.mark.slow
def test_a_version_number_that_is_in_use_is_reported(server: Server, bring: Importer, mlruns: Mlruns) -> None:
    run = server.api.new_run()
    server.api.post("registered-models/create", name="net")
    server.api.post("model-versions/create", name="net", source=f"runs:/{run}/m", run_id=run)
    mlruns.run("a1", files={"m": b"1"})
    mlruns.registered("net", best="1")
    mlruns.version("net", 1, "runs:/a1/m", run_id="a1")

    bring(mlruns.root)
    done = bring(mlruns.root)

    assert done.report["differences"] == ["version 1 of net: is version 2 in this workspace: its number was taken"]
    assert server.api.get("registered-models/alias", name="net", alias="best")["model_version"]["version"] == "2"


def test_an_invalid_source_is_reported_in_one_line(bring: Importer, tmp_path: Path, subtests: pytest.Subtests) -> None:
    no_address = "is not the address of a server; write http(s)://HOST[:PORT]"
    sources = {
        "nowhere": "there is no folder",
        "databricks://prod": "link add NAME --mode pull",
        "mysql://u@h/d": "is not a supported source",
        "sqlite:///nowhere.db": "is not a file",
        "http://127.0.0.1:9": "cannot be reached",
        "http://[x": no_address,
        "http://host:port": no_address,
    }
    for source, words in sources.items():
        with subtests.test(source=source):
            done = bring(source, cwd=tmp_path)

            assert (done.code, done.stdout) == (2, "")
            assert words in done.stderr
            assert done.stderr.count("\n") == 1


def test_a_killed_import_resumes_where_it_was(server: Server, bring: Importer, mlruns: Mlruns, tmp_path: Path) -> None:
    for number in range(60):
        points = {f"m{key}": [f"{START + i} {i} {i}" for i in range(50)] for key in range(3)}
        mlruns.run(f"r{number}", points=points, files={f"f{i}": b"x" * 1000 for i in range(3)}, tags={"n": str(number)})
    gate = Gate(server.port)
    gate.stop_at("up", 200_000)  # of some 450 kB
    process = subprocess.Popen(
        [*command(), str(mlruns.root)], env=environment(TRACKSIDE_URL=gate.url), stdout=subprocess.DEVNULL
    )
    assert gate.reached.wait(LIMIT_S)
    process.send_signal(signal.SIGKILL)
    process.wait()
    gate.close()
    half = all_runs(server.api)

    done = bring(mlruns.root)
    again = bring(mlruns.root, "--verify")

    found = {run["info"]["run_id"]: run for run in all_runs(server.api)}
    assert any(_tag(run, TAG) for run in half)
    assert set(found) == {f"r{number}" for number in range(60)}
    assert {_tag(run, TAG) for run in found.values()} == {None}
    assert {run["info"]["status"] for run in found.values()} == {"FINISHED"}
    assert (done.code, again.code) == (0, 0)
    assert tally(again.report, "runs") == (0, 0, 60, 0)
    assert again.report["files"] == 0
    assert all(len(server.api.history(run_id, "m2")) == 50 for run_id in found)


def _made(server: Server, run_id: str) -> str:
    """A run that is here already."""
    server.api.post("/api/trackside/v1/sync/item", entity="run", id=run_id, experiment_id="0", put=[])
    return run_id


def _download(server: Server, version: str) -> bytes:
    named = {"name": "net", "version": version}
    uri = server.api.ask("GET", "model-versions/get-download-uri", arguments=named).json["artifact_uri"]
    place = uri.removeprefix("mlflow-artifacts:/")
    return server.api.ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{place}/MLmodel").body


def _tag(run: Any, key: str) -> str | None:
    found: dict[str, str] = {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}
    return found.get(key)

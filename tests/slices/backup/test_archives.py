"""Archives of one workspace: export, check, import into another store, and what goes wrong."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from slices.backup.conftest import Said, settings_of
from slices.backup.test_backup import store_of
from slices.backup.test_trouble import edit, flip, limited
from slices.cleanup.test_deletions import filled_run, history, metric
from support.client import Api
from support.clocks import Clock
from support.links import until
from support.people import OURS
from support.processes.forks import forks
from support.processes.servers import Server, environment
from trackside.backup import contents, model, rows, tables
from trackside.core.db.migrate import migrations

TEAM = {"x-mlflow-workspace": "team"}


def put(team: Api, path: str, body: bytes) -> None:
    assert team.transport.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", TEAM, body).status == 200


def fill(api: Api) -> tuple[Api, str, str]:
    """A workspace with runs, points, files, a dataset, models, a trace-like tag and a hold; its API, an experiment, a run."""
    team = api.new_workspace("team", tags={"cost": "7"})
    experiment_id = team.new_experiment("churn")
    run_id = team.new_run(experiment_id)
    points = [{"key": "loss", "value": 1.0 / (step + 1), "timestamp": step, "step": step} for step in range(300)]
    team.post("runs/log-batch", run_id=run_id, metrics=points, params=[{"key": "lr", "value": "1"}])
    team.post("runs/log-metric", run_id=run_id, key="odd", value="NaN", timestamp=1, step=1)
    put(team, f"{experiment_id}/{run_id}/artifacts/model/weights.bin", b"w" * 5000)
    dataset = {"name": "rows", "digest": "d1", "source_type": "local", "source": "/x"}
    team.post("runs/log-inputs", run_id=run_id, datasets=[{"tags": [{"key": "a", "value": "b"}], "dataset": dataset}])
    made = team.post("logged-models", experiment_id=experiment_id, name="net", source_run_id=run_id)["model"]["info"]
    team.post("registered-models/create", name="net")
    source = f"{team.run(run_id)['info']['artifact_uri']}/model"
    team.post("model-versions/create", name="net", source=source, run_id=run_id)
    team.post("registered-models/alias", {"name": "net", "alias": "champion", "version": "1"})
    team.post(f"{OURS}/holds", kind="run", id=run_id, reason="case 7")
    assert made
    return team, experiment_id, run_id


def compared(chosen: Any, name: str, scratch: Path) -> dict[str, list[Any]]:
    """The rows of a workspace without what differs from store to store: numbers of rows."""
    found = {}
    with tables.opened(chosen, scratch) as source:
        columns = source.columns("workspaces")
        (ws,) = [row for row in source.rows("workspaces", columns) if row[columns.index("name")] == name]
        for table in sorted(contents.INCLUDED):
            names = source.columns(table)
            own = [at for at, column in enumerate(names)
                   if column != "workspace_id" and contents.numbered(table, column) is None]  # fmt: skip
            rows = source.rows(table, names, ws[columns.index("workspace_id")])
            found[table] = sorted([tuple(row[at] for at in own) for row in rows], key=repr)
    return found


def exported(said: Said, server: Server, kept: Path) -> str:
    code, out, err = said("backup", "export", "team", *store_of(server), "--to", kept, "--json")
    assert code == 0, err
    return str(json.loads(out)["backup_id"])


@pytest.mark.both
def test_a_workspace_moves_to_another_server_with_its_ids_while_both_run(
    any_server: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    filled_run(any_server.api)  # of the default workspace: it stays behind
    _, experiment_id, run_id = fill(any_server.api)
    kept, other = tmp_path / "kept", start()
    for number in range(3):
        other.api.new_experiment(f"other {number}")
    filled_run(other.api)

    backup_id = exported(said, any_server, kept)
    assert said("backup", "verify", kept, backup_id, "--restore")[0] == 0
    code, out, err = said("backup", "import", "--data", other.data, kept)

    assert (code, "as the workspace team" in out) == (0, True), err
    moved = other.api.within("team")
    assert history(moved, run_id) == list(range(300))
    assert metric(moved, run_id, "odd") == "NaN"
    assert moved.run(run_id)["info"]["experiment_id"] == experiment_id
    version = moved.ask("GET", "registered-models/alias", arguments={"name": "net", "alias": "champion"}).json[
        "model_version"
    ]
    assert (version["version"], version["run_id"]) == ("1", run_id)
    path = f"{moved.run(run_id)['info']['artifact_uri'].removeprefix('mlflow-artifacts:/')}/model/weights.bin"
    found = moved.transport.send("GET", f"/api/2.0/mlflow-artifacts/artifacts/{path}", TEAM, b"")
    assert (found.status, found.body) == (200, b"w" * 5000)
    refused = moved.ask("POST", f"{OURS}/deletions", {"kind": "run", "run_id": run_id})
    assert (refused.status, "case 7" in str(refused.json)) == (400, True)
    fresh = moved.new_experiment("fresh")  # ids and numbers of rows go on
    assert fresh != experiment_id
    assert history(moved, filled(moved, fresh)) == [0]
    assert filled_run(other.api)


def filled(team: Api, experiment_id: str) -> str:
    run_id = team.new_run(experiment_id)
    team.post("runs/log-metric", run_id=run_id, key="loss", value=1, timestamp=1, step=0)
    return run_id


@pytest.mark.slow
def test_an_archive_from_sqlite_to_postgresql_and_back_has_the_same_rows(
    server: Server, start: Callable[..., Server], postgres_url: str, said: Said, tmp_path: Path
) -> None:
    fill(server.api)
    there, back = start("--store", postgres_url), start()
    exported(said, server, tmp_path / "one")

    assert said("backup", "import", "--data", there.data, "--store", postgres_url, tmp_path / "one")[0] == 0
    assert (
        said("backup", "export", "team", "--data", there.data, "--store", postgres_url, "--to", tmp_path / "two")[0]
        == 0
    )
    assert said("backup", "import", "--data", back.data, tmp_path / "two")[0] == 0

    first = compared(settings_of(server.data), "team", tmp_path)
    assert compared(settings_of(there.data, postgres_url), "team", tmp_path) == first
    assert compared(settings_of(back.data), "team", tmp_path) == first


def test_one_run_and_one_file_are_printed_in_the_singular(server: Server, said: Said, tmp_path: Path) -> None:
    team = server.api.new_workspace("team")
    run_id = team.new_run()
    put(team, f"{team.run(run_id)['info']['experiment_id']}/{run_id}/artifacts/a.txt", b"a")
    store = store_of(server)

    made = [
        said("backup", "create", *store, "--to", tmp_path / "whole"),
        said("backup", "export", "team", *store, "--to", tmp_path / "archive"),
    ]

    assert [(code, ": 1 run, 1 file (" in out) for code, out, _ in made] == [(0, True), (0, True)]


@pytest.mark.slow
def test_a_server_goes_on_creating_runs_after_an_import_beside_it(server: Server, said: Said, tmp_path: Path) -> None:
    """The command uses keys of runs in a separate process."""
    team = fill(server.api)[0]
    store = store_of(server)
    said("backup", "export", "team", *store, "--to", tmp_path)
    before = team.new_run()

    imported = said("backup", "import", *store, tmp_path, "--as", "copy")
    after = team.new_run()

    assert (imported[0], imported[2]) == (0, "")
    assert [team.run(each)["data"].get("params", []) for each in (before, after)] == [[], []]


@pytest.mark.slow
def test_an_archive_is_refused_for_a_taken_name_and_imported_under_another(
    server: Server, said: Said, tmp_path: Path
) -> None:
    team, _, run_id = fill(server.api)
    kept = tmp_path / "kept"
    exported(said, server, kept)

    taken = said("backup", "import", "--data", server.data, kept)
    code, _, err = said("backup", "import", "--data", server.data, kept, "--as", "copy")
    again = said("backup", "import", "--data", server.data, kept, "--as", "copy")

    assert (taken[0], "'team' already exists" in taken[2], "--as NAME" in taken[2]) == (2, True, True)
    assert code == 0, err
    assert again[0] == 2
    copy = server.api.within("copy")
    uri = copy.run(run_id)["info"]["artifact_uri"]
    assert uri.startswith("mlflow-artifacts:/workspaces/copy/")
    source = copy.ask("GET", "model-versions/get", arguments={"name": "net", "version": "1"}).json["model_version"][
        "source"
    ]
    assert source == f"{uri}/model"
    assert copy.get("model-versions/search", filter="source_path ILIKE '%copy%'").get("model_versions", [])
    assert history(team, run_id) == history(copy, run_id)


@pytest.mark.slow
def test_the_default_workspace_is_imported_under_another_name(server: Server, said: Said, tmp_path: Path) -> None:
    run_id = filled_run(server.api)
    fill(server.api)  # another workspace in the same store: it stays behind
    kept = tmp_path / "kept"
    assert said("backup", "export", "default", "--data", server.data, "--to", kept)[0] == 0

    code, out, err = said("backup", "import", "--data", server.data, kept, "--as", "copy")

    assert (code, "2 files" in out) == (0, True), err
    copy = server.api.within("copy")
    assert history(copy, run_id) == list(range(300))
    found = copy.transport.send(
        "GET", f"/get-artifact?run_id={run_id}&path=note.txt", {"x-mlflow-workspace": "copy"}, b""
    )
    assert (found.status, len(found.body)) == (200, 1000)


def with_an_id_near_the_last(
    kept: Path, backup_id: str, run: Callable[[], tuple[int, str, str]]
) -> tuple[int, str, str]:
    """Run a command while an experiment of the archive has an id after which a store would have none left."""
    name = model.table_name("experiments")
    file = kept / "backups" / backup_id / name
    listed = json.loads((file.parents[1] / model.MANIFEST).read_text())["tables"]
    at = next(each for each in listed if each["name"] == "experiments")["columns"].index("experiment_id")
    before = file.read_bytes()
    *others, last = rows.unpacked([before])
    file.write_bytes(b"".join(rows.packed([*others, [*last[:at], 1 << 60, *last[at + 1 :]]])))
    edit(kept, backup_id, {name: file.read_bytes()})
    try:
        return run()
    finally:
        file.write_bytes(before)
        edit(kept, backup_id, {name: before})


def test_a_damaged_archive_or_one_of_a_newer_release_or_kind_is_refused(
    server: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    fill(server.api)
    kept, other = tmp_path / "kept", start()
    backup_id = exported(said, server, kept)
    words = ("backup", "import", "--data", other.data, kept, backup_id)
    sources = json.loads((kept / "backups" / backup_id / model.MANIFEST).read_text())["sources"]

    restored = said("backup", "restore", "--data", tmp_path / "new", kept, backup_id)
    edit(kept, backup_id, sources=sources | {"9999_future": "0" * 64}, product="99.0")
    newer = said(*words)
    edit(kept, backup_id, sources=sources)
    exhausting = with_an_id_near_the_last(kept, backup_id, lambda: said(*words))
    flip(kept / "backups" / backup_id / "tables" / "runs.mp.gz")
    damaged = said(*words)
    assert said("backup", "create", "--data", server.data, "--to", kept)[0] == 0
    whole = said("backup", "import", "--data", other.data, kept, "latest")
    nowhere = said("backup", "export", "nowhere", "--data", server.data, "--to", kept)

    assert (restored[0], "trackside backup import" in restored[2]) == (2, True)
    assert (newer[0], "9999_future" in newer[2]) == (2, True)
    assert (exhausting[0], f"go from 0 to {1 << 60}, which no store assigns" in exhausting[2]) == (2, True)
    assert (damaged[0], "damaged" in damaged[2]) == (2, True)
    assert (whole[0], "damaged" in whole[2]) == (2, True)  # `latest` is the archive, not the backup
    assert (nowhere[0], "no workspace 'nowhere'" in nowhere[2]) == (2, True)
    assert [each["name"] for each in other.api.get(f"{OURS}/workspaces")["workspaces"]] == ["default"]


@contextmanager
def never_read_to_its_end(archive: Path, aside: Path) -> Iterator[None]:
    """One file of 300,000 bytes of the archive is a pipe that nobody writes to: an import waits for its content."""
    held = next(path for path in archive.rglob("*") if path.is_file() and path.stat().st_size == 300_000)
    held.rename(aside / "held")
    os.mkfifo(held)
    try:
        yield
    finally:
        (aside / "held").replace(held)


@pytest.mark.slow
def test_a_killed_import_shows_nothing_and_the_same_command_completes_it(
    server: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    team, experiment_id, run_id = fill(server.api)
    for number in range(30):
        put(team, f"{experiment_id}/{run_id}/artifacts/many/{number}.bin", bytes([number]) * 300_000)
    kept, other = tmp_path / "kept", start()
    exported(said, server, kept)
    words = ["backup", "import", "--data", str(other.data), str(kept)]
    folder = other.data / "artifacts" / "workspaces" / "team"
    with never_read_to_its_end(kept, tmp_path), forks().start(words, env=environment()) as process:
        until(lambda: len(list(folder.rglob("*.bin"))) > 3, "some files to be there")
        process.kill()
    assert [each["name"] for each in other.api.get(f"{OURS}/workspaces")["workspaces"]] == ["default"]

    code, _, err = said(*words)

    assert (code, err) == (0, "")
    assert history(other.api.within("team"), run_id) == list(range(300))
    assert len(list(folder.rglob("*.bin"))) == 31
    assert list(other.data.glob("import-*")) == []
    first = compared(settings_of(server.data), "team", tmp_path)
    assert compared(settings_of(other.data), "team", tmp_path) == first


@pytest.mark.slow
def test_data_of_a_killed_import_is_removed_after_a_day(
    server: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    team, experiment_id, run_id = fill(server.api)
    for number in range(30):
        put(team, f"{experiment_id}/{run_id}/artifacts/many/{number}.bin", bytes([number]) * 300_000)
    clock = Clock(tmp_path / "clock")
    kept, other = tmp_path / "kept", start(clock=clock, interval_factor=0.001)
    exported(said, server, kept)
    folder = other.data / "artifacts" / "workspaces" / "team"
    words = ["backup", "import", "--data", str(other.data), str(kept)]
    with never_read_to_its_end(kept, tmp_path), forks().start(words, env=environment()) as process:
        until(lambda: len(list(folder.rglob("*.bin"))) > 3, "some files to be there")
        process.kill()

    clock.move(25 * 3_600_000)
    other.stop()
    other.start()
    until(lambda: list(folder.rglob("*.bin")) == [], "the files to be removed")
    (job,) = other.api.get(f"{OURS}/jobs", kind="workspace-deletion")["jobs"]
    until(lambda: other.api.get(f"{OURS}/jobs/{job['job_id']}")["job"]["state"] == "succeeded", "the job to end")

    assert "team (an import that did not end)" in job["title"]
    other.stop()  # its clock is 25 hours ahead of the command's, so that it would remove the next import too
    assert said("backup", "import", "--data", other.data, kept)[0] == 0
    other.start()
    assert history(other.api.within("team"), run_id) == list(range(300))


@pytest.mark.slow
def test_a_full_disk_fails_an_import_in_one_line_and_a_retry_completes_it(
    server: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    team, experiment_id, run_id = fill(server.api)
    put(team, f"{experiment_id}/{run_id}/artifacts/large.bin", b"x" * 3_000_000)
    kept, other = tmp_path / "kept", start()
    exported(said, server, kept)

    full = limited(2_000_000, "backup", "import", "--data", other.data, kept)
    seen = [each["name"] for each in other.api.get(f"{OURS}/workspaces")["workspaces"]]
    code, _, err = said("backup", "import", "--data", other.data, kept)

    assert (full.returncode, full.stderr.startswith("trackside: "), full.stderr.count("\n")) == (2, True, 1), (
        full.stderr
    )
    assert seen == ["default"]
    assert (code, err) == (0, "")
    assert history(other.api.within("team"), run_id) == list(range(300))
    assert list(other.data.glob("import-*")) == []


def test_each_table_of_a_workspace_is_archived_or_listed_as_excluded() -> None:
    made = set()
    for each in migrations():
        for found in re.finditer(r"CREATE TABLE (\w+) \((.*?)\n\)", each.text, re.DOTALL):
            if re.search(r"\bworkspace_id BIGINT\b", found[2]):
                made.add(found[1])

    left_out = {table for group in contents.LEFT_OUT.values() for table in group}
    assert made == contents.INCLUDED | left_out
    assert not contents.INCLUDED & left_out

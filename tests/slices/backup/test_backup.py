"""Backups of a store while its server runs, and their restore: whole, incremental, from one database to the other."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from slices.backup.conftest import Said, contents, files, fill, settings_of
from slices.cleanup.test_deletions import DELETIONS, filled_run, history, metric
from support.processes.servers import Server
from support.stores import s3
from support.traces import names, spans_of
from trackside.cli.stores import open_database
from trackside.core.work import backup_lease as lease


def store_of(server: Server) -> list[str]:
    """The options that name the store of a server."""
    at = server.options.index("--store") if "--store" in server.options else len(server.options)
    return ["--data", str(server.data), *server.options[at : at + 2]]


def test_a_backup_is_made_while_runs_are_logged_and_its_restore_has_rows_and_files(
    any_server: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    run_id = fill(any_server.api)
    ended = Event()
    api = any_server.api

    def log() -> None:
        while not ended.is_set():
            filled_run(api, steps=10, size=10)

    writer = Thread(target=log)
    writer.start()
    code, out, _ = said("backup", "create", *store_of(any_server), "--to", tmp_path / "kept", "--with-secrets")
    ended.set()
    writer.join()
    assert (code, "runs" in out) == (0, True)
    assert said("backup", "verify", tmp_path / "kept", "--restore")[0] == 0

    target = tmp_path / "again"
    code, out, _ = said("backup", "restore", "--data", target, tmp_path / "kept")
    assert (code, "Its links are paused" in out) == (0, True)
    restored = start(data=target)

    assert history(restored.api, run_id) == list(range(300))
    assert metric(restored.api, run_id, "odd") == "NaN"
    found = restored.api.ask("GET", f"/get-artifact?run_id={run_id}&path=note.txt")
    assert (found.status, found.body) == (200, b"x" * 1000)
    assert restored.api.get("/api/trackside/v1/links/twin")["link"]["state"] == "paused"
    # Each file that a row of the backup names is there: files were listed after the rows.
    for run in restored.api.post("runs/search", experiment_ids=["0"], max_results=1000)["runs"]:
        listed = restored.api.get("artifacts/list", run_id=run["info"]["run_id"]).get("files", [])
        assert listed or run["info"]["run_id"] != run_id
    assert names(restored.api, f"run_id = '{run_id}' AND feedback.good = 'true'") == [1]
    assert [span["name"] for span in spans_of(restored.api)] == ["root", "step"]
    fresh = filled_run(restored.api)  # numbers of rows go on
    assert history(restored.api, fresh) == list(range(300))


def test_a_store_restored_without_its_key_accepts_new_secrets(
    any_server: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    keys = "/api/trackside/v1/endpoints/adder/keys"
    any_server.api.post("/api/trackside/v1/endpoints", name="adder")
    before = any_server.api.get(keys)

    _, made, _ = said("backup", "create", *store_of(any_server), "--to", tmp_path / "kept")
    _, out, _ = said("backup", "restore", "--data", tmp_path / "again", tmp_path / "kept")
    restored = start(data=tmp_path / "again").api
    closed = restored.fault(keys, method="GET")
    for which in ("primary", "secondary"):
        restored.ask("POST", keys, {"key": which})

    assert ("--with-secrets" in made, "regenerate both keys" in out) == (True, True)
    assert "regenerate both keys" in closed[2]
    assert set(restored.get(keys).values()).isdisjoint(before.values())


@pytest.mark.slow
def test_sqlite_to_postgresql_and_back_is_the_same_row_by_row(
    server: Server, start: Callable[..., Server], postgres_url: str, said: Said, tmp_path: Path
) -> None:
    fill(server.api)
    server.stop()
    there, back = tmp_path / "there", tmp_path / "back"

    assert said("backup", "create", "--data", server.data, "--to", tmp_path / "one")[0] == 0
    code, _, err = said("backup", "restore", "--data", there, "--store", postgres_url, tmp_path / "one", "--keep-links")
    assert (code, err) == (0, "")
    assert said("backup", "create", "--data", there, "--store", postgres_url, "--to", tmp_path / "two")[0] == 0
    assert said("backup", "restore", "--data", back, tmp_path / "two", "--keep-links")[0] == 0

    first = contents(settings_of(server.data), tmp_path)
    assert contents(settings_of(there, postgres_url), tmp_path) == first
    assert contents(settings_of(back), tmp_path) == first
    assert files(server.data) == files(there) == files(back)
    again = start("--store", postgres_url, data=there)
    assert again.api.new_run()  # numbers of rows go on
    again.stop()
    code, _, err = said("backup", "restore", "--data", tmp_path / "x", "--store", postgres_url, tmp_path / "one")
    assert (code, "is not an empty database" in err) == (2, True)


def test_a_second_backup_copies_only_new_files_and_the_first_can_be_restored(
    server: Server, said: Said, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    first_run = filled_run(server.api)
    first = json.loads(said("backup", "create", "--data", server.data, "--to", kept, "--json")[1])
    second_run = filled_run(server.api, size=2000)

    second = json.loads(said("backup", "create", "--data", server.data, "--to", kept, "--json")[1])

    assert (first["file_count"], first["file_bytes"], first["new_bytes"]) == (
        2,
        2000,
        1000,
    )  # two files of the same bytes
    assert (second["file_count"], second["file_bytes"], second["new_bytes"]) == (4, 6000, 2000)
    listed = json.loads(said("backup", "list", kept, "--json")[1])
    assert [each["backup_id"] for each in listed] == [first["backup_id"], second["backup_id"]]
    assert said("backup", "restore", "--data", tmp_path / "old", kept, first["backup_id"])[0] == 0
    names = files(tmp_path / "old")
    assert any(first_run in name for name in names)
    assert not any(second_run in name for name in names)


def test_nothing_is_deleted_permanently_during_a_backup(server: Server, tmp_path: Path) -> None:
    run_id = filled_run(server.api)
    db = open_database(settings_of(server.data))

    with lease.held(db, "20260101T000000Z-abcdef"):
        during = server.api.ask("POST", DELETIONS, {"kind": "run", "run_id": run_id})
    after = server.api.ask("POST", DELETIONS, {"kind": "run", "run_id": run_id})
    db.close()

    assert (during.status, "20260101T000000Z-abcdef" in during.json["message"]) == (503, True)
    assert (after.status, after.json["is_done"]) == (200, True)


@pytest.mark.slow
def test_a_backup_goes_to_a_bucket_and_comes_back(
    server: Server, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = filled_run(server.api)
    with s3.served() as options:
        for name, value in options.items():
            monkeypatch.setenv(f"AWS_{name.upper()}", value)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        place = "s3://artifacts/backups"

        assert said("backup", "create", "--data", server.data, "--to", place)[0] == 0
        assert said("backup", "verify", place)[0] == 0
        assert said("backup", "restore", "--data", tmp_path / "again", place)[0] == 0

    assert any(run_id in name for name in files(tmp_path / "again"))

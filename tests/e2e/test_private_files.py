"""The server's files are private to its user, and a removed database file loses no write silently."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from support.client import Api
from support.links import put_file
from support.processes.servers import Server, trackside

UNMASKED = ("sh", "-c", 'umask 000; exec "$@"', "sh")


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in [folder, *folder.rglob("*")]}


def open_to_others(folder: Path) -> list[str]:
    return [f"{name} {mode:o}" for name, mode in modes(folder).items() if mode & 0o077]


def test_files_of_the_server_are_private_with_any_umask(tmp_path: Path) -> None:
    data = tmp_path / "above" / "data"
    server = Server(data)
    server.command = (*UNMASKED, *server.command)
    server.start()
    api = server.api
    put_file(api, api.new_run(), "folder/model.pkl", b"x")
    fields = {"name": "w", "url": "https://example.org:1/", "secret": "s", "events": ["run.finished"]}
    assert (
        api.ask(
            "POST", "/api/trackside/v1/webhooks", _json(fields), headers={"content-type": "application/json"}
        ).status
        == 200
    )

    found = open_to_others(tmp_path / "above")
    names = modes(data)
    server.stop()

    assert found == []
    assert {"trackside.db", "trackside.db-wal", "trackside.db-shm", "secret.key", "server.lock", "artifacts"} <= set(
        names
    )


def test_files_that_an_earlier_release_left_open_become_private(server: Server) -> None:
    server.stop()
    for path in [server.data, *server.data.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)

    server.start()

    assert not [name for name in open_to_others(server.data) if "/" not in name]


def test_a_folder_with_other_files_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    (shared / "notes.txt").write_text("somebody's")
    (shared / "notes.txt").chmod(0o644)
    server = Server(shared).start()

    found = modes(shared)
    server.stop()

    assert (found["."], found["notes.txt"], found["trackside.db"]) == (0o755, 0o644, 0o600)


def test_a_restored_store_is_private_to_its_user(server: Server, tmp_path: Path) -> None:
    server.stop()
    command = ("db", "restore", str(server.data / "trackside.db"), "--data", str(tmp_path / "new"))
    mask = os.umask(0)

    try:
        code, _, complaints = trackside(*command, cwd=tmp_path)
    finally:
        os.umask(mask)

    assert (code, complaints) == (0, "")
    assert open_to_others(tmp_path / "new") == []


def _json(fields: object) -> bytes:
    return json.dumps(fields).encode()


def _delete(path: Path) -> None:
    path.unlink()


def _replace(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


def _move(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def _delete_the_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


def _move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


@pytest.mark.parametrize("durability", ["full", "relaxed"])
@pytest.mark.parametrize("harm", [_delete, _replace, _move, _delete_the_log, _move_the_folder])
def test_a_removed_database_file_is_not_written_to(
    start: Callable[..., Server], tmp_path: Path, harm: Callable[[Path], None], durability: str
) -> None:
    server = start("--durability", durability, "--store", f"sqlite:///{tmp_path}/store/trackside.db")
    api = server.api
    run_id = api.new_run()

    harm(tmp_path / "store" / "trackside.db")

    for path, fields in (
        ("runs/create", {"experiment_id": "0"}),
        ("runs/log-metric", _metric(run_id)),
        ("runs/delete", {"run_id": run_id}),
    ):
        status, code, message = api.fault(path, **fields)
        assert (status, code) == (503, "TEMPORARILY_UNAVAILABLE")
        assert "deleted or replaced" in message
    health = api.ask("GET", "/health")
    assert (health.status, b"deleted or replaced" in health.body) == (503, True)
    for _ in range(20):  # on whichever thread: no read finds another store in the place of this one
        assert api.ask("GET", "/api/2.0/mlflow/experiments/search?max_results=9").status in (200, 503)
    assert not (tmp_path / "store" / "trackside.db").exists() or harm in (_replace, _delete_the_log)


def _metric(run_id: str) -> dict[str, object]:
    return {"run_id": run_id, "key": "m", "value": 1.0, "timestamp": 1}


def test_health_reports_ok_while_the_database_exists(any_server: Server) -> None:
    api: Api = any_server.api
    api.new_run()

    assert (api.ask("GET", "/health").status, api.ask("GET", "/health").body) == (200, b"OK")


def test_an_empty_database_file_is_not_a_new_store(server: Server, tmp_path: Path) -> None:
    server.stop()
    (server.data / "trackside.db").write_bytes(b"")

    code, _, complaints = trackside("server", "--port", "0", "--data", str(server.data), cwd=tmp_path)

    assert code == 2
    assert "it has no bytes" in complaints
    assert (server.data / "trackside.db").stat().st_size == 0


def test_a_log_without_its_database_is_not_a_new_store(server: Server, tmp_path: Path) -> None:
    server.api.new_run()
    server.kill9()
    (server.data / "trackside.db").rename(tmp_path / "away")

    code, _, complaints = trackside("server", "--port", "0", "--data", str(server.data), cwd=tmp_path)

    assert code == 2
    assert "its log trackside.db-wal exists" in complaints


def test_the_url_of_a_store_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(f"sqlite:///{tmp_path}/a.db\n")
    (tmp_path / "two").write_text("sqlite:///a.db\nsqlite:///b.db\n")
    (tmp_path / "wrong").write_text("postgresql://user:s3cr3t@host")

    by_flag = trackside("db", "upgrade", "--store-file", "url", "--data", "data", cwd=tmp_path)
    by_variable = trackside("db", "check", "--data", "data", cwd=tmp_path, TRACKSIDE_STORE_FILE=str(tmp_path / "url"))

    assert (by_flag[0], by_variable[0]) == (0, 0)
    assert (tmp_path / "a.db").exists()
    for words, message in (
        (("--store-file", "missing"), "it cannot be read"),
        (("--store-file", "two"), "in one line"),
        (("--store-file", "wrong"), "it names no database"),
        (("--store-file", "url", "--store", "sqlite:///b.db"), "both name a store"),
    ):
        code, _, complaints = trackside("db", "check", *words, cwd=tmp_path)
        assert (code, message in complaints, "s3cr3t" in complaints) == (2, True, False), complaints

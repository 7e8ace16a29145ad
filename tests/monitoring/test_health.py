"""`/livez` and `/readyz`."""

from pathlib import Path

import pytest

from support.client import Api, Inside
from trackside import app
from trackside.core.settings import Settings
from trackside.monitoring import health
from trackside.monitoring.health import Readiness


def test_a_healthy_server_is_ready_and_lists_its_checks_on_request(sqlite_api: Api) -> None:
    assert sqlite_api.ask("GET", "/livez").body == b"ok"
    assert sqlite_api.ask("GET", "/readyz").body == b"ok"
    assert sqlite_api.ask("GET", "/readyz?verbose").body.decode().splitlines() == [
        "[+]store ok", "[+]disk ok", "[+]artifacts ok", "[+]shutdown ok", "readyz check passed",
    ]  # fmt: skip


def test_a_failed_check_is_reported_unless_it_is_excluded() -> None:
    readiness = Readiness({"store": lambda: "the disk is full", "disk": lambda: None})

    failed = readiness.check(frozenset(), is_verbose=False)
    excluded = readiness.check(frozenset({"store"}), is_verbose=False)

    assert not failed.is_ready
    assert "[-]store failed: the disk is full" in failed.text.splitlines()
    assert excluded.is_ready


def test_an_unknown_check_is_refused_with_the_names_of_the_known_ones(sqlite_api: Api) -> None:
    status, code, message = sqlite_api.fault("/readyz?exclude=etcd", method="GET")

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message == "exclude is 'etcd'; the checks are store, disk, artifacts, shutdown."


def test_a_stopping_server_is_alive_but_not_ready(sqlite_settings: Settings) -> None:
    made = app.build(sqlite_settings)
    inside = Inside(made.asgi)
    api = Api(inside)
    made.leave()

    ready, live = api.ask("GET", "/readyz"), api.ask("GET", "/livez")

    inside.close()
    made.close()
    assert (ready.status, live.status) == (503, 200)
    assert b"the server is ending" in ready.body


def test_the_check_of_a_read_only_folder_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # the tests may run as root, who may write anywhere

    assert health.writable(tmp_path / "later")() == "the server may not write to the folder"


def test_the_check_of_a_missing_folder_fails(tmp_path: Path) -> None:
    check = health.disk_of(tmp_path / "gone")

    assert health.disk_of(tmp_path)() is None
    assert check() == "its free space cannot be read: No such file or directory"

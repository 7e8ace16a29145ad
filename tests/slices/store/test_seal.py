"""Secrets are stored only in a form that the store alone does not reveal."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.processes.servers import Server
from trackside.core.errors import BadState, Unsupported
from trackside.core.seal import Sealer, SecretKey

pytestmark = pytest.mark.both

KEY = "a text of more than thirty-two characters"


def seal(db: Any, sealer: Sealer, text: str, context: str) -> bytes:
    sealed: bytes = db.writer.submit(0, lambda tx: sealer.seal(tx, text, context)).result()
    return sealed


def test_a_sealed_secret_opens_only_with_its_key_and_in_its_place(db: Any, tmp_path: Path) -> None:
    sealer = Sealer(SecretKey(KEY), tmp_path / "none")
    sealed = seal(db, sealer, "pässword", "webhook 1")

    assert b"ssword" not in sealed
    assert sealer.open(sealed, "webhook 1") == "pässword"
    assert seal(db, sealer, "pässword", "webhook 1") != sealed
    with pytest.raises(BadState, match="damaged"):
        sealer.open(sealed, "webhook 2")
    with pytest.raises(BadState, match="damaged"):
        sealer.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "webhook 1")
    with pytest.raises(BadState, match="encrypted with a key other than"):
        Sealer(SecretKey(KEY + "!"), tmp_path / "none").open(sealed, "webhook 1")
    with pytest.raises(BadState, match="encrypted with a key other than"):
        sealer.open(b"plain text", "webhook 1")


def test_the_default_key_file_is_private_to_its_owner(db: Any, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "secret.key"
    sealed = seal(db, Sealer(None, file), "x", "c")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret.key"]
    assert Sealer(None, file).open(sealed, "c") == "x"
    assert Sealer(SecretKey(file.read_text()), tmp_path / "none").open(sealed, "c") == "x"


def test_a_server_with_another_key_than_the_stores_takes_no_secret(db: Any, tmp_path: Path) -> None:
    seal(db, Sealer(None, tmp_path / "one"), "x", "c")

    with pytest.raises(BadState, match="the same TRACKSIDE_SECRET_KEY"):
        seal(db, Sealer(None, tmp_path / "two"), "x", "c")


def test_a_key_file_that_everybody_may_read_is_refused_and_its_groups_one_is_warned_of(
    db: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "secret.key"
    file.write_text(KEY)
    file.chmod(0o644)
    with pytest.raises(BadState, match=r"has the mode 0644.* Run: chmod 600 secret\.key"):
        seal(db, Sealer(None, file), "x", "c")
    file.chmod(0o640)
    sealed = seal(db, Sealer(None, file), "x", "c")
    warned = caplog.text
    caplog.clear()
    file.chmod(0o600)

    assert Sealer(None, file).open(sealed, "c") == "x"
    assert "has the mode 0640" in warned
    assert caplog.text == ""


def test_an_invalid_key_file_is_named(db: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("short")

    with pytest.raises(
        BadState, match=r"The file secret\.key in the data folder is not a key: it must have 32 characters"
    ):
        Sealer(None, tmp_path / "secret.key").prepare()


def test_a_key_is_never_printed() -> None:
    assert KEY not in repr(SecretKey(KEY)) + str(SecretKey(KEY))
    assert SecretKey(KEY) == SecretKey(f" {KEY}\n")
    assert SecretKey(KEY).derive("one") != SecretKey(KEY).derive("two")


def test_without_the_package_secrets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As on a light install: nobody's import of it works.
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Without(), *sys.meta_path])

    with pytest.raises(Unsupported, match=r"pip install 'trackside\[secrets\]'"):
        Sealer(SecretKey(KEY), tmp_path / "none").prepare()


class _Without:
    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "cryptography":
            raise ModuleNotFoundError(name=name)


def test_neither_the_store_nor_the_log_of_changes_holds_a_webhooks_secret(start: Callable[..., Server]) -> None:
    server = start()
    api = server.api
    made = api.post(
        "/api/trackside/v1/webhooks",
        name="w",
        url="https://example.com/",
        events=["run.finished"],
        secret="findable-secret-word",
    )["webhook"]
    assert made["has_secret"]
    assert "secret-word" not in str(api.get("/api/trackside/v1/webhooks"))
    assert "secret-word" not in str(api.get("/api/trackside/v1/changes"))
    data = server.data
    server.stop()

    holding = [file for file in data.rglob("*") if file.is_file() and b"findable-secret-word" in file.read_bytes()]
    assert (data / "secret.key").exists()
    assert holding == []

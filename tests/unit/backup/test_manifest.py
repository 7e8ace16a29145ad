"""Manipulated manifests of backups."""

import msgspec
import pytest
from msgspec import structs

from trackside.backup import model
from trackside.backup.model import Damaged, Manifest, Table

ID = "20261129T083412Z-5d1f0a"
RUNS = Table("runs", ["run_seq", "run_id"], 1, 20)
MADE = Manifest(
    format=model.FORMAT, backup_id=ID, product="0.1.0", schema=1, sources={}, store_uid="u", dialect="sqlite", created_at=1,
    took_ms=1, tables=[RUNS], file_count=0, file_bytes=0, new_bytes=0, vanished=[], elsewhere=[], has_secrets=False,
)  # fmt: skip


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert model.manifest(msgspec.json.encode(MADE), ID) == MADE


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (structs.replace(RUNS, name="runs FROM PROGRAM 'id' --"), "runs FROM PROGRAM 'id' --"),
        (structs.replace(RUNS, name="../../runs"), "../../runs"),
        (structs.replace(RUNS, columns=["run_id) VALUES (1); --"]), "run_id) VALUES (1); --"),
        (structs.replace(RUNS, columns=[""]), "''"),
    ],
)
def test_a_name_that_is_not_an_sql_identifier_is_refused(table: Table, said: str) -> None:
    raw = msgspec.json.encode(structs.replace(MADE, tables=[RUNS, table]))

    with pytest.raises(Damaged) as caught:
        model.manifest(raw, ID)

    assert str(caught.value).startswith(f"backups/{ID}/MANIFEST.json names ")
    assert said in str(caught.value)


def test_a_manifest_of_another_backup_is_refused() -> None:
    raw = msgspec.json.encode(structs.replace(MADE, backup_id="../../other"))

    with pytest.raises(Damaged, match=r"is of another backup: it names '\.\./\.\./other'"):
        model.manifest(raw, ID)


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"format": 1}', b"\xff"])
def test_an_invalid_manifest_is_refused_with_its_file_name(raw: bytes) -> None:
    with pytest.raises(Damaged, match=f"^backups/{ID}/MANIFEST.json cannot be read"):
        model.manifest(raw, ID)

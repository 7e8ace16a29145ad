"""Backups and restores in trouble: kill -9, a flipped byte, a full disk, a store in use, a backup of a newer release."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec
import pytest

from slices.backup.conftest import Said, contents, files, fill, placed, settings_of
from slices.cleanup.test_deletions import filled_run
from support.links import until
from support.processes.forks import forks
from support.processes.servers import Server, environment, limited_environment
from trackside.backup import model, rows

TRIES = 50
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from trackside.cli.main import main
sys.exit(main())
"""


def backup(said: Said, server: Server, kept: Path) -> str:
    code, out, err = said("backup", "create", "--data", server.data, "--to", kept, "--json")
    assert code == 0, err
    return str(json.loads(out)["backup_id"])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def edit(kept: Path, backup_id: str, files: Mapping[str, bytes] | None = None, **changes: object) -> None:
    """Another manifest, with the sums that fit it and other files."""
    path = kept / "backups" / backup_id / model.MANIFEST
    found = msgspec.json.decode(path.read_bytes()) | changes
    path.write_bytes(msgspec.json.encode(found))
    sums = path.with_name(model.SUMS)
    known = model.read_sums(sums.read_bytes())
    changed = {model.MANIFEST: path.read_bytes(), **(files or {})}
    sums.write_bytes(model.sums(known | {name: model.digest(raw) for name, raw in changed.items()}))


@pytest.mark.parametrize("what", ["objects/*/*", "backups/*/tables/runs.mp.gz", "backups/*/files.mp.gz"])
def test_a_damaged_backup_is_detected_and_not_restored(server: Server, said: Said, tmp_path: Path, what: str) -> None:
    filled_run(server.api)
    kept, target = tmp_path / "kept", tmp_path / "again"
    backup(said, server, kept)
    assert said("backup", "verify", kept)[0] == 0
    flip(next(kept.glob(what)))

    code, out, _ = said("backup", "verify", kept)
    restored, _, err = said("backup", "restore", "--data", target, kept)

    assert (code, "is damaged" in out) == (1, True)
    assert (restored, "damaged" in err) == (2, True)
    assert not (target / "trackside.db").exists()


def test_a_missing_file_is_found(server: Server, said: Said, tmp_path: Path) -> None:
    filled_run(server.api)
    kept = tmp_path / "kept"
    backup(said, server, kept)
    next(kept.glob("objects/*/*")).unlink()

    code, out, _ = said("backup", "verify", kept)

    assert (code, "is missing" in out) == (1, True)


def killed_in_the_middle(
    words: Callable[[Path], list[str]],
    folder: Path,
    *,
    has_begun: Callable[[Path], bool],
    has_ended: Callable[[Path], bool],
) -> Path:
    """Kill a command when it has written something, and return the folder that it wrote.

    A command may end before the signal comes: then it is run again, in another folder."""
    for number in range(TRIES):
        written = folder / f"written-{number}"
        with forks().start(words(written), env=environment()) as process:
            until(partial(has_begun, written), "something to be written")
            process.kill()
        if not has_ended(written):
            return written
    pytest.fail(f"the command ended {TRIES} times before it was killed")


def test_a_killed_backup_is_invalid_and_the_next_one_is_complete(server: Server, said: Said, tmp_path: Path) -> None:
    for _ in range(30):
        filled_run(server.api, steps=10, size=300_000 + _)
    kept = killed_in_the_middle(
        lambda kept: ["backup", "create", "--data", str(server.data), "--to", str(kept)],
        tmp_path,
        has_begun=lambda kept: any(kept.glob("objects/*/*")),
        has_ended=lambda kept: "not whole" not in said("backup", "list", kept)[1],
    )
    before = {path.name for path in kept.glob("objects/*/*")}

    listed = said("backup", "list", kept)[1]
    refused = said("backup", "restore", "--data", tmp_path / "x", kept)
    backup_id = backup(said, server, kept)

    assert "not whole" in listed
    assert (refused[0], "has no whole backup" in refused[2]) == (2, True)
    assert before <= {path.name for path in kept.glob("objects/*/*")}
    assert said("backup", "verify", kept, backup_id)[0] == 0


@pytest.mark.slow
def test_a_restore_that_is_killed_is_finished_by_the_same_command(server: Server, said: Said, tmp_path: Path) -> None:
    for number in range(30):
        filled_run(server.api, steps=10, size=300_000 + number)
    fill(server.api)
    server.stop()
    kept = tmp_path / "kept"
    backup(said, server, kept)

    def words(target: Path) -> list[str]:
        return ["backup", "restore", "--data", str(target), str(kept), "--keep-links"]

    target = killed_in_the_middle(
        words,
        tmp_path,
        has_begun=lambda target: len(placed(target)) > 3,
        has_ended=lambda target: (target / "trackside.db").exists(),
    )

    code, _, err = said(*words(target))

    assert (code, err) == (0, "")
    assert contents(settings_of(target), tmp_path) == contents(settings_of(server.data), tmp_path)
    assert files(target) == files(server.data)


@pytest.mark.slow
def test_a_full_disk_ends_a_backup_and_a_restore_with_one_line(server: Server, said: Said, tmp_path: Path) -> None:
    filled_run(server.api, size=3_000_000)
    kept, target = tmp_path / "kept", tmp_path / "again"
    whole = backup(said, server, kept)
    filled_run(server.api, size=4_000_000)

    made = limited(2_000_000, "backup", "create", "--data", server.data, "--to", kept)
    restored = limited(200_000, "backup", "restore", "--data", target, kept)

    assert (made.returncode, made.stderr.startswith("trackside: ")) == (2, True)
    assert (restored.returncode, restored.stderr.startswith("trackside: ")) == (2, True)
    assert "Traceback" not in made.stderr + restored.stderr
    assert not (target / "trackside.db").exists()
    assert said("backup", "verify", kept, whole)[0] == 0
    assert said("backup", "restore", "--data", target, kept)[0] == 0


def limited(size: int, *words: object) -> "subprocess.CompletedProcess[str]":
    """A command that can write no file larger than `size`."""
    assert resource.RLIMIT_FSIZE
    argv = [sys.executable, "-c", LIMITED, str(size), *map(str, words)]
    return subprocess.run(argv, env=limited_environment(), capture_output=True, text=True, timeout=300, check=False)


def test_a_store_in_use_is_never_overwritten_by_a_restore(
    server: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    run_id = filled_run(server.api)
    kept = tmp_path / "kept"
    backup(said, server, kept)
    other = start()

    running = said("backup", "restore", "--data", other.data, kept)
    other.stop()
    stopped = said("backup", "restore", "--data", other.data, kept)
    (tmp_path / "busy" / "artifacts").mkdir(parents=True)
    (tmp_path / "busy" / "artifacts" / "mine.txt").write_text("mine")
    filled = said("backup", "restore", "--data", tmp_path / "busy", kept)

    assert (running[0], "is in use by the server" in running[2]) == (2, True)
    assert (stopped[0], "exists; move it" in stopped[2]) == (2, True)
    assert (filled[0], "mine.txt" in filled[2]) == (2, True)
    assert server.api.run(run_id)


def test_a_backup_of_a_newer_release_is_refused(server: Server, said: Said, tmp_path: Path) -> None:
    filled_run(server.api)
    kept = tmp_path / "kept"
    backup_id = backup(said, server, kept)
    path = kept / "backups" / backup_id / model.MANIFEST
    sources = msgspec.json.decode(path.read_bytes())["sources"]

    edit(kept, backup_id, sources=sources | {"9999_future": "0" * 64}, product="99.0")
    newer_schema = said("backup", "restore", "--data", tmp_path / "a", kept)
    edit(kept, backup_id, format=3)
    newer_format = said("backup", "restore", "--data", tmp_path / "a", kept)
    verified = said("backup", "verify", kept)

    assert (newer_schema[0], "9999_future" in newer_schema[2]) == (2, True)
    assert (newer_format[0], "format 3" in newer_format[2]) == (2, True)
    assert (verified[0], "format 3" in verified[2]) == (2, True)
    assert not (tmp_path / "a" / "trackside.db").exists()


@pytest.mark.slow
def test_a_backup_with_tables_that_do_not_match_its_schema_is_refused(
    server: Server, said: Said, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """The backup and its checksums were changed."""
    filled_run(server.api)
    kept, target = tmp_path / "kept", tmp_path / "new"
    backup_id = backup(said, server, kept)
    folder = kept / "backups" / backup_id
    tables = msgspec.json.decode((folder / model.MANIFEST).read_bytes())["tables"]
    at, runs = next((at, each) for at, each in enumerate(tables) if each["name"] == "runs")
    row = next(rows.unpacked([(folder / model.table_name("runs")).read_bytes()]))
    cases: list[tuple[dict[str, object], list[list[object]], str]] = [
        ({"name": "run"}, [row], "names the table run, which schema version"),
        ({"name": "sqlite_master"}, [row], "names the table sqlite_master, which"),
        ({"columns": ["size", *runs["columns"][1:]]}, [row], "runs of the backup does not fit its schema: it has no column size"),
        ({}, [row, row], "the table runs has more rows than the 1 that the manifest names"),
        ({}, [row[1:]], f"row 1 of the table runs has {len(row) - 1} values for {len(row)} columns"),
        ({}, [[None] * len(row)], "the table runs of the backup does not fit its schema: NOT NULL"),
        ({}, [[1 << 63, *row[1:]]], "the table runs of the backup does not fit its schema: Python int too large"),
        ({}, [[[], *row[1:]]], "the table runs of the backup does not fit its schema: Error binding parameter"),
    ]  # fmt: skip

    for changed, stored, message in cases:
        with subtests.test(message):
            raw = b"".join(rows.packed(stored))
            name = changed.get("name", "runs")
            (folder / model.table_name(str(name))).write_bytes(raw)
            edit(
                kept,
                backup_id,
                {model.table_name(str(name)): raw},
                tables=[*tables[:at], runs | changed, *tables[at + 1 :]],
            )

            code, _, err = said("backup", "restore", "--data", target, kept)

            assert (code, message in err) == (2, True), err
            assert not (target / "trackside.db").exists()


@pytest.mark.parametrize("place", ["", "a-file/x", "ftp://host/x"])
def test_a_backup_to_an_invalid_location_names_only_the_location(
    server: Server, said: Said, tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").touch()

    for words in (["create"], ["export", "default"]):
        code, out, err = said("backup", *words, "--data", server.data, "--to", place)
        assert (code, out) == (2, "")
        assert err.startswith(f"trackside: {place!r} cannot be a location of backups; ")


@pytest.mark.parametrize("place", ["nowhere", "ftp://host/x", "s3://"])
def test_an_invalid_location_is_reported(said: Said, tmp_path: Path, place: str) -> None:
    code, _, err = said("backup", "list", place if "://" in place else tmp_path / place)

    assert (code, err.startswith("trackside: ")) == (2, True)

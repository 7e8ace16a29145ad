"""The store's schema and the doctor, from the command line."""

import json
import os
import shlex
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from support.processes.command_line import Launch
from support.processes.ports import free_port
from support.processes.servers import TRACKSIDE, environment, limited_environment, trackside
from support.stores.old_store import make_old
from trackside.core import settings


def test_the_schema_is_made_checked_and_upgraded(tmp_path: Path) -> None:
    unmade = trackside("db", "check", cwd=tmp_path)
    upgraded = trackside("db", "upgrade", cwd=tmp_path)
    again = trackside("db", "upgrade", cwd=tmp_path)
    checked = trackside("db", "check", cwd=tmp_path)

    assert [outcome[0] for outcome in (unmade, upgraded, again, checked)] == [0, 0, 0, 0]
    assert "does not exist" in unmade[1]
    assert "applied 0001_" in upgraded[1]
    assert "was up to date" in again[1]
    assert checked[1].strip().endswith("up to date")


# No file may grow beyond so much: what SQLite needs beside the store fits in, and the backup does not.
@pytest.mark.parametrize(("kind", "most"), [("sqlite", 80), ("postgresql", 2)])
def test_an_upgrade_needs_space_for_its_backup_and_names_the_backup_file(
    kind: str, most: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store = () if kind == "sqlite" else ("--store", request.getfixturevalue("postgres_url"))
    make_old(settings.load(dict([store] if store else []) | {"--data": str(tmp_path / "trackside-data")}, {}))
    command = shlex.join([*TRACKSIDE, "db", "upgrade", *store])

    full = subprocess.run(
        ["sh", "-c", f"ulimit -f {most}; exec {command}"],
        cwd=tmp_path,
        env=limited_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    unchanged = trackside("db", "check", *store, cwd=tmp_path)
    done = trackside("db", "upgrade", *store, cwd=tmp_path)

    assert (full.returncode, full.stdout, full.stderr.count("\n")) == (2, "", 1)
    assert f"cannot be written to {tmp_path}/trackside-data/backups (" in full.stderr
    assert "Nothing was changed. Free some space" in full.stderr
    assert "schema version 1 of" in unchanged[1]
    assert done[0] == 0
    (backup,) = (tmp_path / "trackside-data" / "backups").iterdir()
    assert f"the backup before the upgrade is {backup}\n" in done[1]


@pytest.mark.slow
def test_an_operator_may_skip_the_backup_of_an_upgrade(tmp_path: Path) -> None:
    make_old(settings.load({"--data": str(tmp_path / "trackside-data")}, {}))

    code, said, _ = trackside("db", "upgrade", "--no-backup", cwd=tmp_path)

    assert (code, "the backup before the upgrade" in said) == (0, False)
    assert not (tmp_path / "trackside-data" / "backups").exists()


def test_a_backup_is_restored_to_an_empty_location(tmp_path: Path) -> None:
    make_old(settings.load({"--data": str(tmp_path / "trackside-data")}, {}))
    trackside("db", "upgrade", cwd=tmp_path)
    (backup,) = (tmp_path / "trackside-data" / "backups").iterdir()

    there = trackside("db", "restore", str(backup), cwd=tmp_path)
    (tmp_path / "trackside-data" / "trackside.db").rename(tmp_path / "newer.db")
    done = trackside("db", "restore", str(backup), cwd=tmp_path)
    other = trackside("db", "restore", str(backup), "--store", "postgresql://me@127.0.0.1:1/x", cwd=tmp_path)

    assert (there[0], "trackside.db exists; move it first" in there[2]) == (2, True)
    assert (done[0], "schema version 1, as in" in done[1]) == (0, True)
    assert "schema version 1 of" in trackside("db", "check", cwd=tmp_path)[1]
    assert (other[0], "is a backup of a store on SQLite" in other[2]) == (2, True)


def test_a_damaged_store_is_reported_with_a_remedy(tmp_path: Path) -> None:
    make_old(settings.load({"--data": str(tmp_path / "trackside-data")}, {}))
    file = tmp_path / "trackside-data" / "trackside.db"
    file.write_bytes(file.read_bytes()[:20_000])

    for words in (["db", "check"], ["db", "upgrade"], ["server", "--port", "0"]):
        code, said, complaint = trackside(*words, cwd=tmp_path)
        assert (code, said, complaint.count("\n")) == (2, "", 1)
        assert "(database disk image is malformed); restore a backup by `trackside db restore`" in complaint


def test_a_newer_schema_is_refused_by_all(tmp_path: Path) -> None:
    trackside("db", "upgrade", cwd=tmp_path)
    with sqlite3.connect(tmp_path / "trackside-data" / "trackside.db") as database:
        database.execute(
            "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (9999, 'x', 'y', 0)"
        )
    database.close()

    for words in (["db", "check"], ["db", "upgrade"], ["server", "--port", "0"]):
        code, _, complaint = trackside(*words, cwd=tmp_path)
        assert (code, "newer than this Trackside knows" in complaint) == (2, True)


def test_a_running_servers_store_is_checked_and_not_upgraded(launch: Launch, tmp_path: Path) -> None:
    server = launch()

    assert trackside("db", "check", cwd=tmp_path)[0] == 0
    code, _, complaint = trackside("db", "upgrade", cwd=tmp_path)
    assert code == 2
    assert f"pid {server.process.pid}" in complaint


# Root may write to any folder, unless the process gives up that right (CAP_DAC_OVERRIDE) before it begins.
_WITHOUT_OVERRIDE = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.skipif(os.geteuid() == 0 and sys.platform != "linux", reason="root may write to any folder here")
def test_a_store_in_a_read_only_folder_is_reported_with_the_folder(tmp_path: Path) -> None:
    data = tmp_path / "trackside-data"
    trackside("db", "upgrade", cwd=tmp_path)
    data.chmod(0o500)
    limited = (sys.executable, "-c", _WITHOUT_OVERRIDE) if os.geteuid() == 0 else ()

    done = subprocess.run(
        [*limited, *TRACKSIDE, "db", "check"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    data.chmod(0o700)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"cannot be opened (this user cannot write to {data})\n")


def test_a_database_of_mlflow_is_refused_and_stays_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE experiments (experiment_id INTEGER)")
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    database.close()
    before = file.read_bytes()

    for words in (["server", "--port", "0"], ["db", "check"], ["db", "upgrade"]):
        code, _, complaint = trackside(*words, "--store", "sqlite:///mlflow.db", cwd=tmp_path)
        assert (code, "a database of MLflow's own server" in complaint, "`trackside import`" in complaint) == (
            2,
            True,
            True,
        )
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_the_doctor_reports_no_problem_for_a_new_data_folder_and_creates_nothing(tmp_path: Path) -> None:
    port = str(free_port())

    code, said, complaints = trackside("doctor", "--port", port, cwd=tmp_path)

    assert (code, complaints) == (0, "")
    checks = {line.split("  ")[0] for line in said.splitlines()}
    assert checks >= {
        "python",
        "sqlite",
        "data folder",
        "disk sync",
        "free space",
        "store",
        "artifacts",
        "port",
        "clock",
    }
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_prints_json_and_reports_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_text("not a database" * 100)
    port = str(free_port())

    code, said, _ = trackside("doctor", "--json", "--port", port, "--store", "sqlite:///broken.db", cwd=tmp_path)

    assert code == 1
    findings = {finding["check"]: finding for finding in json.loads(said)}
    assert [name for name, finding in findings.items() if finding["state"] == "broken"] == ["store"]
    assert "file is not a database" in findings["store"]["detail"]


def test_the_doctor_names_tables_of_other_programs(tmp_path: Path) -> None:
    def found() -> tuple[int, str, str]:
        code, said, _ = trackside("doctor", "--json", "--port", "0", cwd=tmp_path)
        finding = next(each for each in json.loads(said) if each["check"] == "tables")
        return code, finding["state"], finding["detail"]

    def add(*names: str) -> None:
        with sqlite3.connect(tmp_path / "trackside-data" / "trackside.db") as database:
            for name in names:
                database.execute(f"CREATE TABLE {name} (x)")
        database.close()

    before = found()
    trackside("db", "upgrade", cwd=tmp_path)
    own = found()
    add("shop")
    others = found()
    add("alembic_version", "metrics", *(f"t{number}" for number in range(10)))
    mlflows = found()

    assert before == (0, "ok", "none yet")
    assert own == (0, "ok", "all are of Trackside")
    assert others[:2] == mlflows[:2] == (0, "warn")
    assert others[2].startswith(
        "not of Trackside: shop (another program created them); Trackside neither reads nor writes them"
    )
    assert "alembic_version, metrics, shop, t0" in mlflows[2]
    assert "t6 and 3 more (MLflow creates them if it opens the store (`mlflow gc`" in mlflows[2]


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is Linux's")
def test_the_doctor_reports_how_models_are_isolated(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()

    def found() -> tuple[str, str]:
        _, said, _ = trackside("doctor", "--json", "--port", "0", cwd=tmp_path, PATH=str(programs))
        finding = next(each for each in json.loads(said) if each["check"] == "sandbox")
        return finding["state"], finding["detail"]

    without = found()
    bubblewrap = programs / "bwrap"
    bubblewrap.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    bubblewrap.chmod(0o755)
    refused = found()
    bubblewrap.write_text("#!/bin/sh\nexit 0\n")
    works = found()

    assert without == ("ok", "none: without bubblewrap, models run with the rights of the server")
    assert refused[0] == "warn"
    assert "fail (bwrap: No permissions to create a new namespace); allow user namespaces, or remove" in refused[1]
    assert works == ("ok", "bubblewrap creates one for each model")


@pytest.mark.slow
def test_the_files_that_mlflow_gc_leaves_behind_are_listed(tmp_path: Path) -> None:
    trackside("db", "upgrade", cwd=tmp_path)
    store = f"sqlite:///{tmp_path}/trackside-data/trackside.db"

    done = subprocess.run(
        [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", store],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    _, said, _ = trackside("doctor", "--port", "0", cwd=tmp_path)

    assert done.returncode != 0
    assert "not of Trackside: alembic_version, metrics (MLflow creates them" in said
    assert trackside("db", "check", cwd=tmp_path)[0] == 0


@pytest.mark.slow
def test_a_sqlite_without_json_is_refused_by_the_server_and_named_by_the_doctor(tmp_path: Path) -> None:
    """Some builds before 3.38 lack it; a package replaces the module."""
    (tmp_path / "sqlite3").mkdir()
    (tmp_path / "sqlite3" / "__init__.py").write_text(
        """
import _sqlite3
from _sqlite3 import *
from _sqlite3 import Connection

sqlite_version_info = (3, 37, 2)
threadsafety = 3

def connect(*args, **options):
    made = _sqlite3.connect(*args, **options)
    made.set_authorizer(lambda action, _, name, *more: SQLITE_DENY if (name or "").startswith("json") else SQLITE_OK)
    return made
"""
    )
    without = {"PYTHONPATH": str(tmp_path)}

    code, said, complaints = trackside("server", "--port", "0", cwd=tmp_path, **without)
    _, table, _ = trackside("doctor", "--port", "0", cwd=tmp_path, **without)

    assert (code, said, complaints.count("\n")) == (2, "", 1)
    assert "it was built without the JSON functions" in complaints
    line = next(line for line in table.splitlines() if line.startswith("sqlite "))
    assert "BROKEN" in line
    assert "use another Python, or SQLite 3.38 or newer" in line


def test_the_doctor_reports_no_problem_while_a_server_runs(launch: Launch, tmp_path: Path) -> None:
    server = launch()

    code, said, _ = trackside("doctor", "--json", "--port", str(server.port), cwd=tmp_path)

    findings = {finding["check"]: finding["detail"] for finding in json.loads(said)}
    assert code == 0
    assert f"pid {server.process.pid}, on port {server.port}" in findings["server"]
    assert "taken by the server of this data folder" in findings["port"]
    assert server.ask("GET", "/health") == (200, b"OK")


def test_the_doctor_names_the_process_on_the_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        code, said, _ = trackside("doctor", "--json", "--port", str(port), cwd=tmp_path)

    findings = {finding["check"]: finding for finding in json.loads(said)}
    assert code == 1
    assert findings["port"]["state"] == "broken"
    assert f"port {port} of 127.0.0.1 is in use" in findings["port"]["detail"]

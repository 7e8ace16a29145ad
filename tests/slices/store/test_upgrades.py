"""Backups before upgrades, and their restore; on both databases."""

import gzip
import sqlite3
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.stores.old_store import LATEST, make_old
from support.stores.postgres import Postgres, rows
from support.stores.postgres_store import end, store_of
from trackside import opening
from trackside.cli.backup import restore
from trackside.cli.output import Stop
from trackside.cli.stores import open_database
from trackside.core import settings
from trackside.core.db import migrate
from trackside.core.db.migrate import SchemaError
from trackside.core.db.postgres import UPGRADE_LOCK, PostgresDatabase
from trackside.core.settings import Settings
from trackside.workspaces import store as workspaces

pytestmark = pytest.mark.both

ODD = [
    "",
    "a\tb\nc\rd\\e",
    "\\.",
    "\\N",
    "'\"`;\n--",
    "\x01\x7f",
    "é\u4e16\U0001f600",
    "COPY x FROM STDIN;\n",
    "COMMIT;",
]
VALUES: dict[str, list[Any]] = {
    "text": ODD,
    "bigint": [0, 1, -1, 2**63 - 1, -(2**63)],
    "double precision": [0.1, -0.0, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")],
    "bytea": [b"", bytes(range(256)), b"\\x41\n\\.\n"],
}
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, is_identity FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""


@pytest.fixture
def empty(postgres: Postgres, tmp_path: Path) -> Iterator[Callable[[], Settings]]:
    """Settings with an empty database, as often as it is called."""
    made: list[str] = []

    def make() -> Settings:
        made.append(postgres.create())
        return settings.load({"--data": str(tmp_path / "data"), "--store": postgres.url(made[-1])}, {})

    yield make
    for name in made:
        postgres.drop(name)


@pytest.fixture
def pg_db(postgres_settings: Settings) -> Iterator[PostgresDatabase]:
    db = opening.open_database(postgres_settings)
    yield db
    db.close()


def opened(chosen: Settings) -> Any:
    return closing(PostgresDatabase(store_of(chosen)))


def content(db: PostgresDatabase) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with db.read(0) as tx:
        tables = {name for name, *_ in tx.all(COLUMNS)}
        return {
            name: sorted(row for (row,) in tx.all(f"SELECT CAST(t AS TEXT) FROM {name} t")) for name in sorted(tables)
        }


def fill(db: PostgresDatabase) -> None:
    """Odd values into every column of every table."""
    with db.write(1) as tx:
        columns: dict[str, list[tuple[str, str, bool]]] = {}
        for table, column, kind, is_nullable, is_identity in tx.all(COLUMNS):
            if is_identity == "NO" and table != "schema_migrations":
                columns.setdefault(table, []).append((column, kind, is_nullable == "YES"))
        for table, own in columns.items():
            names = ", ".join(name for name, _, _ in own)
            for i in range(len(ODD)):
                values = {
                    f"v{at}": None if is_nullable and i == 1 else VALUES[kind][(i + at) % len(VALUES[kind])]
                    for at, (_, kind, is_nullable) in enumerate(own)
                }
                places = ", ".join(f":{name}" for name in values)
                tx.run(f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING", **values)


def test_a_backup_holds_every_row_of_every_table(
    pg_db: PostgresDatabase, empty: Callable[[], Settings], tmp_path: Path
) -> None:
    fill(pg_db)
    before = content(pg_db)
    assert all(before.values())  # no table is without a row
    target = empty()

    pg_db.backup(tmp_path / "b.sql.gz")
    restore.run(target, str(tmp_path / "b.sql.gz"))

    with opened(target) as again:
        assert content(again) == before


def test_a_store_goes_on_from_its_backup(chosen: Settings, empty: Callable[[], Settings], tmp_path: Path) -> None:
    with closing(opening.open_database(chosen)) as db:
        with db.write(1) as tx:
            made = workspaces.create(tx, "north")
            workspaces.delete(tx, made)
        db.backup(tmp_path / "backup")
    data = {"--data": str(tmp_path / "new")}
    target = settings.load(data, {}) if chosen.store.dialect == "sqlite" else empty()

    assert restore.run(target, str(tmp_path / "backup")) == 0

    with closing(opening.open_database(target)) as db, db.write(1) as tx:
        assert migrate.status(db).version == LATEST
        assert [each.name for each in workspaces.all_of(tx)] == ["default"]
        assert workspaces.create(tx, "south").workspace_id == made.workspace_id + 1  # no number is given twice


@pytest.mark.slow
def test_psql_takes_a_backup_too(
    pg_db: PostgresDatabase, empty: Callable[[], Settings], postgres: Postgres, tmp_path: Path
) -> None:
    fill(pg_db)
    target = empty()
    pg_db.backup(tmp_path / "b.sql.gz")

    postgres.psql(store_of(target).database, gzip.decompress((tmp_path / "b.sql.gz").read_bytes()))

    with opened(target) as again:
        assert content(again) == content(pg_db)


@pytest.mark.slow
def test_a_backup_is_consistent_during_writes(
    pg_db: PostgresDatabase, empty: Callable[[], Settings], tmp_path: Path
) -> None:
    stop = threading.Event()
    written = threading.Semaphore(0)

    def write() -> None:
        for i in range(100_000):
            if stop.is_set():
                return
            with pg_db.write(1) as tx:  # the first table of the backup and the last
                tx.run("INSERT INTO change_cursors (consumer, seq, moved_at) VALUES (:name, 1, 1)", name=f"c{i}")
                tx.run("INSERT INTO workspace_folders (folder) VALUES (:name)", name=f"c{i}")
            written.release()

    target = empty()
    with ThreadPoolExecutor(1) as threads:
        writer = threads.submit(write)
        written.acquire()
        pg_db.backup(tmp_path / "b.sql.gz")
        stop.set()
        writer.result()
    restore.run(target, str(tmp_path / "b.sql.gz"))

    with opened(target) as again, again.read(0) as tx:
        cursors = {name for (name,) in tx.all("SELECT consumer FROM change_cursors WHERE consumer LIKE 'c_%'")}
        folders = {name for (name,) in tx.all("SELECT folder FROM workspace_folders")}
    assert cursors - {"webhooks"} == folders
    assert folders


@pytest.mark.slow
def test_a_backup_that_was_cut_short_restores_nothing(
    pg_db: PostgresDatabase, empty: Callable[[], Settings], tmp_path: Path
) -> None:
    fill(pg_db)
    pg_db.backup(tmp_path / "b.sql.gz")
    whole = (tmp_path / "b.sql.gz").read_bytes()
    text = gzip.decompress(whole)
    target = empty()
    broken = {
        "half of the file": whole[: len(whole) // 2],
        "without its checksum": whole[:-8],
        "a flipped bit": whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:],
        "without its last line": gzip.compress(text.removesuffix(b"COMMIT;\n")),
        "within a table": gzip.compress(text[: text.rindex(b"\\.\n")]),
        "nothing": gzip.compress(b""),
        "of someone else": gzip.compress(b"CREATE TABLE x (y INT);\nCOMMIT;\n"),
    }

    for name, part in broken.items():
        (tmp_path / "cut.sql.gz").write_bytes(part)
        with pytest.raises(Stop, match="not a complete backup of a store on PostgreSQL"):
            restore.run(target, str(tmp_path / "cut.sql.gz"))
        with opened(target) as db:
            assert content(db) == {}, name


@pytest.mark.slow
def test_a_backup_needs_no_more_memory_than_some_rows(
    pg_db: PostgresDatabase, empty: Callable[[], Settings], tmp_path: Path
) -> None:
    with pg_db.write(1) as tx:
        tx.run(
            """
            INSERT INTO sealing_keys (purpose, key_id)
            SELECT CAST(i AS TEXT), repeat(md5(CAST(i AS TEXT)), 32768) FROM generate_series(1, 32) i
            """
        )
    target = empty()

    tracemalloc.start()
    pg_db.backup(tmp_path / "b.sql.gz")
    restore.run(target, str(tmp_path / "b.sql.gz"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 12 << 20  # of 32 rows with 1 MiB each
    with opened(target) as again, again.read(0) as tx:
        assert tx.one("SELECT COUNT(*), SUM(length(key_id)) FROM sealing_keys") == (32, 32 << 20)


# Before an upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A store as the first release left it."""
    store = {} if request.param == "sqlite" else {"--store": request.getfixturevalue("postgres_url")}
    chosen = settings.load({"--data": str(tmp_path / "data"), **store}, {})
    make_old(chosen)
    return chosen


def test_an_upgrade_leaves_what_was_there_before(
    old: Settings, empty: Callable[[], Settings], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opening.open_database(old).close()

    (backup,) = old.backups.iterdir()
    assert backup.name.startswith(f"before-{LATEST:04}-")
    assert str(backup) in caplog.text
    target = settings.load({"--data": str(tmp_path / "new")}, {}) if old.store.dialect == "sqlite" else empty()
    restore.run(target, str(backup))
    with closing(open_database(target)) as db:
        assert migrate.status(db).version == 1
        with db.read(0) as tx:
            assert tx.all("SELECT name FROM experiments") == [("Default",)]
    with closing(opening.open_database(target)) as db:  # and it can be upgraded once more
        assert migrate.status(db).version == LATEST


@pytest.mark.parametrize("place", ["a file", "a folder that takes none"])
def test_without_space_for_the_backup_nothing_is_changed(old: Settings, place: str) -> None:
    old.data.mkdir(exist_ok=True)
    if place == "a file":
        old.backups.write_text("in the way")
    elif Path("/proc/self").exists():
        old.backups.symlink_to("/proc/self")
    else:
        pytest.skip("only Linux has a folder that takes no file of anybody")

    with pytest.raises(SchemaError, match=r"backup before that cannot be written to .* Nothing was changed"):
        opening.open_database(old)

    with closing(open_database(old)) as db:
        assert migrate.status(db).version == 1


def test_a_failing_store_is_not_reported_as_a_full_disk(postgres_url: str, postgres: Postgres, tmp_path: Path) -> None:
    chosen = settings.load({"--data": str(tmp_path / "data"), "--store": postgres_url}, {})
    make_old(chosen)
    name = store_of(chosen).database
    with closing(open_database(chosen)) as db, closing(postgres.connect(name)) as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE experiments IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as threads, closing(postgres.connect()) as admin:
            outcome = threads.submit(migrate.upgrade, db, chosen.backups)
            end(admin, waiting(admin, name, outcome))
            with pytest.raises(ConnectionError):
                outcome.result()
        other.execute("ROLLBACK")

        assert migrate.status(db).version == 1
    assert list(chosen.backups.iterdir()) == []


def waiting(admin: Any, database: str, outcome: "Future[Any]") -> int:
    """Return the process that waits for a lock, as soon as there is one.  Fails if `outcome` is there before that."""
    found: list[Any] = []
    while not found:
        if outcome.done():
            pytest.fail(f"nothing waited for a lock: {outcome.exception()!r}")
        found = rows(
            admin, "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'", database
        )
    pid: int = found[0][0]
    return pid


def test_servers_that_start_side_by_side_make_one_backup(postgres_url: str, tmp_path: Path) -> None:
    chosen = settings.load({"--data": str(tmp_path / "data"), "--store": postgres_url}, {})
    make_old(chosen)
    databases = [open_database(chosen) for _ in range(4)]

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda db: migrate.upgrade(db, chosen.backups), databases))

    for db in databases:
        db.close()
    (backup,) = chosen.backups.iterdir()
    assert [each.backup for each in done if each.applied] == [backup]
    assert [each.backup for each in done if not each.applied] == [None] * 3


@pytest.mark.slow
def test_a_server_says_that_it_waits_for_another_ones_upgrade(
    postgres_url: str, postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = settings.load({"--data": str(tmp_path / "data"), "--store": postgres_url}, {})
    make_old(chosen)
    name = store_of(chosen).database
    with closing(open_database(chosen)) as db, closing(postgres.connect()) as admin:
        other = postgres.connect(name)
        other.execute(f"SELECT pg_advisory_lock({UPGRADE_LOCK})".encode())
        with ThreadPoolExecutor(1) as threads:
            outcome = threads.submit(migrate.upgrade, db, chosen.backups)
            waiting(admin, name, outcome)
            assert "waiting for another server or command that is upgrading the store" in caplog.text
            assert not outcome.done()
            other.close()

            assert outcome.result().applied


# What cannot be restored


def test_nothing_is_overwritten(chosen: Settings, tmp_path: Path) -> None:
    with closing(opening.open_database(chosen)) as db:
        db.backup(tmp_path / "backup")

    with pytest.raises(Stop, match=r"exists; move it first|is not an empty database"):
        restore.run(chosen, str(tmp_path / "backup"))


def test_files_beside_another_sqlite_file_are_not_overwritten(tmp_path: Path, sqlite_template: Path) -> None:
    chosen = settings.load({"--data": str(tmp_path / "data")}, {})
    chosen.data.mkdir()
    (chosen.data / "trackside.db-wal").write_bytes(b"")

    with pytest.raises(Stop, match=r"trackside\.db-wal exists; move it first"):
        restore.run(chosen, str(sqlite_template))


def test_a_broken_sqlite_file_is_not_restored(tmp_path: Path, sqlite_template: Path) -> None:
    chosen = settings.load({"--data": str(tmp_path / "data")}, {})
    whole = sqlite_template.read_bytes()
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE x (y INT)")
    other.close()
    (tmp_path / "cut.db").write_bytes(whole[: len(whole) // 2])

    for name in ("cut.db", "other.db"):
        with pytest.raises(Stop, match=f"{name} is not a complete backup of Trackside"):
            restore.run(chosen, str(tmp_path / name))
    assert sorted(each.name for each in chosen.data.iterdir()) == ["server.lock", "trackside.db.lock"]

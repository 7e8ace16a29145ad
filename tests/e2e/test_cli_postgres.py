"""The command line with a store on PostgreSQL: real processes, a real server."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.links import until
from support.processes.servers import Server, trackside
from support.stores.postgres import Admin, Postgres, rows
from trackside.core import locations
from trackside.core.db.migrate import migrations

LATEST = migrations()[-1].number


def on(url: str) -> tuple[str, ...]:
    return ("--store", url, "--data", "data")


def shown(url: str) -> str:
    return str(locations.store(url))


def database(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_store_is_checked_upgraded_and_checked(postgres_url: str, tmp_path: Path) -> None:
    code, _, complaint = trackside("db", "check", *on(postgres_url), cwd=tmp_path)
    assert code == 1
    assert "trackside db upgrade" in complaint

    code, said, _ = trackside("db", "upgrade", *on(postgres_url), cwd=tmp_path)
    assert code == 0
    assert said.startswith(f"{shown(postgres_url)}: schema version {LATEST}, applied 0001_tracking, ")

    assert trackside("db", "check", *on(postgres_url), cwd=tmp_path) == (
        0,
        f"{shown(postgres_url)}: schema version {LATEST}, up to date\n",
        "",
    )
    code, said, _ = trackside("db", "upgrade", *on(postgres_url), cwd=tmp_path)
    assert (code, said) == (0, f"{shown(postgres_url)}: schema version {LATEST}, was up to date\n")


@pytest.mark.slow
def test_the_doctor_names_tables_of_other_programs(postgres: Postgres, postgres_url: str, tmp_path: Path) -> None:
    def found() -> str:
        _, said, _ = trackside("doctor", "--json", "--port", "0", *on(postgres_url), cwd=tmp_path)
        return str(next(each["detail"] for each in json.loads(said) if each["check"] == "tables"))

    trackside("db", "upgrade", *on(postgres_url), cwd=tmp_path)
    own = found()
    for made in ("TABLE shop (x INT)", "SCHEMA other", "TABLE other.elsewhere (x INT)", "VIEW seen AS SELECT 1"):
        postgres.run(f"CREATE {made}", database=database(postgres_url))

    assert own == "all are of Trackside"
    assert found().startswith("not of Trackside: shop (another program created them)")


def test_a_newer_store_is_refused_by_every_command(postgres: Postgres, postgres_url: str, tmp_path: Path) -> None:
    trackside("db", "upgrade", *on(postgres_url), cwd=tmp_path)
    future = "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (9001, 'future', 'x', 0)"
    postgres.run(future, database=database(postgres_url))

    for words, expected in ((("db", "check"), 2), (("db", "upgrade"), 2), (("server", "--port", "0"), 2)):
        code, _, complaint = trackside(*words, *on(postgres_url), cwd=tmp_path)
        assert code == expected
        assert "schema version 9001, newer than this Trackside knows" in complaint
        assert complaint.count("\n") == 1


def test_a_store_that_cannot_be_opened_is_reported_in_one_line(postgres: Postgres, tmp_path: Path) -> None:
    reasons = {
        postgres.url("nope"): 'database "nope" does not exist',
        "postgresql://me:secret@127.0.0.1:1/x": "cannot connect to 127.0.0.1, port 1: ",
        f"{postgres.url()}?sslmode=require": "server does not support SSL, but SSL was required",
    }
    for url, reason in reasons.items():
        for words in (("db", "check"), ("db", "upgrade"), ("server", "--port", "0")):
            code, _, complaint = trackside(*words, *on(url), cwd=tmp_path)
            assert (code, complaint.count("\n")) == (2, 1), complaint
            assert reason in complaint
            assert "secret" not in complaint


@pytest.mark.slow
def test_without_the_driver_the_extra_is_named(postgres_url: str, tmp_path: Path) -> None:
    """As after `pip install trackside`: an empty package replaces the driver."""
    (tmp_path / "psycopg").mkdir()
    (tmp_path / "psycopg" / "__init__.py").write_text("raise ModuleNotFoundError('no psycopg', name='psycopg')\n")

    code, _, complaint = trackside("server", "--port", "0", *on(postgres_url), cwd=tmp_path, PYTHONPATH=str(tmp_path))

    assert (code, complaint) == (
        2,
        "trackside: this needs the package psycopg; run: pip install 'trackside[postgres]'\n",
    )


def test_the_doctor_checks_the_postgresql_server(postgres: Postgres, postgres_url: str, tmp_path: Path) -> None:
    code, said, _ = trackside("doctor", "--port", "0", *on(postgres_url), cwd=tmp_path)
    store = next(line for line in said.splitlines() if line.startswith("store "))
    assert code == 0
    assert "WARN" in store
    assert "PostgreSQL 18" in store
    assert (
        "a power failure may destroy the store, because these settings are off: fsync, full_page_writes" in store
    )  # as the tests have it

    code, said, _ = trackside("doctor", "--port", "0", *on(postgres.url("nope")), cwd=tmp_path)
    assert code == 1
    assert "BROKEN" in next(line for line in said.splitlines() if line.startswith("store "))


def test_the_doctor_accepts_an_empty_database(postgres: Postgres, tmp_path: Path) -> None:
    _, said, _ = trackside("doctor", "--port", "0", *on(postgres.url(postgres.create())), cwd=tmp_path)

    store = next(line for line in said.splitlines() if line.startswith("store "))
    assert ": tables are created at the first start, PostgreSQL" in store
    assert "schema version" not in store


def test_several_processes_serve_one_store(start: Callable[..., Server], postgres_url: str, postgres: Postgres) -> None:
    server = start("--store", postgres_url, "--workers", "2")
    api = server.api
    run_id = api.new_run()
    for step in range(20):
        api.post("runs/log-metric", run_id=run_id, key="m", value=step, timestamp=step, step=step)

    assert len(api.history(run_id, "m")) == 20
    until(lambda: writers(postgres.connect(), database(postgres_url)) == 2, "two processes that wrote")


def writers(admin: Admin, name: str) -> Any:
    """Return the number of processes with an idle connection whose last transaction wrote; reads are rolled back."""
    with closing(admin):
        found = rows(
            admin,
            """
            SELECT COUNT(DISTINCT application_name) FROM pg_stat_activity
            WHERE datname = $1 AND state = 'idle' AND query = 'COMMIT'
            """,
            name,
        )
    return found[0][0]

"""Checks of a PostgreSQL server at the start: it is reachable, accepts the credentials, and stores every text."""

from pathlib import Path
from typing import Any

import pytest

from support.faults import proxy
from support.stores.postgres import Postgres
from trackside.core import locations
from trackside.core.db.pg.connect import Lost
from trackside.core.db.pg.wire import ServerError
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.locations import PostgresStore


def open_at(url: str) -> None:
    store = locations.store(url)
    assert isinstance(store, PostgresStore)
    PostgresDatabase(store).close()


def test_an_unreachable_server_is_named(tmp_path: Path) -> None:
    with pytest.raises(Lost, match=r"cannot connect to 127\.0\.0\.1, port 1: .*Connection refused"):
        open_at("postgresql://me@127.0.0.1:1/x")
    with pytest.raises(Lost, match=f"cannot connect to {tmp_path}, port 5432: .*No such file"):
        open_at(f"postgresql://me@/x?host={tmp_path}")


def test_a_missing_database_is_named(postgres: Postgres) -> None:
    with pytest.raises(Lost, match='database "nope" does not exist'):
        open_at(postgres.url("nope"))


def test_a_database_that_cannot_hold_every_text_is_refused(postgres: Postgres) -> None:
    postgres.run("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'LATIN1'")

    with pytest.raises(ServerError, match="encoding is LATIN1"):
        open_at(postgres.url("narrow"))


def test_passwords_are_checked_by_scram(postgres: Postgres) -> None:
    postgres.run("CREATE ROLE someone LOGIN PASSWORD 'p@ss/word'", "CREATE DATABASE guarded OWNER someone")
    place = f"@127.0.0.1:{postgres.port}/guarded"

    open_at(f"postgresql://someone:p%40ss%2Fword{place}")
    for login, words in (("someone", "no password supplied"), ("someone:wrong", "password authentication failed")):
        with pytest.raises(Lost, match=words):
            open_at(f"postgresql://{login}{place}")


def test_a_socket_in_a_folder_is_accepted(postgres: Postgres) -> None:
    open_at(postgres.url(tcp=False))


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(postgres: Postgres) -> None:
    open_at(postgres.url() + "?sslmode=prefer")
    open_at(postgres.url() + "?sslmode=disable")
    for mode in ("require", "verify-ca", "verify-full"):
        with pytest.raises(Lost, match="server does not support SSL, but SSL was required"):
            open_at(postgres.url() + f"?sslmode={mode}")


def test_tls_is_used_and_checked_as_configured(postgres: Postgres, tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    signed, key = proxy.certificate(tmp_path, "localhost")
    other, _ = proxy.certificate(tmp_path, "other.example")
    between = proxy.TlsProxy(postgres.port, signed, key)
    place = f"postgresql://postgres@%s:{between.port}/postgres?sslmode=%s"
    try:
        for host, options in (
            ("localhost", "prefer"),
            ("localhost", "require"),
            ("127.0.0.1", f"verify-ca&sslrootcert={signed}"),
            ("localhost", f"verify-full&sslrootcert={signed}"),
        ):
            taken = between.taken
            open_at(place % (host, options))
            assert between.taken > taken, options
        for host, options in (
            ("localhost", f"require&sslrootcert={other}"),
            ("localhost", "verify-full"),
            ("localhost", f"verify-ca&sslrootcert={other}"),
            ("127.0.0.1", f"verify-full&sslrootcert={signed}"),
        ):
            with pytest.raises(Lost, match=r"cannot connect to .*(certificate verify failed|does not match host)"):
                open_at(place % (host, options))
    finally:
        between.close()


@pytest.mark.parametrize(("durability", "setting"), [("full", "on"), ("relaxed", "off")])
def test_durability_is_set_as_configured(postgres: Postgres, postgres_url: str, durability: Any, setting: str) -> None:
    store = locations.store(postgres_url)
    assert isinstance(store, PostgresStore)
    postgres.run(f"ALTER DATABASE {store.database} SET synchronous_commit = 'off'")

    db = PostgresDatabase(store, durability)

    with db.write(0) as tx:
        assert tx.one("SHOW synchronous_commit") == (setting,)
    db.close()

"""Helpers that change a store on PostgreSQL outside of a server."""

from collections.abc import Callable

from support.stores.postgres import Admin, rows
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.db.tx import Change, Tx
from trackside.core.locations import PostgresStore
from trackside.core.settings import Settings


def store_of(settings: Settings) -> PostgresStore:
    assert isinstance(settings.store, PostgresStore)
    return settings.store


def note(name: str) -> Callable[[Tx], None]:
    return lambda tx: tx.record(Change("test", name, "note"))


def noted(db: PostgresDatabase) -> list[str]:
    with db.read(1) as tx:
        found = tx.all("SELECT entity_id FROM changes WHERE workspace_id = :ws AND entity = 'test' ORDER BY seq")
    return [name for (name,) in found]


def pid(tx: Tx) -> int:
    row = tx.one("SELECT pg_backend_pid()")
    assert row is not None
    number: int = row[0]
    return number


def end(admin: Admin, number: int) -> None:
    """Ends a connection, and waits until it has gone."""
    assert rows(admin, "SELECT pg_terminate_backend(CAST($1 AS int), 10000)", number) == [(True,)]

"""Servers that share a store notify each other of changes."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from support.stores.postgres import Admin, rows
from support.stores.postgres_store import end, note, store_of
from trackside.core.db.pg.notify import MOST_NAMED, payload_of, workspaces_of
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.settings import Settings

TIMEOUT_S = 60.0


@pytest.fixture
def other(db: PostgresDatabase, postgres_settings: Settings) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(store_of(postgres_settings))
    yield database
    database.close()


def listening(db: PostgresDatabase) -> threading.Event:
    """Return an event that is set at each notification of `db`, after `db` has begun to listen."""
    heard = threading.Event()
    db.listen(lambda _: heard.set())
    assert heard.wait(TIMEOUT_S)
    heard.clear()
    return heard


def test_a_change_of_another_server_notifies(db: PostgresDatabase, other: PostgresDatabase) -> None:
    listening(db)
    heard = listening(other)

    db.writer.submit(1, note("x")).result(20)

    assert heard.wait(TIMEOUT_S)


def test_a_server_is_not_notified_of_its_own_changes(db: PostgresDatabase, other: PostgresDatabase) -> None:
    heard_of_other = listening(db)
    heard_of_own = listening(other)

    other.writer.submit(1, note("x")).result(20)

    assert heard_of_other.wait(TIMEOUT_S)
    assert not heard_of_own.is_set()


def test_a_listener_notifies_after_a_lost_connection(
    db: PostgresDatabase, other: PostgresDatabase, admin: Admin
) -> None:
    heard = listening(other)
    found = rows(
        admin, "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND query LIKE 'LISTEN%'", store_name(other)
    )

    for (pid,) in found:
        end(admin, pid)

    assert heard.wait(TIMEOUT_S)  # it may have missed something
    heard.clear()
    listening(db)
    db.writer.submit(1, note("x")).result(20)
    assert heard.wait(TIMEOUT_S)


def test_a_notification_names_the_workspaces_that_changed(db: PostgresDatabase, other: PostgresDatabase) -> None:
    listening(db)
    heard: SimpleQueue[Any] = SimpleQueue()
    other.listen(heard.put)
    first = heard.get(timeout=TIMEOUT_S)

    db.writer.submit(7, note("x")).result(20)

    assert (first, heard.get(timeout=TIMEOUT_S)) == (None, {7})


@pytest.mark.parametrize("workspaces", [{3}, {1, 20, 300}])
def test_a_payload_is_decoded_to_the_same_workspaces(workspaces: set[int]) -> None:
    assert workspaces_of([payload_of(workspaces)]) == frozenset(workspaces)


@pytest.mark.parametrize("payload", [payload_of(set(range(MOST_NAMED + 1))), "", "1,x", "²"])
def test_a_payload_without_workspace_ids_means_any_workspace(payload: str) -> None:
    assert workspaces_of(["1", payload]) is None


def store_name(db: PostgresDatabase) -> str:
    return db._store.database

"""Routes that are loaded after the server listens also use the fast path (core/http/direct)."""

import errno
import gc
import re
import sqlite3
from contextlib import closing
from typing import cast

from trackside import app
from trackside.cli.server import process
from trackside.core.errors import Unavailable
from trackside.core.http.routes import Table
from trackside.core.settings import Settings, SqliteStore

HEADERS = [(b"host", b"localhost"), (b"content-type", b"application/x-protobuf"), (b"content-length", b"2")]


def test_small_calls_of_late_routes_use_the_fast_path(sqlite_settings: Settings) -> None:
    made = app.build(sqlite_settings, is_partial=True)
    try:
        made.asgi._guard.check({"method": "POST", "headers": HEADERS})
        before = made.asgi.direct.take(b"POST", b"/v1/traces", HEADERS, None)
        made.complete()
        after = made.asgi.direct.take(b"POST", b"/v1/traces", HEADERS, None)
    finally:
        made.close()

    assert before is None
    assert after is not None
    assert after.plain.route.paths == ("/v1/traces",)


def test_no_early_route_answers_a_path_of_a_late_one(sqlite_settings: Settings) -> None:
    made = app.build(sqlite_settings, is_partial=True)
    try:
        early = {id(each) for each in made.routes}
        table = Table(made.routes)
        made.complete()
        late = [each for each in made.routes if id(each) not in early]
        found = {
            (each.method, path)
            for each in late
            for path in each.paths
            if table.find(each.method, re.sub(r"\{\w+(:path)?\}", "x", path)) is not None
        }
    finally:
        made.close()

    assert len(late) > len(early)
    assert found == set()


def test_a_server_starts_late_parts_after_the_store_and_files_are_available() -> None:
    faults: list[Exception | None] = [
        Unavailable("gone"),
        sqlite3.OperationalError("no file"),
        OSError(errno.EMFILE, "Too many open files"),
        None,
    ]
    waits: list[float] = []
    ends: list[str] = []

    class Made:
        def complete(self) -> None:
            fault = faults.pop(0)
            if fault is not None:
                raise fault

    frozen = gc.get_freeze_count()
    process.complete(cast(app.App, Made()), lambda: ends.append("ended"), waits.append)

    assert gc.get_freeze_count() > frozen  # no collection looks at what was loaded
    assert (faults, len(waits), ends) == ([], 3, [])


def test_a_server_ends_if_its_late_parts_cannot_be_loaded() -> None:
    ends: list[str] = []

    class Made:
        def complete(self) -> None:
            raise OSError(errno.EACCES, "Permission denied")

    process.complete(cast(app.App, Made()), lambda: ends.append("ended"))

    assert ends == ["ended"]


def test_late_routes_are_loaded_while_another_process_locks_the_store(sqlite_settings: Settings) -> None:
    assert isinstance(sqlite_settings.store, SqliteStore)
    made = app.build(sqlite_settings, is_partial=True)
    try:
        with closing(sqlite3.connect(sqlite_settings.store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            made.complete()

            assert other.in_transaction
    finally:
        made.close()

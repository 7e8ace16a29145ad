"""A store is closed while threads read."""

import threading
from pathlib import Path

import pytest

from trackside.core.db.reads import Closed
from trackside.core.db.sqlite import SqliteDatabase

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"


@pytest.fixture
def store(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(tmp_path / "store.db", durability="relaxed")


def test_closing_waits_for_a_read_and_lets_none_begin(store: SqliteDatabase) -> None:
    has_begun, may_end = threading.Event(), threading.Event()
    found: list[object] = []

    def read() -> None:
        with store.read(1) as tx:
            has_begun.set()
            may_end.wait()
            found.append(tx.all("SELECT 1"))

    reader, closer = threading.Thread(target=read), threading.Thread(target=store.close)
    reader.start()
    has_begun.wait()
    closer.start()
    may_end.set()
    reader.join()
    closer.join()

    assert found == [[(1,)]]
    with pytest.raises(Closed), store.read(1):
        pass


@pytest.mark.slow
def test_closing_interrupts_a_statement_that_does_not_end(store: SqliteDatabase) -> None:
    has_begun = threading.Event()
    said: list[str] = []

    def read() -> None:
        try:
            with store.read(1) as tx:
                has_begun.set()
                tx.all(ENDLESS)
        except Exception as fault:  # noqa: BLE001  # the test names it
            said.append(str(fault))

    reader = threading.Thread(target=read)
    reader.start()
    has_begun.wait()
    store.close()
    reader.join()

    assert said == ["interrupted"]

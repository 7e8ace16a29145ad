"""Ingest of spans on PostgreSQL: round trips, and visibility for other connections."""

import threading
from collections.abc import Sequence
from functools import partial

import pytest

from support.links import until
from support.stores.postgres import Admin, rows
from support.stores.postgres_store import store_of
from support.traces import Sent, request, trace_id
from trackside.core.db.pg.setup import connect
from trackside.core.db.postgres import PostgresDatabase, PostgresWriter
from trackside.core.db.tx import Row, Tx
from trackside.core.errors import AlreadyExists
from trackside.core.settings import Settings
from trackside.traces.ingest.batch import batch_of
from trackside.traces.ingest.otlp import read
from trackside.traces.storage import announce, trash, writer

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"
SPANS = "SELECT span_id, parent_id, name, token_usage, total_cost FROM trace_spans WHERE workspace_id = :ws ORDER BY span_id"
USAGE = {"mlflow.chat.tokenUsage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}
LONG_S = 60


class Counted(PostgresWriter):
    """A connection that counts the round trips of the statements that are waited for."""

    trips = 0

    def execute(self, text: str, values: Sequence[object]) -> tuple[list[Row], int]:
        self.trips += 1
        return super().execute(text, values)

    def execute_several(self, statements: Sequence[tuple[str, Sequence[object]]]) -> list[list[Row]]:
        self.trips += 1
        return super().execute_several(statements)


def spans(*sent: Sent) -> writer.Spans:
    found = read(request(*sent).SerializeToString(), is_json=False)
    batches = [
        batch_of(key, next(each.portions(100)), each.resource, lambda _attributes, _events: None)
        for key, each in found.items()
    ]
    return writer.Spans(experiment_id="0", batches=batches)


@pytest.fixture
def counted(db: PostgresDatabase, postgres_settings: Settings) -> Counted:
    return Counted(partial(connect, store_of(postgres_settings)))


def test_traces_that_are_new_take_one_round_trip_before_the_commit(counted: Counted) -> None:
    sent = [Sent(number, trace=trace) for trace in range(1, 21) for number in range(1, 6)]
    counted.begin()

    assert writer.write(Tx(counted, 1, 1), [spans(*sent)]) == [None]

    assert counted.trips == 1
    counted.commit()
    counted.close()


def test_spans_that_come_again_replace_what_was_stored(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        writer.write(tx, [spans(Sent(1, name="first"), Sent(2, parent=1))])
        writer.write(
            tx, [spans(Sent(2, parent=1, name="again", attributes=USAGE), Sent(3, parent=1, attributes=USAGE))]
        )

    with db.read(1) as tx:
        found = tx.all(SPANS)
        ((count, tokens),) = tx.all("SELECT span_count, total_tokens FROM traces WHERE workspace_id = :ws")
    assert found == [(1, None, "first", None, None), (2, 1, "again", "[1,2,3]", None), (3, 1, "step", "[1,2,3]", None)]
    assert (count, tokens) == (3, 6)


def test_a_restore_that_meets_a_new_trace_of_its_id_says_so(db: PostgresDatabase, admin: Admin) -> None:
    with db.write(1) as tx:
        ((database,),) = tx.all("SELECT CAST(current_database() AS TEXT)")
        writer.write(tx, [spans(Sent(1))])
        trash.move(tx, trash.seqs_of(tx, trace_id(1)), "0")

    with db.write_beside(1) as tx:
        writer.write(tx, [spans(Sent(1))])
        restored = db.writer.submit(1, lambda tx: trash.restore(tx, trace_id(1)))
        until(lambda: rows(admin, WAITING, database) == [(1,)], "the restore to wait for the new trace")

    with pytest.raises(AlreadyExists, match="was created again after its deletion"):
        restored.result(LONG_S)


def test_a_new_link_sees_the_traces_that_are_being_ingested(db: PostgresDatabase, admin: Admin) -> None:
    with db.read(1) as tx:
        ((database,),) = tx.all("SELECT CAST(current_database() AS TEXT)")
    seen: list[Row] = []

    def watch() -> None:
        with db.write_beside(1) as tx:
            announce.watch(tx)
        with db.read(1) as tx:
            seen.extend(tx.all("SELECT trace_id FROM traces WHERE workspace_id = :ws"))

    watcher = threading.Thread(target=watch)
    with db.write(1) as tx:
        writer.write(tx, [spans(Sent(1))])
        watcher.start()
        until(lambda: rows(admin, WAITING, database) == [(1,)], "the watcher to wait for the ingest")
    watcher.join(LONG_S)
    with db.write(1) as tx:
        writer.write(tx, [spans(Sent(1, trace=2))])

    assert seen == [(trace_id(1),)]
    with db.read(1) as tx:
        assert tx.all("SELECT entity_id FROM changes WHERE entity = 'trace'") == [(trace_id(2),)]

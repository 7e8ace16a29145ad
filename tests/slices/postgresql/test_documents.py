"""Documents of runs on PostgreSQL, where no server knows all changes."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from support.faults.proxy import Proxy
from support.stores.postgres_store import store_of
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import encode
from trackside.core.settings import Settings
from trackside.runs import batch, lifecycle
from trackside.runs import store as runs
from trackside.runs.limits import Logged


def keep(db: PostgresDatabase, seqs: list[int]) -> None:
    """Make documents as if nobody had written for a moment."""

    def work(tx: Tx) -> None:
        tx.now += runs.REST_MS
        runs.keep_documents(tx, seqs)

    db.writer.submit(1, work).result(120)


def kept(db: PostgresDatabase) -> int:
    with db.read(1) as tx:
        return int((tx.one("SELECT COUNT(*) FROM run_docs WHERE workspace_id = :ws") or (0,))[0])


def test_a_document_is_kept_until_its_run_changes(db: PostgresDatabase) -> None:
    with db.write(1) as tx:
        made = [lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={}) for _ in range(3)]
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
        runs.keep_documents(tx, seqs)
    assert kept(db) == 0  # they changed a moment ago

    keep(db, seqs)
    keep(db, seqs)
    assert kept(db) == 3
    with db.read(1) as tx:
        docs, fresh = runs.documents(tx, seqs)
        assert docs == [encode(run) for run in runs.load(tx, seqs)]
        assert fresh == []

    with db.write(1) as tx:
        batch.log(tx, [Logged(made[0], {"m": [(0, 1, 1.0)]}, [], {}, [], True)])
        runs.delete(tx, made[1])
    assert kept(db) == 1


@pytest.mark.slow
def test_a_page_reads_only_the_documents_that_it_returns(
    through: Callable[[], tuple[Proxy, PostgresDatabase]],
) -> None:
    proxy, db = through()
    size = 1 << 20
    with db.write(1) as tx:
        made = [lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={}) for _ in range(150)]
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
        sizes = dict(zip(seqs, [100] * 110 + [size] * 40, strict=True))
        tx.many(
            "INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc)",
            [{"run": seq, "doc": b"%d" % (seq % 10) * some} for seq, some in sizes.items()],
        )
    before = proxy.answered_bytes

    with db.read(1) as tx:
        found = [runs.documents(tx, some, 4 * size)[0] for some in (seqs, seqs[::-1], seqs[100:])]
    read = proxy.answered_bytes - before
    with db.read(1) as tx:
        everything, _ = runs.documents(tx, seqs)

    assert [len(docs) for docs in found] == [113, 4, 13]
    assert read < 3 * 5.1 * size  # four documents, or three, and the one that is too much
    assert everything == [b"%d" % (seq % 10) * some for seq, some in sizes.items()]


def change(run_id: str, n: int, seed: int, kind: int) -> Callable[[Tx], Any]:
    match kind:
        case 0:
            return lambda tx: lifecycle.update(tx, run_id, None, n, f"name-{seed}-{n}")
        case 1:
            return lambda tx: runs.delete(tx, run_id)
        case 2 | 3:
            return lambda tx: runs.restore(tx, run_id)
    call = Logged(run_id, {"m": [(n, seed, float(n))]}, [(f"p{seed}-{n}", "1")], {"t": str(n)}, [], True)
    return lambda tx: batch.log(tx, [call])


def test_every_kind_of_change_drops_the_document(db: PostgresDatabase, postgres_settings: Settings) -> None:
    with db.write(1) as tx:
        made = [lifecycle.create(tx, "0", run_name=None, user_id="", start_time=0, tags={}) for _ in range(4)]
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
    others = [PostgresDatabase(store_of(postgres_settings)) for _ in range(2)]
    done = threading.Event()

    def write(database: PostgresDatabase, seed: int) -> None:
        dice = random.Random(seed)
        for n in range(60):
            with suppress(Invalid):  # the run is deleted
                database.writer.submit(1, change(dice.choice(made), n, seed, dice.randrange(7))).result(120)

    def look() -> int:
        used = 0
        while not done.is_set():
            keep(db, seqs)
            with db.read(1) as tx:
                docs, fresh = runs.documents(tx, seqs)
                assert docs == [encode(run) for run in runs.load(tx, seqs)]
            used += len(seqs) - len(fresh)
        return used

    with ThreadPoolExecutor(3) as threads:
        looking = threads.submit(look)
        list(threads.map(write, others, (1, 2)))
        done.set()
        assert looking.result(120) > 0
    for other in others:
        other.close()

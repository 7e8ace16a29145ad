"""The documents of runs: created when a run is idle, deleted when it changes; answers are limited in size."""

import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from typing import Any

import msgspec
import pytest

from support.client import Api, Inside
from support.links import until
from trackside import app, opening, tenants
from trackside.cleanup import rows
from trackside.core.db.debounce import LONG_QUIET_S, SHORT_QUIET_S
from trackside.core.db.sqlite import SqliteDatabase
from trackside.core.db.tx import Tx, Work
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import encode
from trackside.core.settings import Settings
from trackside.experiments import store as experiments
from trackside.runs import batch, bulk, keeper, lifecycle, search
from trackside.runs import store as runs
from trackside.runs.bulk import ChangeRuns
from trackside.runs.documents import Documents
from trackside.runs.limits import MAX_NEW_TAGS, Logged
from trackside.runs.model import Status
from trackside.sync import fields
from trackside.sync.document import Patch
from trackside.sync.local import writer
from trackside.workspaces import store as workspaces

TIMEOUT_S = 120.0


@pytest.fixture
def sqlite(sqlite_settings: Settings) -> Iterator[SqliteDatabase]:
    database = opening.open_database(sqlite_settings)
    yield database
    database.close()


def make(tx: Tx, many: int = 1) -> list[str]:
    return [lifecycle.create(tx, "0", run_name="r", user_id="", start_time=n, tags={"t": "1"}) for n in range(many)]


def log(tx: Tx, run_id: str, step: int = 0) -> None:
    points = {"m": [(step, step, float(step))], "n": [(step, 0, float("nan"))]}
    assert batch.log(tx, [Logged(run_id, points, [("p", "1")], {"u": "2"}, [], True)]) == [batch.ANSWER]


def change_some(tx: Tx, run_ids: list[str], call: ChangeRuns) -> None:
    bulk.step_of(call)(tx, run_ids)


def delete_and_restore(tx: Tx, experiment_id: str) -> None:
    experiments.delete(tx, experiment_id)
    experiments.restore(tx, experiment_id)


def stored(db: Any) -> dict[int, bytes]:
    with db.read(1) as tx:
        return dict(tx.all("SELECT run_seq, doc FROM run_docs WHERE workspace_id = :ws"))


def until_stored(db: Any, many: int) -> dict[int, bytes]:
    """Steps until so many documents lie there."""

    def is_there() -> bool:
        keeper.step(db)
        return len(stored(db)) >= many

    until(is_there, f"{many} documents")
    return stored(db)


def test_a_run_that_was_logged_to_gets_its_document(sqlite: SqliteDatabase) -> None:
    with sqlite.write(1) as tx:
        made = make(tx, 3)
        log(tx, made[0])
        log(tx, made[1])

    docs = until_stored(sqlite, 2)

    with sqlite.read(1) as tx:
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
        assert docs == {seq: encode(run) for seq, run in zip(seqs[:2], runs.load(tx, seqs[:2]), strict=True)}


def test_the_document_of_a_busy_run_is_made_as_soon_as_it_ends(sqlite: SqliteDatabase) -> None:
    with sqlite.write(1) as tx:
        (run_id,) = make(tx)
    for step in range(5):
        sqlite.writer.submit(1, partial(log, run_id=run_id, step=step)).result(TIMEOUT_S)
    sqlite.writer.submit(1, lambda tx: lifecycle.update(tx, run_id, Status.FINISHED, 9, None)).result(TIMEOUT_S)

    keeper.step(sqlite, now=time.monotonic() + SHORT_QUIET_S)  # a busy one would rest later, after LONG_QUIET_S

    (doc,) = stored(sqlite).values()
    assert b'"status":"FINISHED"' in doc
    assert b'"step":4' in doc


def test_steps_are_rare_while_no_run_waits_for_its_document(sqlite: SqliteDatabase) -> None:
    before = keeper.rest_s(sqlite)
    with sqlite.write(1) as tx:
        log(tx, make(tx)[0])
    while_it_waits = keeper.rest_s(sqlite)
    keeper.step(sqlite, now=time.monotonic() + SHORT_QUIET_S)

    assert (before, while_it_waits, keeper.rest_s(sqlite)) == (keeper.IDLE_EVERY_S, keeper.EVERY_S, keeper.IDLE_EVERY_S)


def test_the_document_of_a_run_whose_tag_is_deleted_is_made_again(sqlite: SqliteDatabase) -> None:
    with sqlite.write(1) as tx:
        first, _ = make(tx, 2)
        log(tx, first)
    until_stored(sqlite, 1)
    sqlite.writer.submit(1, lambda tx: runs.delete_tag(tx, first, "t")).result(TIMEOUT_S)
    dropped = stored(sqlite)

    keeper.step(sqlite, now=time.monotonic() + 2 * LONG_QUIET_S)

    (doc,) = stored(sqlite).values()
    assert dropped == {}
    assert b'"key":"t"' not in doc


def test_a_change_drops_the_document(sqlite: SqliteDatabase) -> None:
    with sqlite.write(1) as tx:
        made = make(tx, 5)
        for run_id in made:
            log(tx, run_id)
    until_stored(sqlite, 5)

    with sqlite.write(1) as tx:
        log(tx, made[0], 1)
        lifecycle.update(tx, made[1], Status.FAILED, None, None)
        runs.delete(tx, made[2])
        runs.delete_tag(tx, made[3], "t")

    with sqlite.read(1) as tx:
        left = runs.seq_of(tx, made[4])
    assert list(stored(sqlite)) == [left]


def test_no_document_is_kept_after_a_change(sqlite: SqliteDatabase) -> None:
    with sqlite.write(1) as tx:
        made = make(tx, 4)
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
        places = ["0", experiments.create(tx, "other", "mlflow-artifacts:/")]
    done = threading.Event()

    def change(seed: int) -> None:
        dice = random.Random(seed)
        for n in range(150):
            run_id, some = dice.choice(made), dice.sample(made, 2)
            patch = Patch({fields.STAGE: dice.choice(["active", "deleted"]), fields.NAME: f"linked-{seed}-{n}"})
            works: list[Work] = [
                partial(log, run_id=run_id, step=n * 2 + seed),
                partial(
                    lifecycle.update, run_id=run_id, status=Status.FINISHED, end_time=n, run_name=f"name-{seed}-{n}"
                ),
                partial(runs.delete, run_id=run_id),
                partial(runs.restore, run_id=run_id),
                partial(runs.restore, run_id=run_id),
                partial(change_some, run_ids=some, call=ChangeRuns(action="move", experiment_id=dice.choice(places))),
                partial(change_some, run_ids=some, call=ChangeRuns(action="set-tag", key="t", value=f"{n}")),
                partial(change_some, run_ids=made, call=ChangeRuns(action="restore")),
                partial(writer.run, run_id=run_id, experiment_id="0", patch=patch),
                partial(rows.remove_value, table="tags", run_id=run_id, key="t"),
                partial(delete_and_restore, experiment_id=places[1]),
            ]
            if (seed, n) == (1, 140):
                works = [partial(rows.remove_runs, run_ids=[run_id])]
            with suppress(Invalid, NotFound, AssertionError):  # the run is deleted
                sqlite.writer.submit(1, dice.choice(works)).result(TIMEOUT_S)

    documents = Documents(sqlite.writer)

    def look() -> int:
        used = 0
        while not done.is_set():
            for _ in range(2):  # the writer has some documents of the first reading yet to save, or none
                with sqlite.read(1) as tx:
                    assert documents.read(tx, seqs, 1 << 20) == [encode(run) for run in runs.load(tx, seqs)]
            keeper.step(sqlite)
            with sqlite.read(1) as tx:
                docs, fresh = runs.documents(tx, seqs)
                assert docs == [encode(run) for run in runs.load(tx, seqs)]
                epoch = tx.epoch
            sqlite.writer.submit(1, runs.saving(fresh, epoch)).result(TIMEOUT_S)
            used += len(seqs) - len(fresh)
        return used

    with ThreadPoolExecutor(3) as threads:
        looking = threads.submit(look)
        list(threads.map(change, (1, 2)))
        done.set()
        assert looking.result(TIMEOUT_S) > 0


def test_a_search_makes_no_document_that_the_writer_has_yet_to_save(sqlite: SqliteDatabase) -> None:
    with sqlite.write(1) as tx:
        made = make(tx, 120)
        for run_id in made:
            log(tx, run_id)
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
    documents = Documents(sqlite.writer)
    asked: list[str] = []
    with sqlite.writer.pause():
        with sqlite.read(1) as tx:
            first = documents.read(tx, seqs, 1 << 20)
        with sqlite.read(1) as tx:
            session: Any = tx._session
            session.connection.set_trace_callback(asked.append)
            second = documents.read(tx, seqs, 1 << 20)
            session.connection.set_trace_callback(None)

    assert first == second
    assert asked
    assert not [sql for sql in asked if "metric_series" in sql]
    sqlite.writer.submit(1, lambda tx: None).result(TIMEOUT_S)  # comes after what was handed over before
    assert list(stored(sqlite).values()) == first
    assert documents._made == {}


def test_an_unsaved_document_is_not_shown_after_its_run_has_changed(sqlite: SqliteDatabase) -> None:
    with sqlite.write(1) as tx:
        (run_id,) = make(tx)
    documents = Documents(sqlite.writer)
    with sqlite.read(1) as before:
        seq = runs.seq_of(before, run_id)  # from here on it sees what is there now
        sqlite.writer.submit(1, partial(log, run_id=run_id)).result(TIMEOUT_S)
        with sqlite.writer.pause(), sqlite.read(1) as after:
            old = documents.read(before, [seq], 1 << 20)
            new = documents.read(after, [seq], 1 << 20)

            assert list(documents._made) == [(1, seq)]
            assert old == [encode(runs.get(before, run_id))]
            assert new == [encode(runs.get(after, run_id))] != old


def test_a_writer_that_hangs_gets_a_bounded_number_of_bytes(sqlite: SqliteDatabase) -> None:
    with sqlite.write(1) as tx:
        seqs = [runs.seq_of(tx, run_id) for run_id in make(tx, 4)]
    with sqlite.read(1) as tx:
        wanted = [encode(run) for run in runs.load(tx, seqs)]
        most = len(wanted[0]) + len(wanted[1])
        documents = Documents(sqlite.writer, most)
        with sqlite.writer.pause():
            for seq in seqs * 2:
                documents.read(tx, [seq], 1 << 20)
            unsaved = {seq: each.doc for (_, seq), each in documents._made.items()}
        sqlite.writer.submit(1, lambda tx: None).result(TIMEOUT_S)
        for seq in seqs[2:]:
            documents.read(tx, [seq], 1 << 20)
        sqlite.writer.submit(1, lambda tx: None).result(TIMEOUT_S)

    assert unsaved == dict(zip(seqs[:2], wanted[:2], strict=True))
    assert stored(sqlite) == dict(zip(seqs, wanted, strict=True))


def test_no_document_outlives_the_move_of_its_workspace(sqlite: SqliteDatabase) -> None:
    """A search that began before the move saves its documents after a search of the default workspace."""
    with sqlite.write(1) as tx:
        ws = workspaces.create(tx, "moved").workspace_id
        experiments.create_default(tx.within(ws), "mlflow-artifacts:/")
    with sqlite.write(ws) as tx:
        (run_id,) = make(tx)
    documents = Documents(sqlite.writer)
    with sqlite.read(ws) as before:
        seq = runs.seq_of(before, run_id)
        with sqlite.write(ws) as tx:
            tenants.move_to_default(tx, workspaces.get(tx, "moved"))
        with sqlite.read(1) as tx:
            made = documents.read(tx, [seq], 1 << 20)
        assert documents.read(before, [seq], 1 << 20) != made  # it names another experiment
    sqlite.writer.submit(1, lambda tx: None).result(TIMEOUT_S)

    with sqlite.read(1) as tx:
        assert documents.read(tx, [seq], 1 << 20) == made == [encode(runs.get(tx, run_id))]


@pytest.mark.both
def test_documents_end_before_the_limit_of_bytes(db: Any) -> None:
    with db.write(1) as tx:
        made = make(tx, 250)
        tx.many(
            """
            INSERT INTO tags (workspace_id, experiment_seq, key, run_seq, value)
            SELECT :ws, experiment_seq, 'size', run_seq, :value FROM runs WHERE workspace_id = :ws AND run_id = :id
            """,
            [{"value": "x" * (100 if n < 120 else 5000), "id": run_id} for n, run_id in enumerate(made)],
        )
        seqs = [runs.seq_of(tx, run_id) for run_id in made]
    with db.read(1) as tx:
        whole, _ = runs.documents(tx, seqs)
        assert whole == [encode(run) for run in runs.load(tx, seqs)]

        for most in (0, len(whole[0]), 20_000, 150_000, 300_000, sum(map(len, whole)) - 1, sum(map(len, whole))):
            part, fresh = runs.documents(tx, seqs, most)
            size = sum(map(len, part))
            assert part == whole[: len(part)]
            assert size <= max(most, len(whole[0]))
            assert len(part) == len(whole) or size + len(whole[len(part)]) > most
            assert len(part) <= len(fresh) <= max(2 * len(part), runs.MADE_FIRST)  # no more is read than is needed


@pytest.mark.slow
def test_a_page_that_would_be_too_large_ends_early_and_continues(sqlite_settings: Settings) -> None:
    with closing(opening.open_database(sqlite_settings)) as database, database.write(1) as tx:
        made = make(tx, 50)
        tx.run(
            """
            WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 100)
            INSERT INTO tags (workspace_id, experiment_seq, key, run_seq, value)
            SELECT :ws, experiment_seq, 't' || n, run_seq, :value FROM runs CROSS JOIN t WHERE workspace_id = :ws
            """,
            value="x" * 7900,
        )
    application = app.build(sqlite_settings)
    inside = Inside(application.asgi)
    api = Api(inside)

    pages: list[list[str]] = []
    token = None
    while token is not None or not pages:
        more: dict[str, str] = {"page_token": token} if token else {}
        reply = api.ask("POST", "runs/search", {"experiment_ids": ["0"], "max_results": 50_000, **more})
        assert reply.status == 200
        assert len(reply.body) <= search.MAX_ANSWER_BYTES + 1000
        pages.append([run["info"]["run_id"] for run in reply.json["runs"]])
        token = reply.json.get("next_page_token")

    inside.close()
    application.close()
    assert [len(page) for page in pages] == [10] * 5
    assert [run_id for page in pages for run_id in page] == made[::-1]


def test_a_run_is_created_with_a_limited_number_of_tags(sqlite_api: Api) -> None:
    tags = [{"key": f"t{k}", "value": "v"} for k in range(MAX_NEW_TAGS + 1)]

    assert sqlite_api.fault("runs/create", experiment_id="0", tags=tags) == (
        400,
        "INVALID_PARAMETER_VALUE",
        "A run can be made with at most 1000 tags. Got 1001 tags. Please log the others in batches.",
    )
    made = sqlite_api.post("runs/create", experiment_id="0", tags=tags[:-1])["run"]
    assert len(made["data"]["tags"]) == MAX_NEW_TAGS + 1  # the run's name is one too


@pytest.mark.both
def test_documents_of_runs_that_were_just_logged_are_made_on_each_database(db: Any) -> None:
    with db.write(1) as tx:
        first, second = make(tx, 2)
        log(tx, first)
        log(tx, second)

    found = until_stored(db, 2)

    with db.read(1) as tx:
        seqs = runs.find_seqs(tx, [first, second])
        assert found == {
            seq: encode(run) for seq, run in zip(seqs.values(), runs.load(tx, list(seqs.values())), strict=True)
        }


def test_a_document_has_each_character_of_a_value(db: Any) -> None:
    """The rows of one run are read by another statement than those of several."""
    odd = "".join(map(chr, range(0 if db.dialect == "sqlite" else 1, 0x110))) + "\u2028\ufeff\ufffe\U0001f600\U0010ffff"
    with db.write(1) as tx:
        made = make(tx, 2)
        for run_id in made:
            entries = [(f"{n}", odd[n:] + run_id) for n in range(len(odd))]
            params, tags = entries, {key: value[::-1] for key, value in entries}
            assert batch.log(tx, [Logged(run_id, {}, params, tags, [], True)]) == [batch.ANSWER]

    with db.read(1) as tx:
        docs, _ = runs.documents(tx, [runs.seq_of(tx, run_id) for run_id in made])
        assert docs == [encode(runs.get(tx, run_id)) for run_id in made]
        assert f'"value":"{msgspec.json.encode(odd[1:] + made[0]).decode()[1:]}' in docs[0].decode()


@pytest.mark.slow
def test_runs_have_all_of_very_many_tags(db: Any) -> None:
    """SQLite's rows of several runs are read in parts."""
    counts = [0, 3, runs.ROW_PAIRS, 0, runs.ROW_PAIRS + 1, 2, runs.ROW_PAIRS // 2, runs.ROW_PAIRS - 3, 1]
    with db.write(1) as tx:
        seqs = [runs.seq_of(tx, run_id) for run_id in make(tx, len(counts))]
        for seq, count in zip(seqs, counts, strict=True):
            batch.save_tags(tx, [batch.attribute(1, seq, f"u{n:06}", f"{seq}") for n in range(count)])

    with db.read(1) as tx:
        found = runs.load(tx, seqs[::-1])

    assert [len(run.data.tags) - 2 for run in found] == counts[::-1]
    assert all(tag.value == str(seq) for seq, run in zip(seqs, found[::-1], strict=True) for tag in run.data.tags[2:])
    assert all(run.data.tags == sorted(run.data.tags, key=lambda tag: tag.key) for run in found)


def test_a_page_reads_only_the_documents_that_it_returns(sqlite: SqliteDatabase) -> None:
    size = 1 << 20
    with sqlite.write(1) as tx:
        seqs = [runs.seq_of(tx, run_id) for run_id in make(tx, 150)]
        sizes = dict(zip(seqs, [100] * 110 + [size] * 40, strict=True))
        tx.many(
            "INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc)",
            [{"run": seq, "doc": b"%d" % (seq % 10) * some} for seq, some in sizes.items()],
        )

    with sqlite.read(1) as tx:
        session: Any = tx._session
        before = session.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 6 * size)
        try:
            found = [runs.documents(tx, some, 4 * size)[0] for some in (seqs, seqs[::-1], seqs[100:])]
        finally:
            session.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, before)
        everything, _ = runs.documents(tx, seqs)

    assert [len(docs) for docs in found] == [113, 4, 13]
    assert everything == [b"%d" % (seq % 10) * some for seq, some in sizes.items()]

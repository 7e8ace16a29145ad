"""The identity of the remote store, as a link tracks it, on both databases."""

from typing import Any, cast

import pytest

from trackside.artifacts import store as artifacts
from trackside.core.db.tx import Tx
from trackside.core.http_client.errors import Cancelled
from trackside.events import store as events
from trackside.links import store
from trackside.links.model import CreatedBy, Kind, Link, Options, State
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.deletions import StoreIdentityCheck
from trackside.links.state import generations, item_store, work_queue
from trackside.links.state.generations import Known
from trackside.registry import models, replica
from trackside.runs import batch, lifecycle
from trackside.runs.limits import Logged
from trackside.sync import fields
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.local import registry

pytestmark = pytest.mark.both

WS = 1
ACTIVE = {fields.STAGE: "active"}


@pytest.fixture
def link(db: Any) -> Link:
    """Of a workspace with three runs, one of them deleted; the store there is called `first`."""

    def make(tx: Tx) -> Link:
        made = store.create(tx, "l", Kind.MLFLOW, "http://127.0.0.1:9", Mode.BOTH, Options(), None, "cursor")
        generations.remember(tx, made.link_id, "first")
        for number, stage in enumerate(("active", "active", "deleted")):
            local_id = str(number) * 32
            lifecycle.create(tx, "0", run_name="r", user_id="u", start_time=5 + number, tags={}, run_id=local_id)
            item_store.save_item(
                tx, made.link_id, Entity.RUN, local_id, f"there-{number}", CreatedBy.US, {fields.STAGE: stage}
            )
        item_store.save_item(tx, made.link_id, Entity.EXPERIMENT, "0", "0", CreatedBy.THEM, ACTIVE)
        work_queue.enqueue(tx, made.link_id, [(str(Entity.RUN), "theirs")], is_remote=True)
        return store.get(tx, "l")

    found: Link = db.writer.submit(WS, make).result()
    return found


def write(db: Any, work: Any) -> Any:
    return db.writer.submit(WS, work).result()


def now(db: Any, link: Link) -> Known:
    with db.read(WS) as tx:
        return generations.of(tx, link.link_id)


def newest(db: Any, link: Link) -> list[str]:
    with db.read(WS) as tx:
        found = generations.newest(
            tx, link.link_id, 5, store_generation=generations.of(tx, link.link_id).store_generation
        )
    return [each.remote_id for each in found]


def test_an_epoch_ends_once_and_later_losses_belong_to_the_next(db: Any, link: Link) -> None:
    before = now(db, link)
    runs_before = newest(db, link)
    for _ in range(2):  # of two that found out at once
        write(db, lambda tx: generations.store_was_restored(tx, link, before, "a run is missing"))
    lost = newest(db, link)
    write(db, lambda tx: generations.confirm(tx, link.link_id, Entity.RUN, "0" * 32, 1))

    assert (before, now(db, link)) == (Known("first", 0), Known("first", 1))
    assert (runs_before, lost, newest(db, link)) == (["there-1", "there-0"], [], ["there-0"])
    with db.read(WS) as tx:
        after = store.get(tx, "l")
        said = [entry.message for entry in store.log(tx, link.link_id, 0, 10)]
    assert after.remote_cursor == ""
    assert after.backfill_cursor != ""
    assert len(said) == 1
    assert "a run is missing" in said[0]


def test_only_a_missing_run_without_a_deletion_indicates_a_loss(db: Any, link: Link) -> None:
    def miss(number: int) -> int:
        def work(tx: Tx) -> None:
            item = item_store.item(tx, link.link_id, Entity.RUN, str(number) * 32)
            assert item is not None
            generations.report_missing(tx, link, Entity.RUN, item)

        write(db, work)
        return now(db, link).store_generation

    assert [miss(2), miss(1), miss(0)] == [0, 1, 1]  # the last one was not found in the new generation yet


def test_after_a_change_of_the_store_everything_is_compared_again(db: Any, link: Link) -> None:
    write(db, lambda tx: generations.store_was_replaced(tx, link, Known("first", 0), "second"))

    with db.read(WS) as tx:
        mirrored_now = item_store.mirrored(tx, link.link_id)
        due = [(each.entity, each.entity_id, each.is_remote) for each in work_queue.next_items(tx, link.link_id, 10)]
    assert now(db, link) == Known("second", 1)
    assert mirrored_now == {}
    assert due == [(Entity.EXPERIMENT, "0", False), *((Entity.RUN, str(number) * 32, False) for number in range(3))]


def test_a_change_of_the_store_is_detected_again_if_it_could_not_be_recorded(db: Any, link: Link) -> None:
    class Second:
        def ask_store(self) -> str:
            return "second"

    nobody: Any = None
    context = LinkContext(db, WS, link, cast(Any, Second()), nobody, "", ends_when_paused=True)
    check = StoreIdentityCheck()

    write(db, lambda tx: store.set_state(tx, "l", State.PAUSED))
    with pytest.raises(Cancelled):
        check.is_another(context)
    write(db, lambda tx: store.set_state(tx, "l", State.ACTIVE))

    assert check.is_another(context)
    assert now(db, link) == Known("second", 1)
    assert not check.is_another(context), "it is asked now and then"


def test_the_change_log_lists_removals(db: Any) -> None:
    def make(tx: Tx) -> list[str]:
        uids = [replica.make_model(tx, uid, uid, None, {}, "") for uid in ("gone", "kept")]
        models.delete(tx, "gone")
        return uids

    gone, kept = write(db, make)

    with db.read(WS) as tx:
        said = [registry.was_removed(tx, Entity.REGISTERED_MODEL, uid) for uid in (gone, kept, "never", "")]
    assert said == [True, False, False, False]


def test_the_log_returns_the_time_of_an_entry_or_of_the_last_one_before_it(db: Any, link: Link) -> None:
    with db.read(WS) as tx:
        (oldest, head), entries = events.bounds(tx), events.history(tx, 2**62, events.Wanted(limit=100))
        times = [events.made_at(tx, seq) for seq in (oldest - 1, entries[0].seq, head + 5)]

    assert times == [0, entries[0].at, entries[0].at]


@pytest.mark.parametrize("what", ["points", "a file", "a removal"])
def test_a_position_in_the_log_stays_valid_when_its_entry_is_replaced(db: Any, link: Link, what: str) -> None:
    run_id = "0" * 32

    def log(tx: Tx, at: int, removes: bool = False) -> int:
        tx.now = at
        match what:
            case "points":
                assert batch.log(tx, [Logged(run_id, {"m": [(at, at, 1.0)]}, [], {}, [], False)]) == [batch.ANSWER]
            case "a removal" if removes:
                artifacts.record_removal(tx, "run", run_id, "model.bin")
            case _:
                artifacts.record_files(tx, "run", run_id, "model.bin")
        return events.newest(tx)

    place = write(db, lambda tx: log(tx, 2**42, removes=True))
    with db.read(WS) as tx:
        at = events.made_at(tx, place)
    events.begin(db)  # somebody reads
    write(db, lambda tx: log(tx, 2**42 + 1000))

    with db.read(WS) as tx:
        assert events.history(tx, place + 1, events.Wanted(limit=1))[0].seq < place  # it went
        assert events.made_at(tx, place) == at

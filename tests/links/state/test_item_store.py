"""The state of items, series and files of a link; each call changes only its own rows."""

from collections.abc import Callable
from typing import Any

import pytest

from trackside.artifacts import store as artifacts
from trackside.core.db.tx import Change, Tx
from trackside.events.entries import Entry
from trackside.events.store import Page
from trackside.links import store
from trackside.links.model import CreatedBy, Kind, Link, Options
from trackside.links.state import dataset_records, item_store, work_queue
from trackside.links.state.dataset_records import Agreed
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.document import Doc, Mode
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.file_plan import FileState, Known
from trackside.sync.metric_delta import Cursor

pytestmark = pytest.mark.both

WS = 1
RUN, MODEL = Entity.RUN, Entity.LOGGED_MODEL
DOC: Doc = {Field(FieldKind.TAG, "a"): "1"}
OTHER_DOC: Doc = {fields.STAGE: "active"}


@pytest.fixture
def links(db: Any) -> tuple[int, int]:
    """Two links to one remote."""
    return write(db, lambda tx: (add(tx, "one").link_id, add(tx, "two").link_id))  # type: ignore[no-any-return]


def write(db: Any, work: Callable[[Tx], Any], ws: int = WS) -> Any:
    return db.writer.submit(ws, work).result()


def add(tx: Tx, name: str, url: str = "http://127.0.0.1:9") -> Link:
    return store.create(tx, name, Kind.TRACKSIDE, url, Mode.BOTH, Options(), None, "")


def everything(db: Any, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table, of all workspaces."""
    with db.read(WS) as tx:
        return sorted(tx.all(f"SELECT * FROM {table}"), key=repr)


def test_an_item_has_the_values_that_were_saved_last_except_its_creator(db: Any, links: tuple[int, int]) -> None:
    one, two = links

    def work(tx: Tx) -> tuple[Any, ...]:
        tx.now = 1000
        item_store.save_item(tx, one, RUN, "a", "", CreatedBy.HERE, None)
        tx.now = 2000
        item_store.save_item(tx, one, RUN, "a", "ra", CreatedBy.US, DOC)
        item_store.save_item(tx, one, RUN, "a", "rb", CreatedBy.THEM, None)
        item_store.save_item(tx, one, MODEL, "a", "rm", CreatedBy.US, None)
        item_store.save_item(tx, two, RUN, "a", "rc", CreatedBy.THEM, OTHER_DOC)
        item_store.set_created_by(tx, two, RUN, "a", CreatedBy.US)
        return (
            item_store.item(tx, one, RUN, "a"),
            item_store.by_remote(tx, one, RUN, "rb"),
            item_store.item(tx, one, MODEL, "a"),
            item_store.item(tx, two, RUN, "a"),
            item_store.by_remote(tx, two, RUN, "rb"),
            item_store.item(tx, one, RUN, "rb"),
        )

    run = ItemState("a", "rb", CreatedBy.HERE, DOC)
    model, other = ItemState("a", "rm", CreatedBy.US, None), ItemState("a", "rc", CreatedBy.US, OTHER_DOC)
    assert write(db, work) == (run, run, model, other, None, None)
    with db.read(WS) as tx:
        times = [item_store.synced_at(tx, link, kind, "a") for link, kind in ((one, RUN), (two, MODEL))]
    assert times == [2000, 0]


def test_forgetting_an_item_deletes_its_files_and_series_and_no_others(db: Any, links: tuple[int, int]) -> None:
    one, two = links
    kept = [(one, RUN, "b"), (one, MODEL, "a"), (two, RUN, "a"), (one, Entity.EVALUATION_DATASET, "a")]

    def save(tx: Tx, link: int, kind: Entity, name: str) -> None:
        item_store.save_item(tx, link, kind, name, f"r{name}", CreatedBy.US, DOC)
        item_store.save_file(tx, link, kind, name, Known("f", 1))
        if kind is RUN:
            item_store.save_series(tx, link, name, "in", {"m": Cursor(1, 2, b"")})
        if kind is Entity.EVALUATION_DATASET:
            dataset_records.save(tx, link, name, [Agreed("h", "d", "r")])

    def state() -> list[Any]:
        return [everything(db, table) for table in ("link_items", "link_files", "link_series", "link_records")]

    for each in kept:
        write(db, lambda tx, each=each: save(tx, *each))  # type: ignore[misc]
    before = state()
    for link, kind, name in ((one, RUN, "a"), (two, Entity.EVALUATION_DATASET, "a")):
        write(db, lambda tx, each=(link, kind, name): save(tx, *each))  # type: ignore[misc]
        write(db, lambda tx, each=(link, kind, name): item_store.forget_item(tx, *each))  # type: ignore[misc]

    assert state() == before


def test_items_are_counted_and_listed_once_the_other_side_has_them(db: Any, links: tuple[int, int]) -> None:
    one, two = links
    made = [CreatedBy.US, CreatedBy.THEM, CreatedBy.HERE, CreatedBy.THEM]

    def work(tx: Tx) -> None:
        for number, maker in enumerate(made):
            item_store.save_item(tx, one, RUN, f"r{number}", f"t{number}", maker, DOC)
        item_store.save_item(tx, one, RUN, "r9", "", CreatedBy.THEM, None)  # about to be made there
        item_store.save_item(tx, one, Entity.EXPERIMENT, "0", "0", CreatedBy.THEM, None)
        item_store.save_item(tx, two, RUN, "r1", "t1", CreatedBy.THEM, None)

    write(db, work)

    with db.read(WS) as tx:
        counts = [item_store.mirrored(tx, one, made_by) for made_by in (None, *CreatedBy)]
        pages = [
            [each.local_id for each in item_store.items(tx, one, RUN, *page)]
            for page in (("", 9), ("r0", 2), ("", 1, CreatedBy.THEM), ("r1", 9, CreatedBy.THEM))
        ]
        (first,) = item_store.items(tx, one, RUN, "", 1)
    of_us, of_here, of_them = {"run": 1}, {"run": 1}, {"experiment": 1, "run": 2}
    assert counts == [{"run": 4, "experiment": 1}, of_us, of_here, of_them]
    assert pages == [["r0", "r1", "r2", "r3"], ["r1", "r2"], ["r1"], ["r3"]]
    assert first == ItemState("r0", "t0", CreatedBy.US, None)  # a list leaves out what was agreed

    write(db, lambda tx: item_store.enqueue_mirrored(tx, one, RUN, ["r1", "r9", "unknown"]))
    write(db, lambda tx: item_store.enqueue_mirrored(tx, one, RUN, []))
    with db.read(WS) as tx:
        assert [each.entity_id for each in work_queue.next_items(tx, one, 9)] == ["r1"]
        assert work_queue.next_items(tx, two, 9) == []


def test_items_below_another_one_are_found_and_renamed_without_their_neighbours(
    db: Any, links: tuple[int, int]
) -> None:
    one, two = links
    version = Entity.MODEL_VERSION
    names = ["m/1", "m/2", "m", "m-/1", "m0", "mm/1"]

    def work(tx: Tx) -> list[str]:
        for link in links:
            for name in names:
                item_store.save_item(tx, link, version, name, name, CreatedBy.US, DOC)
        item_store.save_item(tx, one, MODEL, "m/1", "m/1", CreatedBy.US, DOC)
        item_store.rename_remote(tx, one, version, "m", "longer")
        return [each.remote_id for each in item_store.items(tx, one, version, "", 99)]

    assert sorted(write(db, work)) == sorted(["longer/1", "longer/2", *names[2:]])
    with db.read(WS) as tx:
        below = item_store.items_below(tx, one, version, "m")
        others = [
            item_store.items(tx, two, version, "", 99),
            item_store.items(tx, one, MODEL, "", 99),
        ]
    assert below == [ItemState("m/1", "longer/1", CreatedBy.US, DOC), ItemState("m/2", "longer/2", CreatedBy.US, DOC)]
    assert [[each.remote_id for each in some] for some in others] == [sorted(names), ["m/1"]]


def test_an_item_stores_where_it_came_from(db: Any, links: tuple[int, int]) -> None:
    one, two = links

    def work(tx: Tx) -> None:
        elsewhere = add(tx, "three", "http://127.0.0.1:10").link_id
        tx.now = 5000
        tx.record(Change("run", "imported", "import"))
        tx.record(Change("run", "made", "create"))
        item_store.save_item(tx, two, RUN, "taken", "t", CreatedBy.HERE, None)
        item_store.save_item(tx, two, RUN, "sent", "s", CreatedBy.US, None)
        item_store.save_item(tx, one, RUN, "own", "o", CreatedBy.HERE, None)
        item_store.save_item(tx, elsewhere, RUN, "far", "f", CreatedBy.HERE, None)

    write(db, work)

    names = ("imported", "made", "taken", "sent", "own", "far")
    with db.read(WS) as tx:
        brought = {name: item_store.brought_at(tx, one, RUN, name) for name in names}
        of_model = item_store.brought_at(tx, one, MODEL, "imported")
        others = [name for name in names if item_store.is_of_another_link(tx, one, RUN, name)]
        shared = [name for name in "tsofx" if item_store.is_shared(tx, one, RUN, name)]
        of_model_too = item_store.is_of_another_link(tx, one, MODEL, "taken") or item_store.is_shared(
            tx, one, MODEL, "t"
        )
    assert brought == {"imported": 5000, "made": None, "taken": 0, "sent": None, "own": None, "far": 0}
    assert (of_model, of_model_too) == (None, False)
    assert (others, shared) == (["taken", "far"], ["t", "s"])


def test_series_are_remembered_by_direction(db: Any, links: tuple[int, int]) -> None:
    one, two = links

    def work(tx: Tx) -> None:
        item_store.save_series(tx, one, "a", "out", {"m": Cursor(1, 10, b"x"), "n": Cursor(2, 20, b"")})
        item_store.save_series(tx, one, "a", "out", {"m": Cursor(3, 30, b"y")})
        item_store.save_series(tx, one, "a", "in", {"m": Cursor(4, 40, b"z")})
        for link, run_id in ((one, "b"), (two, "a")):
            item_store.save_series(tx, link, run_id, "out", {"n": Cursor(5, 50, b"")})
        item_store.forget_series(tx, one, "a", "out", "n")

    write(db, work)

    with db.read(WS) as tx:
        assert item_store.series(tx, one, "a", "out") == {"m": Cursor(3, 30, b"y")}
        assert item_store.series(tx, one, "a", "in") == {"m": Cursor(4, 40, b"z")}
        assert (
            item_store.series(tx, one, "b", "out")
            == item_store.series(tx, two, "a", "out")
            == {"n": Cursor(5, 50, b"")}
        )


def test_files_of_an_item_are_recorded_and_marked_and_deleted_by_item(db: Any, links: tuple[int, int]) -> None:
    one, two = links
    plain = Known("plain", 1, "e", "s", "r")
    states = [Known(each.name.lower(), 2, each) for each in FileState]
    lost_there = Known("lost there", 3, "e", "", FileState.LOST)

    def work(tx: Tx) -> None:
        for link, kind, name in ((one, RUN, "a"), (one, RUN, "b"), (one, MODEL, "a"), (two, RUN, "a")):
            for known in (Known("plain", 9), plain, *states, lost_there, Known("away", 4)):
                item_store.save_file(tx, link, kind, name, known)
        item_store.forget_file(tx, one, RUN, "a", "away")
        item_store.mark_files_unverified(tx, one, RUN, "a")

    write(db, work)

    unsure = FileState.UNSURE
    kept = {each.path: each for each in (plain, *states, lost_there, Known("away", 4))}
    doubted = {"plain": Known("plain", 1, unsure, "s", unsure), "unsure": Known("unsure", 2, unsure, "", unsure)}
    doubted["unsent"] = Known("unsent", 2, unsure, "", unsure)
    with db.read(WS) as tx:
        assert item_store.files(tx, one, RUN, "a") == {k: v for k, v in {**kept, **doubted}.items() if k != "away"}
        for link, kind, name in ((one, RUN, "b"), (one, MODEL, "a"), (two, RUN, "a")):
            assert item_store.files(tx, link, kind, name) == kept


def test_a_removal_marks_the_files_that_it_covers_except_new_ones(db: Any, links: tuple[int, int]) -> None:
    one, two = links
    paths = ["d", "d/a", "d/b", "d-", "d0", "other", ""]

    def marked(link: int, kind: Entity, name: str) -> set[str]:
        with db.read(WS) as tx:
            return {p for p, known in item_store.files(tx, link, kind, name).items() if known.etag == FileState.REMOVED}

    def work(tx: Tx) -> None:
        for link, kind, name in ((one, RUN, "a"), (one, RUN, "all"), (one, MODEL, "a"), (two, RUN, "a")):
            for path in paths:
                item_store.save_file(tx, link, kind, name, Known(path, 1, "e"))
        item_store.save_file(tx, one, RUN, "a", Known("d/stays", 1, FileState.STAYS))
        item_store.note_removals(
            tx,
            one,
            [
                entry("create", "a", '{"path":"other"}'),  # another action, and the rest is looked at all the same
                entry(artifacts.REMOVED, "a", '{"path":"d","but":["d/b"]}'),
                entry(artifacts.REMOVED, "all", None),
            ],
        )

    write(db, work)

    assert marked(one, RUN, "a") == {"d", "d/a"}
    assert marked(one, RUN, "all") == {path for path in paths if path}
    assert marked(one, MODEL, "a") == marked(two, RUN, "a") == set()


def entry(action: str, item_id: str, detail: str | None, entity: Entity = RUN) -> Entry:
    return Entry(seq=1, ws=WS, entity=str(entity), entity_id=item_id, action=action, at=1, user="u", detail=detail)


@pytest.mark.parametrize("registry", [True, False])
def test_a_page_of_the_change_log_is_queued_once_and_moves_the_position_forward(
    db: Any, links: tuple[int, int], registry: bool
) -> None:
    one, two = links
    changes = [
        entry("update", "a", None),
        entry(artifacts.REMOVED, "a", '{"path":"f"}'),
        entry("create", "m", '{"uid":"m1"}', Entity.REGISTERED_MODEL),
    ]

    def work(tx: Tx) -> None:
        item_store.save_file(tx, one, RUN, "a", Known("f", 1, "e"))
        item_store.take_page(tx, one, Page("c", 0, 7, changes, False), registry=registry)
        item_store.take_page(tx, one, Page("c", 0, 3, [], False), registry=registry)  # read before, and late

    write(db, work)

    with db.read(WS) as tx:
        queued = [(each.entity, each.entity_id) for each in work_queue.next_items(tx, one, 9)]
        seen = [link.seen_seq for link in (store.find(tx, one), store.find(tx, two)) if link is not None]
        (known,) = item_store.files(tx, one, RUN, "a").values()
    assert queued == [("run", "a"), *([("registered_model", "m1")] if registry else [])]
    assert (seen, known.etag) == ([7, 0], FileState.REMOVED)

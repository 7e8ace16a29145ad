"""The life of a link in the store: each call changes its own link, and nothing of another."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, BadState, NotFound
from trackside.events import store as events
from trackside.links import store
from trackside.links.model import CreatedBy, Kind, Link, LogKind, Options, State
from trackside.links.state import item_store, work_queue
from trackside.sync.document import Mode
from trackside.sync.entities import Entity
from trackside.sync.file_plan import Known
from trackside.sync.metric_delta import Cursor

pytestmark = pytest.mark.both

WS = 1
NOW = 2**41  # ms
OPTIONS = Options(registry=True, experiments=["a*"])


@pytest.fixture
def south(make_workspace: Callable[[str], int]) -> int:
    return make_workspace("south")


@pytest.fixture
def link(db: Any, south: int) -> Link:
    """A link beside another one, and one of the same name in another workspace."""
    write(db, lambda tx: make(tx, "other"))
    write(db, lambda tx: make(tx, "link"), south)
    return write(db, lambda tx: make(tx, "link"))  # type: ignore[no-any-return]


def make(tx: Tx, name: str) -> Link:
    return store.create(tx, name, Kind.MLFLOW, "http://127.0.0.1:9", Mode.BOTH, OPTIONS, b"sealed", "cursor", 7)


def write(db: Any, work: Callable[[Tx], Any], ws: int = WS) -> Any:
    def at(tx: Tx) -> Any:
        tx.now = NOW
        return work(tx)

    return db.writer.submit(ws, at).result()


def others(db: Any, south: int) -> list[Link]:
    with db.read(WS) as tx:
        mine = [each for each in store.all_of(tx) if each.name != "link"]
    with db.read(south) as tx:
        return mine + store.all_of(tx)


def read(db: Any) -> Link:
    with db.read(WS) as tx:
        return store.get(tx, "link")


def said(db: Any) -> list[tuple[str, str, str | None]]:
    """What the change log has of links, after their creation."""
    with db.read(WS) as tx:
        rows = tx.all(
            "SELECT entity, entity_id, action, detail FROM changes WHERE workspace_id = :ws AND entity = 'link' ORDER BY seq"
        )
    return [(name, action, detail) for _, name, action, detail in rows if action != "create"]


def noted(db: Any, link: Link) -> list[tuple[str, str]]:
    with db.read(WS) as tx:
        return [(str(each.kind), each.message) for each in store.log(tx, link.link_id, 0, 99)]


def test_a_link_is_returned_as_it_was_created(db: Any, link: Link, south: int) -> None:
    with db.read(WS) as tx:
        found = store.get(tx, "link"), store.find(tx, link.link_id), store.find(tx, 10**6)
        names = [each.name for each in store.all_of(tx)]
        count = store.number_of_all(tx)
        rows = tx.all("SELECT action FROM changes WHERE workspace_id = :ws AND entity = 'link' AND entity_id = 'link'")
    with db.read(south) as tx:
        theirs = store.find(tx, link.link_id)

    assert found == (link, link, None)
    assert theirs is None
    assert rows == [("create",)]
    assert (names, count) == (["link", "other"], 3)
    assert msgspec.structs.astuple(link)[1:14] == (
        "link", Kind.MLFLOW, "http://127.0.0.1:9", Mode.BOTH, OPTIONS, b"sealed", State.ACTIVE, 7, "cursor", NOW, None, None,
        None,
    )  # fmt: skip
    assert (link.sent_items, link.points_per_s, link.heard_at, link.backfill_cursor) == (0, 0, None, "")
    with pytest.raises(AlreadyExists, match="Link 'link' already exists in this workspace"):
        write(db, lambda tx: make(tx, "link"))
    with pytest.raises(NotFound, match=f"Link '{'x' * 100}' not found in this workspace"), db.read(WS) as tx:
        store.get(tx, "x" * 101)


def test_a_link_is_paused_resumed_and_removed(db: Any, link: Link, south: int) -> None:
    before = others(db, south)
    write(db, lambda tx: store.failed(tx, link, "away", NOW + 9))

    paused = write(db, lambda tx: store.set_state(tx, "link", State.PAUSED))
    with db.read(0) as tx:
        at_work = store.everywhere(tx)
    removing = write(db, lambda tx: store.set_state(tx, "link", State.REMOVING))
    again = write(db, lambda tx: store.set_state(tx, "link", State.REMOVING))
    with pytest.raises(BadState, match="Link 'link' is being removed"):
        write(db, lambda tx: store.set_state(tx, "link", State.ACTIVE))

    assert (paused.state, paused.retry_at, removing.state) == (State.PAUSED, None, State.REMOVING)
    assert again == removing == read(db)
    assert sorted(at_work) == sorted((WS if each in before[:1] else south, each.link_id) for each in before)
    assert said(db)[1:] == [("link", "paused", None), ("link", "removing", None)]
    assert others(db, south) == before
    with pytest.raises(NotFound):
        write(db, lambda tx: store.set_state(tx, "unknown", State.PAUSED))


def test_the_server_pauses_an_active_link_and_a_caller_clears_the_reason(db: Any, link: Link, south: int) -> None:
    before = others(db, south)
    message = f"{store.PAUSED}too many"
    for _ in range(2):  # the second finds it paused
        write(db, lambda tx: store.pause(tx, link, message))
    paused = read(db)
    write(db, lambda tx: store.act_for_caller(tx, "link"))
    after = read(db)
    write(db, lambda tx: store.failed(tx, after, "away", NOW + 9))
    write(db, lambda tx: store.act_for_caller(tx, "link"))

    assert (paused.state, paused.last_error, paused.last_error_at) == (State.PAUSED, message, NOW)
    assert (after.state, after.last_error, after.last_error_at) == (State.PAUSED, None, None)
    assert (read(db).last_error, read(db).last_error_at) == ("away", NOW)
    assert noted(db, link) == [("error", message), ("error", "away")]
    assert said(db)[0] == ("link", "paused", f'{{"message":"{message}"}}')
    assert others(db, south) == before


def test_an_error_and_its_end_are_each_reported_once(db: Any, link: Link, south: int) -> None:
    before = others(db, south)
    long = "x" * 2001
    for message, retry_at in ((long, NOW + 1), (long, NOW + 2), ("other", NOW + 3)):
        write(db, lambda tx, m=message, at=retry_at: store.failed(tx, read(db), m, at))  # type: ignore[misc]
        assert (read(db).last_error, read(db).last_error_at, read(db).retry_at) == (message[:2000], NOW, retry_at)
    write(db, lambda tx: store.retry_now(tx, read(db)))
    hurried = read(db)
    write(db, lambda tx: store.failed(tx, hurried, "other", NOW + 4))  # the same, and it had been tried at once
    for _ in range(2):
        write(db, lambda tx: store.succeeded(tx, read(db)))

    assert (hurried.retry_at, hurried.last_error) == (None, "other")
    after = read(db)
    assert (after.last_success_at, after.last_error, after.last_error_at, after.retry_at) == (NOW, None, None, None)
    errors = [("error", long), ("error", "other"), ("error", "other")]
    assert noted(db, link) == [*errors, ("state", "the remote answers again")]
    of_other = ("link", "error", '{"message":"other"}')
    assert said(db) == [
        ("link", "error", f'{{"message":"{long[:500]}"}}'), of_other, ("link", "sync", None), of_other,
        ("link", "recover", None),
    ]  # fmt: skip
    assert others(db, south) == before


def test_a_link_stores_its_counts_and_its_position(db: Any, link: Link, south: int) -> None:
    before = others(db, south)
    counts = {"sent_items": 1, "sent_points": 2, "sent_bytes": 3, "taken_items": 4, "taken_points": 5, "taken_bytes": 6}
    write(db, lambda tx: store.count(tx, link.link_id, **counts, points_per_s=7.5))
    write(db, lambda tx: store.count(tx, link.link_id, **counts))
    write(db, lambda tx: store.count(tx, link.link_id))
    write(db, lambda tx: store.set_backfill_cursor(tx, link.link_id, "back"))
    write(db, lambda tx: store.heard(tx, link, "next", 3, is_all=False))
    unheard = read(db)
    write(db, lambda tx: store.heard(tx, link, "late", 4, is_all=True))  # it began before the last one ended
    write(db, lambda tx: store.heard(tx, unheard, "end", 0, is_all=True))
    heard = read(db)
    write(db, lambda tx: store.set_remote_cursor(tx, link.link_id, "set"))

    assert {name: getattr(heard, name) for name in counts} == {name: 2 * each for name, each in counts.items()}
    assert (heard.points_per_s, heard.backfill_cursor) == (7.5, "back")
    assert (unheard.remote_cursor, unheard.unread_changes, unheard.heard_at) == ("next", 3, None)
    assert (heard.remote_cursor, heard.unread_changes, heard.heard_at) == ("end", 0, NOW)
    assert read(db).remote_cursor == "set"
    assert others(db, south) == before


def test_the_log_of_a_link_keeps_the_last_lines_and_has_some_only_once(db: Any, link: Link) -> None:
    refused = (LogKind.REFUSED, "run", "a", "m" * 4001)

    def work(tx: Tx) -> None:
        store.note_once(tx, link.link_id, *refused)
        store.note_once(tx, link.link_id, *refused)
        store.note_once(tx, link.link_id, *refused, since=NOW + 1)  # it was not told since
        store.note_once(tx, link.link_id, *refused, since=NOW)
        for at, other in enumerate((LogKind.SKIPPED, "logged_model", "b", "n")):
            store.note_once(tx, link.link_id, *refused[:at], other, *refused[at + 1 :])  # type: ignore[call-arg, arg-type]

    write(db, work)

    with db.read(WS) as tx:
        lines = store.log(tx, link.link_id, 0, 99)
        some = store.log(tx, link.link_id, lines[0].log_id, 2)
    first = ("refused", "run", "a", "m" * 4000)
    told = [(str(each.kind), each.entity, each.entity_id, each.message) for each in lines]
    assert told == [
        first, first, ("skipped", *first[1:]), ("refused", "logged_model", *first[2:]), (*first[:2], "b", first[3]),
        (*first[:3], "n"),
    ]  # fmt: skip
    assert some == lines[1:3]
    assert {each.time for each in lines} == {NOW}


def test_old_lines_of_a_log_are_deleted_and_those_of_other_links_are_kept(db: Any, link: Link) -> None:
    with db.read(WS) as tx:
        other = store.get(tx, "other")

    def work(tx: Tx) -> None:
        tx.many(
            """
            INSERT INTO link_log (workspace_id, link_id, log_id, logged_at, kind, entity, entity_id, message)
            VALUES (:ws, :link, :id, :now, 'state', '', '', '')
            """,
            [
                {"link": each.link_id, "id": old + n}
                for n, each in enumerate((link, other))
                for old in range(-9910, -9890, 2)
            ],
        )
        for number in range(100):
            store.note(tx, link.link_id, LogKind.STATE, "", "", str(number))

    write(db, work)

    with db.read(WS) as tx:
        lines = [each.log_id for each in store.log(tx, link.link_id, -20_000, 10**6)]
        kept = [each.log_id for each in store.log(tx, other.link_id, -20_000, 10**6)]
    assert lines == [*range(100 - store.MAX_LOG, -9890, 2), *range(1, 101)]
    assert kept == [*range(-9909, -9890, 2)]


def test_removing_a_link_deletes_its_rows_and_no_others(db: Any, link: Link, south: int) -> None:
    def tables() -> list[list[Any]]:
        with db.read(0) as tx:
            found = [
                tx.all(f"SELECT workspace_id, link_id FROM {name}") for name in store.TABLES if name != "link_records"
            ]
            return [sorted(each) for each in [*found, tx.all("SELECT consumer FROM change_cursors")]]

    def fill(tx: Tx) -> None:
        for each in store.all_of(tx):
            work_queue.enqueue(tx, each.link_id, [("run", "a")])
            item_store.save_item(tx, each.link_id, Entity.RUN, "a", "b", CreatedBy.US, None)
            item_store.save_series(tx, each.link_id, "a", "in", {"m": Cursor(1, 1, b"")})
            item_store.save_file(tx, each.link_id, Entity.RUN, "a", Known("f", 1))
            store.note(tx, each.link_id, LogKind.STATE, "", "", "m")

    for ws in (WS, south):
        write(db, fill, ws)
    with db.read(WS) as tx:
        all_of_them = [(WS, each.link_id) for each in store.all_of(tx)]
    for ws, link_id in [*all_of_them, *((south, each.link_id) for each in others(db, south)[1:])]:
        events.register(db, store.consumer(link_id))
        assert write(db, lambda tx, each=link_id: store.hold(tx, each), ws)  # type: ignore[misc]
    before = tables()

    write(db, lambda tx: store.remove(tx, link))
    after = tables()
    write(db, store.remove_all)
    last = tables()

    gone = (WS, link.link_id)
    consumers = [name for (name,) in before[-1]]
    assert after == [[row for row in rows if row not in (gone, (store.consumer(link.link_id),))] for rows in before]
    assert all(gone in rows for rows in before[:-1])
    assert {ws for rows in last[:-1] for ws, _ in rows} == {south}
    assert all(rows for rows in last[:-1])
    assert [name for (name,) in last[-1]] == [
        each for each in consumers if each not in {store.consumer(link_id) for _, link_id in all_of_them}
    ]
    assert said(db)[-1] == ("link", "remove", None)
    assert not write(db, lambda tx: store.hold(tx, link.link_id))

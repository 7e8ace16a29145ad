"""Readers of the change log get each entry once, for any concurrent writers and servers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import pytest
from msgspec.structs import replace

from support.client import Api
from support.stores.postgres import Postgres
from trackside import opening
from trackside.core.db import changes
from trackside.core.db.tx import Change
from trackside.core.settings import PostgresStore, Settings
from trackside.core.work import leases
from trackside.events import store

pytestmark = pytest.mark.both

DAY_MS = 86_400_000


def record(db: Any, *entity_ids: str, ws: int = 1, entity: str = "thing") -> None:
    for entity_id in entity_ids:
        db.writer.submit(ws, lambda tx, entity_id=entity_id: tx.record(Change(entity, entity_id, "make"))).result()


def read(db: Any, limit: int = 100, **more: Any) -> store.Page:
    return store.read_changes(db, "reader", limit, **more)


def ids(page: store.Page) -> list[str]:
    return [entry.entity_id for entry in page.changes]


def commit(db: Any, page: store.Page) -> bool:
    moved: bool = db.writer.submit(0, lambda tx: store.commit_cursor(tx, page)).result()
    return moved


@pytest.fixture
def log(db: Any) -> Any:
    """A store with a consumer named `reader`."""
    store.register(db, "reader")
    return db


def test_a_consumer_continues_at_its_position(log: Any) -> None:
    record(log, "a", "b", "c")

    first = read(log, 2)
    assert (ids(first), first.more) == (["a", "b"], True)
    assert ids(read(log)) == ["a", "b", "c"]  # nothing was committed yet
    assert commit(log, first)

    second = read(log)
    assert (ids(second), second.more) == (["c"], False)
    assert commit(log, second)
    assert ids(read(log)) == []


def test_a_page_that_two_readers_read_is_handled_once(log: Any) -> None:
    record(log, "a")
    mine, theirs = read(log), read(log)

    assert [commit(log, mine), commit(log, theirs)] == [True, False]


def test_a_new_consumer_starts_at_the_end_and_an_unknown_one_is_refused(log: Any) -> None:
    record(log, "before")
    store.register(log, "late")
    store.register(log, "late")
    record(log, "after")

    assert ids(store.read_changes(log, "late", 10)) == ["after"]
    with pytest.raises(LookupError, match="the change log has no consumer 'nobody'"):
        store.read_changes(log, "nobody", 10)


def test_a_consumer_can_read_some_entities_and_skip_the_others(log: Any) -> None:
    record(log, "a", entity="apple")
    record(log, "p", entity="pear")

    page = read(log, entities=["apple"])
    assert ids(page) == ["a"]
    assert commit(log, page)
    assert ids(read(log)) == []


def test_changes_have_their_user(log: Any) -> None:
    log.writer.submit(1, lambda tx: tx.by("anna").record(Change("thing", "a", "make", '{"x":1}'))).result()

    (entry,) = read(log).changes
    assert (entry.ws, entry.entity, entry.entity_id, entry.action) == (1, "thing", "a", "make")
    assert (entry.user, entry.detail) == ("anna", '{"x":1}')


# Logging is announced once until somebody reads that


def test_logging_after_a_read_is_announced_again(application: Any, api: Api) -> None:
    db = application.asgi._database
    run_id = api.new_run()
    store.register(db, "reader")

    for step in range(3):
        api.post("runs/log-metric", run_id=run_id, key="m", value=step, timestamp=step, step=step)
        api.post("runs/log-metric", run_id=run_id, key="m", value=9, timestamp=step, step=step)
        page = read(db)
        assert [(entry.entity_id, entry.action) for entry in page.changes] == [(run_id, "log")]
        assert commit(db, page)

    assert ids(read(db)) == []


def test_logging_after_a_read_of_the_feed_is_announced_again(application: Any, api: Api) -> None:
    run_id = api.new_run()
    after = api.get("/api/trackside/v1/changes")["next_after"]

    for step in range(3):
        api.post("runs/log-metric", run_id=run_id, key="m", value=1, timestamp=step, step=step)
        found = api.get("/api/trackside/v1/changes", after=after)
        assert [change["action"] for change in found["changes"]] == ["log"]
        after = found["next_after"]


def test_a_new_reader_gets_a_run_that_was_logged_to_earlier(application: Any, api: Api) -> None:
    """Its earlier entry in the change log is unread, and the next points must still be recorded for the new reader."""
    db = application.asgi._database
    run_id = api.new_run()

    def log(step: int) -> None:
        api.post("runs/log-metric", run_id=run_id, key="m", value=1, timestamp=step, step=step)

    log(0)
    store.register(db, "reader")
    log(1)
    assert [entry.action for entry in read(db).changes] == ["log"]
    log(2)
    after = api.get("/api/trackside/v1/changes", limit=1)["next_after"]
    log(3)
    assert [change["action"] for change in api.get("/api/trackside/v1/changes", after=after)["changes"]] == ["log"]


LOGGED = 60  # points of each of four runs


def test_reading_a_run_after_its_change_entry_misses_no_point(application: Any, api: Api) -> None:
    """A reader that reads runs only after their change entries finally has all data that is logged concurrently."""
    db = application.asgi._database
    runs = [api.new_run() for _ in range(4)]
    store.register(db, "reader")
    ended = threading.Event()

    def log_on() -> None:
        for step in range(LOGGED):
            for run_id in runs:
                api.post("runs/log-metric", run_id=run_id, key="m", value=step, timestamp=step, step=step)
        ended.set()

    writer = threading.Thread(target=log_on)
    writer.start()
    known: dict[str, int] = {}
    is_last = False
    while not is_last:
        is_last = ended.is_set()
        page = read(db, 3)
        for run_id in {entry.entity_id for entry in page.changes}:
            known[run_id] = len(api.history(run_id, "m"))
        if page.changes:
            assert commit(db, page)
            is_last = False
    writer.join()

    assert known == dict.fromkeys(runs, LOGGED)


# On PostgreSQL numbers are given before commits


@contextmanager
def open_writer(postgres: Postgres, settings: Settings) -> Iterator[Callable[[LiteralString], object]]:
    """Another server's transaction that has recorded a change and has not ended; it gives how to end it."""
    assert isinstance(settings.store, PostgresStore)
    admin = postgres.connect(settings.store.database)
    try:
        admin.execute("BEGIN")
        admin.execute(f"SELECT pg_advisory_xact_lock_shared({changes.WRITERS_LOCK})".encode())
        admin.execute(
            "INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at) VALUES (1, 'thing', 'slow', 'make', 0)"
        )
        yield admin.execute
    finally:
        admin.close()


@pytest.fixture
def pg(postgres_settings: Settings) -> Iterator[Any]:
    database = opening.open_database(postgres_settings)
    store.register(database, "reader")
    yield database
    database.close()


def test_a_reader_waits_for_a_lower_number_that_is_not_committed_yet(
    pg: Any, postgres: Postgres, postgres_settings: Settings
) -> None:
    with open_writer(postgres, postgres_settings) as end:
        record(pg, "quick")  # a higher number, committed before
        assert changes.head(pg, patience_s=0.05) is None

        waiting: list[int | None] = []
        reader = threading.Thread(target=lambda: waiting.append(changes.head(pg, patience_s=20)))
        reader.start()
        end("COMMIT")
        reader.join()

        assert waiting[0] is not None
        assert ids(read(pg)) == ["slow", "quick"]


def test_a_rolled_back_number_blocks_no_reader(pg: Any, postgres: Postgres, postgres_settings: Settings) -> None:
    with open_writer(postgres, postgres_settings) as end:
        record(pg, "quick")
        end("ROLLBACK")

        assert ids(read(pg)) == ["quick"]


def test_a_foreign_long_transaction_blocks_no_reader(pg: Any, postgres: Postgres) -> None:
    other = postgres.connect()
    other.execute("BEGIN")
    other.execute("SELECT pg_current_xact_id()")
    record(pg, "a")

    assert ids(read(pg)) == ["a"]
    other.close()


def test_writers_do_not_wait_for_readers(pg: Any, postgres: Postgres, postgres_settings: Settings) -> None:
    with open_writer(postgres, postgres_settings) as end:
        reader = threading.Thread(target=lambda: changes.head(pg, patience_s=20))
        reader.start()
        for number in range(20):
            record(pg, str(number))
        end("COMMIT")
        reader.join()

    assert len(read(pg).changes) == 21


def test_servers_that_write_side_by_side_lose_no_change_to_a_reader(pg: Any, postgres_settings: Settings) -> None:
    others = [opening.open_database(postgres_settings) for _ in range(3)]
    writers = [
        threading.Thread(target=lambda db=db, name=name: record(db, *(f"{name}-{i}" for i in range(100))))
        for name, db in enumerate(others)
    ]
    for writer in writers:
        writer.start()
    seen: list[str] = []
    is_last = False
    while not is_last:
        is_last = not any(writer.is_alive() for writer in writers)
        page = read(pg, 7)
        seen += ids(page)
        if page.changes:
            assert commit(pg, page)
            is_last = False
    for db in others:
        db.close()

    assert len(seen) == len(set(seen)) == 300


# What is old may go


def test_old_changes_are_deleted_after_every_consumer_has_read_them(log: Any) -> None:
    record(log, "old", "older")
    with log.write(1) as tx:
        tx.run(
            "UPDATE changes SET changed_at = :old WHERE workspace_id = :ws AND entity = 'thing'",
            old=tx.now - 8 * DAY_MS,
        )
    record(log, "new")
    store.register(log, "slow")  # after them

    assert not store.prune(log, keep_days=7)  # `reader` and the webhooks have not seen them
    page = read(log)
    assert commit(log, page)
    with log.write(0) as tx:
        store.forget(tx, "webhooks")
    assert not store.prune(log, keep_days=0)
    assert not store.prune(log, keep_days=30)
    assert store.prune(log, keep_days=7)

    with log.read(1) as tx:
        assert [
            row for (row,) in tx.all("SELECT entity_id FROM changes WHERE workspace_id = :ws AND entity = 'thing'")
        ] == ["new"]
    record(log, "newest")
    assert ids(read(log)) == ["newest"]


# By REST


def test_the_rest_call_of_the_log_has_user_change_and_time(api: Api) -> None:
    headers = {"x-trackside-user": "anna"}
    made = api.ask("POST", "experiments/create", {"name": "iris"}, headers=headers).json["experiment_id"]
    api.post("experiments/update", experiment_id=made, new_name="flowers")

    found = api.get("/api/trackside/v1/changes", entity="experiment", entity_id=made)["changes"]

    assert [(change["action"], change.get("user")) for change in found] == [("rename", None), ("create", "anna")]
    assert found[0]["time"] >= found[1]["time"] > 1_600_000_000_000
    by_anna = api.get("/api/trackside/v1/changes", user="anna")["changes"]
    assert [(change["entity"], change["entity_id"]) for change in by_anna] == [("experiment", made)]


def test_the_rest_call_of_the_log_reads_in_both_directions(api: Api) -> None:
    for name in "abcde":
        api.new_experiment(name)
    start = api.get("/api/trackside/v1/changes", limit=1)
    assert [change["entity"] for change in start["changes"]] == ["experiment"]
    newest = start["changes"][0]["seq"]
    assert start["next_after"] == newest

    older = api.get("/api/trackside/v1/changes", before=newest, limit=3)
    assert [change["seq"] for change in older["changes"]] == [newest - 1, newest - 2, newest - 3]
    assert older["more"]

    page = api.get("/api/trackside/v1/changes", after=newest - 5, limit=4, entity="experiment")
    assert [change["seq"] for change in page["changes"]] == [newest - 4, newest - 3, newest - 2, newest - 1]
    assert (page["next_after"], page["more"]) == (newest - 1, True)
    rest = api.get("/api/trackside/v1/changes", after=page["next_after"], limit=4, entity="run")
    assert (rest.get("changes"), rest["next_after"], rest.get("more")) == (None, newest, None)


def test_the_rest_call_of_the_log_names_changed_fields_on_request(api: Api) -> None:
    experiment = api.new_experiment("iris")
    run = api.new_run(experiment, run_name="swift-fox")
    gone = api.new_run(experiment, run_name="calm-elk")
    model = api.post("logged-models", experiment_id=experiment, name="tree")["model"]["info"]["model_id"]
    api.post("runs/update", run_id=run, run_name="quick-fox")
    hook = {"name": "hook", "url": "https://hooks.example.org/", "events": ["run.created"]}
    webhook = api.post("/api/trackside/v1/webhooks", hook)["webhook"]["webhook_id"]
    job = api.post("/api/trackside/v1/jobs", kind="empty-trash", params={})["job"]["job_id"]
    api.post("registered-models/create", name="churn")

    found = api.get("/api/trackside/v1/changes", names=True, limit=100)["changes"]

    assert {(each["entity"], each["entity_id"]): each.get("name") for each in found if each["entity_id"] != gone} == {
        ("experiment", experiment): "iris",
        ("run", run): "quick-fox",
        ("logged_model", model): "tree",
        ("webhook", webhook): "hook",
        ("job", job): "Empty the trash",
        ("registered_model", "churn"): None,
    }
    assert all("name" not in each for each in api.get("/api/trackside/v1/changes", limit=100)["changes"])


def test_a_workspace_does_not_see_anothers_changes(api: Api) -> None:
    north = api.new_workspace("north")
    north.new_experiment("secret")
    api.new_experiment("open")

    def seen(caller: Api) -> set[str]:
        found = caller.get("/api/trackside/v1/changes", after=0, entity="experiment").get("changes", [])
        return {change["entity_id"] for change in found}

    assert seen(api).isdisjoint(seen(north))
    assert len(seen(north)) == 1


def test_an_invalid_call_of_the_log_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    for arguments in ({"limit": 1001}, {"limit": -1}, {"after": "x"}):
        with subtests.test(arguments=arguments):
            status, code, _ = api.fault("/api/trackside/v1/changes", method="GET", **arguments)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")


# Who does what only one may


def test_one_of_several_servers_holds_a_claim_until_it_expires_or_is_given_back(pg: Any) -> None:
    def hold(holder: str, for_s: float = 60) -> bool:
        held: bool = pg.writer.submit(0, lambda tx: leases.hold(tx, "work", holder, for_s)).result()
        return held

    assert [hold("one"), hold("two"), hold("one")] == [True, False, True]
    pg.writer.submit(0, lambda tx: leases.release(tx, "work", "two")).result()
    assert not hold("two")
    pg.writer.submit(0, lambda tx: leases.release(tx, "work", "one")).result()
    assert hold("two", for_s=0)  # expires at once
    assert hold("one")


def test_a_server_takes_the_leases_of_earlier_starts_of_its_folder_at_once(pg: Any) -> None:
    def holds(holder: str) -> bool:
        held: bool = pg.writer.submit(0, lambda tx: leases.hold(tx, "work", holder, 60)).result()
        return held

    assert holds(leases.new_holder("f1.1"))
    second, sibling = leases.new_holder("f1.2"), leases.new_holder("f1.2")
    assert [holds(each) for each in (leases.new_holder("f10.2"), leases.new_holder(), "f1")] == [False] * 3
    assert [holds(second), holds(sibling), holds(second)] == [True, False, True]
    assert holds(leases.new_holder("f1.10"))


def test_a_store_with_one_server_is_always_held(sqlite_settings: Settings) -> None:
    db = opening.open_database(replace(sqlite_settings))
    with db.write(0) as tx:
        assert leases.hold(tx, "work", "one", 60)
        assert leases.hold(tx, "work", "two", 60)
    db.close()

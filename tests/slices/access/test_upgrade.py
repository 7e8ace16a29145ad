"""Stores of releases that had no users."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from conftest import make_settings
from support.client import Api, Inside
from support.people import ADMIN, OURS, PASSWORD, People
from support.stores.old_store import apply, begin
from trackside import app
from trackside.cli.server import first_admin
from trackside.cli.server.first_admin import FIRST_WITH_USERS
from trackside.cli.stores import open_database
from trackside.core.db import migrate
from trackside.core.db.migrate import migrations
from trackside.core.settings import Settings
from trackside.identity import store as identity
from trackside.identity.model import Kind


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """Of a store of the last release without users, upgraded."""
    empty = make_settings(tmp_path, durability="relaxed")
    db = open_database(empty)
    apply(db, [each for each in migrations() if each.number < FIRST_WITH_USERS])
    begin(db)
    migrate.upgrade(db)
    db.close()
    made = app.build(empty)
    inside = Inside(made.asgi)
    yield Api(inside)
    inside.close()
    made.close()


def test_an_upgraded_store_is_open_as_before_until_it_has_an_administrator(api: Api) -> None:
    assert api.get(f"{OURS}/me")["is_open"]
    run = api.new_run()
    api.post("runs/log-metric", run_id=run, key="auc", value=1.0, timestamp=1)

    people = People(api).begin()

    assert api.ask("GET", "runs/get", arguments={"run_id": run}).status == 401
    assert people.admin.run(run)["info"]["run_id"] == run
    entries = people.admin.get(f"{OURS}/audit")["entries"]
    assert [(each["action"], each["credential"]) for each in entries if each["object_id"] == ADMIN] == [
        ("user.create", "none: the server has no users")
    ]
    assert people.open.ask("POST", f"{OURS}/login", {"username": ADMIN, "password": PASSWORD}).status == 200


@pytest.mark.both
def test_servers_that_start_at_once_make_one_administrator(chosen: Settings) -> None:
    """Each finds a store without users while the other one hashes the password."""
    at_once = Barrier(2)

    def start() -> None:
        at_once.wait()
        first_admin.ensure(chosen, PASSWORD)

    with ThreadPoolExecutor(2) as threads:
        for started in [threads.submit(start), threads.submit(start)]:
            started.result()

    with closing(open_database(chosen)) as db, db.read(0) as tx:
        assert [each.name for each in identity.page(tx, [Kind.USER])] == [chosen.admin_username]

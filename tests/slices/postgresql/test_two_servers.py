"""Commands of two servers at once, of which the second one must see what the first one has changed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.links import until
from support.stores.postgres import Admin, rows
from support.stores.postgres_store import store_of
from trackside.access import store as access
from trackside.access.model import ROOT
from trackside.core.db.postgres import PostgresDatabase
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.core.settings import Settings
from trackside.identity.model import EVERYBODY
from trackside.views import store as views

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"
LONG_S = 60

Meet = Callable[[Callable[[Tx], Any], Callable[[Tx], Any]], Any]


@pytest.fixture
def meet(db: PostgresDatabase, postgres_settings: Settings, admin: Admin) -> Iterator[Meet]:
    """Run a command, and before it commits another one on another server; return the result of that."""
    other = PostgresDatabase(store_of(postgres_settings))
    with db.read(1) as tx:
        ((database,),) = tx.all("SELECT CAST(current_database() AS TEXT)")

    def run(first: Callable[[Tx], Any], second: Callable[[Tx], Any]) -> Any:
        with db.write(1) as tx:
            first(tx)
            later = other.writer.submit(1, second)
            until(lambda: later.done() or rows(admin, WAITING, database) == [(1,)], "the other server to end or wait")
        return later.result(LONG_S)

    yield run
    other.close()


def test_of_two_views_that_become_the_default_one_is(db: PostgresDatabase, meet: Meet) -> None:
    meet(*(lambda tx, name=name: views.create(tx, "0", name, "{}", is_default=True) for name in ("first", "second")))

    with db.read(1) as tx:
        assert [each.name for each in views.of_experiment(tx, "0") if each.is_default] == ["second"]


def test_a_role_that_is_being_deleted_is_not_assigned(db: PostgresDatabase, meet: Meet) -> None:
    with db.write(1) as tx:
        role = access.create_role(tx, "labeller", "", ["runs/read"], [], ["/"])

    with pytest.raises(NotFound, match="Role"):
        meet(
            lambda tx: access.delete_role(tx, role.role_id),
            lambda tx: access.assign(tx, EVERYBODY, role.role_id, ROOT, ""),
        )


def test_a_role_that_is_being_assigned_is_not_deleted(db: PostgresDatabase, meet: Meet) -> None:
    with db.write(1) as tx:
        role = access.create_role(tx, "labeller", "", ["runs/read"], [], ["/"])

    with pytest.raises(Invalid, match="is assigned 1 times"):
        meet(
            lambda tx: access.assign(tx, EVERYBODY, role.role_id, ROOT, ""),
            lambda tx: access.delete_role(tx, role.role_id),
        )


def test_two_roles_whose_names_differ_in_case_are_not_created(meet: Meet) -> None:
    with pytest.raises(AlreadyExists):
        meet(
            *(
                lambda tx, name=name: access.create_role(tx, name, "", [], [], ["/"])
                for name in ("Labeller", "labeller")
            )
        )

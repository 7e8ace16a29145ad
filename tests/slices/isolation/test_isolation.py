"""Isolation of workspaces: every route is called from outside with the ids of objects inside.  The objects contain a secret word,
which no answer may contain, and none of their rows may change.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from slices.isolation.calls import NEUTRAL, NOT_FOUND, WHOLE_SERVER, call
from slices.isolation.lair import WORD, Lair, make_lair
from support.client import Api, Inside
from support.people import ADMIN, People, basic, bearer, signed
from trackside import app
from trackside.core.db.tx import Tx
from trackside.core.http.codec import fields_of
from trackside.core.http.routes import Route
from trackside.core.settings import Settings

CACHES = {"run_docs"}
OWNERS = (  # what other rows belong to, and must be of the same workspace as
    ("run_seq", "runs"),
    ("experiment_seq", "experiments"),
    ("evaluation_dataset_seq", "evaluation_datasets"),
)


@pytest.fixture
def application(chosen: Settings, make_application: Callable[..., app.App]) -> app.App:
    """An application that allows webhooks to this machine; none is delivered."""
    made = make_application(
        structs.replace(chosen, webhook_schemes=("http",), allow_private_webhooks=True, default_role=())
    )
    made.complete()
    return made


@pytest.fixture
def outside(application: app.App) -> Iterator[Api]:
    inside = Inside(application.asgi)
    yield Api(inside)
    inside.close()


@pytest.fixture
def lair(outside: Api, application: app.App, chosen: Settings) -> Lair:
    return make_lair(outside, application, chosen)


def routes(application: app.App) -> list[Route]:
    found: list[Route] = application.asgi._table.routes
    return found


def contents(application: app.App, workspace_id: int) -> dict[str, list[str]]:
    """Every row of a workspace, by table."""
    with application.asgi._database.read(workspace_id) as tx:
        return {
            table: sorted(map(repr, tx.all(f"SELECT * FROM {table} WHERE workspace_id = :ws")))
            for table in tables(tx)
            if table not in CACHES
        }


def strays(application: app.App) -> list[tuple[str, str]]:
    """Tables with rows that belong to one workspace and to the run or experiment of another."""
    with application.asgi._database.read(0) as tx:
        return [
            (table, key)
            for key, owners in OWNERS
            for table in set(tables(tx)) & set(tables(tx, key))
            if tx.one(f"SELECT 1 FROM {table} t JOIN {owners} o USING ({key}) WHERE o.workspace_id <> t.workspace_id")
        ]


def tables(tx: Tx, column: str = "workspace_id") -> list[str]:
    if tx.dialect == "sqlite":
        sql = """
        SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
        WHERE m.type = 'table' AND c.name = :column
        """
    else:
        sql = "SELECT CAST(table_name AS TEXT) FROM information_schema.columns WHERE column_name = :column"
    return sorted(name for (name,) in tx.all(sql, column=column))


def test_every_route_has_a_workspace_or_is_listed_as_an_exception(application: app.App) -> None:
    shared = {
        path
        for route in routes(application)
        if not route.has_workspace
        for path in route.paths
        if not path.startswith("/ajax-api")
    }

    assert shared == WHOLE_SERVER


def test_this_test_knows_the_fields_of_all_calls(application: app.App, lair: Lair) -> None:
    """So that a call with a new field is tested with the name of an object inside."""
    named = {f"{name}s" for name in lair.names} | set(lair.names)
    grown = {
        "run_uuid",
        "source_run_id",
        "datasets",
        "metrics",
        "params",
        "models",
        "dataset",
        "trace",
        "locations",
        "assessment",
        "targets",
        "deletions",
    }
    asked = {name for route in routes(application) if route.has_workspace for name in fields_of(route.call)}

    strange = asked - named - grown - set(NEUTRAL)
    assert not strange, f"say in `lair` or in NEUTRAL what these are: {strange}"


@pytest.mark.parametrize("who", ["south", pytest.param("default", marks=pytest.mark.slow)])
def test_no_route_shows_or_changes_objects_of_another_workspace(
    application: app.App, outside: Api, lair: Lair, who: str
) -> None:
    stranger = outside.new_workspace("south") if who == "south" else outside
    check_closed(application, lair, stranger)


@pytest.mark.parametrize(
    "rights",
    [
        "DENY here",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("MANAGE elsewhere", "a token for elsewhere")),
    ],
)
def test_no_route_shows_or_changes_hidden_objects_of_the_same_workspace(
    application: app.App, outside: Api, lair: Lair, rights: str
) -> None:
    """By rights on another experiment and model, by a denial on these, by a token that is for another experiment."""
    elsewhere = lair.api.new_experiment("elsewhere")
    lair.api.post("registered-models/create", name="elsewhere")
    people = People(outside).begin()
    people.add("bo")
    here, headers = "/ws/north", basic("bo")
    if rights == "MANAGE elsewhere":
        people.grant("bo", "MLflow MANAGE", f"{here}/experiments/{elsewhere}")
        people.grant("bo", "MLflow MANAGE", f"{here}/models/elsewhere")
    elif rights == "DENY here":
        people.grant("bo", "MLflow MANAGE", here)
        people.deny("bo", "MLflow DENY", f"{here}/experiments/{lair.names['experiment_id']}")
        people.deny("bo", "MLflow DENY", f"{here}/models/{lair.names['name']}")
    else:
        people.grant("bo", "Contributor", here)
        headers = bearer(people.token("bo", place=f"north/{elsewhere}"))

    known = replace(lair, api=signed(lair.api, basic(ADMIN)))
    # An endpoint is the workspace's, whose rights "DENY here" leaves; its scoring has keys, and this one none.
    may_create = rights == "DENY here"
    but = ("/service/", "/endpoints", "/onlineEndpoints") if may_create else ("/service/",)
    check_closed(application, known, signed(lair.api, headers), may_create=may_create, but=but)


def check_closed(
    application: app.App, lair: Lair, stranger: Api, *, may_create: bool = False, but: tuple[str, ...] = ()
) -> None:
    """Check that an outsider changes no existing row; one who `may_create` may add rows.  `but`: paths left out."""
    names: dict[str, Any] = {
        **lair.names,
        "run_uuid": lair.names["run_id"],
        "source_run_id": lair.names["run_id"],
    }
    paths = [
        f"{lair.names['location']}/secret.txt",
        f"workspaces/north/{lair.names['experiment_id']}/{lair.names['run_id']}/artifacts/secret.txt",
        f"{lair.names['experiment_id']}/{lair.names['run_id']}/artifacts/secret.txt",
        f"../north/{lair.names['experiment_id']}/{lair.names['run_id']}/artifacts/secret.txt",
        f"%2e%2e/%2e%2e/workspaces/north/{lair.names['experiment_id']}/{lair.names['run_id']}/artifacts/secret.txt",
    ]
    before = contents(application, lair.workspace_id)
    calls = [
        (route, path, place)
        for route in routes(application)
        if route.has_workspace
        for path in route.paths
        if not any(part in path for part in but)
        for place in (paths if "{path:path}" in path else paths[:1])
    ]

    for route, path, place in calls:
        what, reply = f"{route.method} {path}", call(stranger, route, path, {**names, "path": place})
        assert WORD.encode() not in reply.body, what
        assert b"31.25" not in reply.body, what
        assert reply.status < 500 or reply.status == 501, (what, reply)
    after = contents(application, lair.workspace_id)
    if may_create:
        after = {table: [row for row in rows if row in set(before[table])] for table, rows in after.items()}
    assert after == before
    assert not strays(application)
    location = lair.names["location"]
    kept = lair.api.ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{location}/secret.txt")
    assert (kept.status, kept.body) == (200, WORD.encode())


def test_the_same_calls_inside_the_workspace_succeed(application: app.App, lair: Lair) -> None:
    """Otherwise the test above would prove nothing: the objects of every route exist."""
    names = {**lair.names, "run_uuid": lair.names["run_id"]}
    seen, not_found = 0, {}
    before = contents(application, lair.workspace_id)

    for route in sorted(routes(application), key=lambda each: ("rename" in each.paths[0], each.method != "GET")):
        path = route.paths[0]
        if route.has_workspace and "/delete" not in path and route.method != "DELETE":
            place = f"{lair.names['location']}/secret.txt" if "{path:path}" in path else "secret.txt"
            reply = call(lair.api, route, path, {**names, "path": place})
            assert reply.status < 500 or reply.status in (501, 503), (path, reply)
            seen += WORD.encode() in reply.body
            if reply.status == 404 and path not in NOT_FOUND:
                not_found[f"{route.method} {path}"] = reply.body

    assert not not_found, "say in `lair` or in SPECIAL what these routes name"
    assert seen > 30
    assert contents(application, lair.workspace_id) != before

"""Every route for every built-in role, in the role's own workspace and in another one.

`routes.txt` lists each route with its action, so that a new route is looked at before it is served: make it again with
`python -m pytest tests/slices/access/test_matrix.py --timeout 0 -k table` and the text that the failure shows.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from support.client import Api, Inside
from support.people import People
from trackside import app
from trackside.access import builtin
from trackside.access.model import Role
from trackside.core.access import OPEN_ACTIONS, Action
from trackside.core.http.routes import HANDLED, LISTED, Route
from trackside.core.settings import Settings

TABLE = Path(__file__).with_name("routes.txt")
# These wait for news, or for another server, when they are let in.
WAITING = {"/api/trackside/v1/live", "/api/trackside/v1/imports"}
# The roles whose rights differ most; the others are slow tests.
MOST_DIFFERENT = {"Owner", "Reader", "Creator", "MLflow EDIT", "MLflow DENY"}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[app.App]:
    from conftest import make_settings

    chosen: Settings = make_settings(tmp_path_factory.mktemp("matrix"), durability="relaxed")
    made = app.build(structs.replace(chosen, default_role=()))
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(application: app.App) -> Iterator[People]:
    """A user for each role, who has it in the workspace `north` alone."""
    inside = Inside(application.asgi)
    found = People(Api(inside)).begin(application)
    for name in ("north", "south"):
        found.admin.new_workspace(name)
    found.admin.post("/api/trackside/v1/users", name="nobody")
    for role in builtin.ALL:
        found.admin.post("/api/trackside/v1/users", name=role.role_id)
        found.grant(role.role_id, role.role_id, "/ws/north")
    yield found
    inside.close()


def routes(application: app.App) -> list[Route]:
    found: list[Route] = application.asgi._table.routes
    return found


def what(route: Route) -> str:
    on = {LISTED: "filtered", HANDLED: "by the handler", None: "whole"}
    how = "by object" if callable(route.on) else on[route.on]
    where = "workspace" if route.has_workspace else "server"
    return f"{route.method} {route.paths[0]} {str(route.needs).removeprefix('Microsoft.')} {where}, {how}"


def token(people: People, name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {people.token(name, scope='admin')}"}


def call(api: Api, route: Route, headers: dict[str, str]) -> int:
    path = re.sub(r"\{\w+(:path)?\}", "1", route.paths[0])
    body: Any = None if route.method in ("GET", "HEAD", "DELETE") else {}
    return api.ask(route.method, path, body, headers=headers).status


def test_the_table_has_every_route_with_its_action(application: app.App) -> None:
    found = sorted(what(route) for route in routes(application))

    assert found == TABLE.read_text().splitlines(), "\n".join(found)


def test_a_call_without_a_credential_is_refused(application: app.App, people: People) -> None:
    open_to = {
        route.paths[0]
        for route in routes(application)
        if route.needs is not Action.ANYONE and call(people.open, route, {}) != 401
    }

    assert not open_to


@pytest.mark.parametrize(
    "role",
    [
        pytest.param(
            role, id=role.name.replace(" ", "-"), marks=() if role.name in MOST_DIFFERENT else pytest.mark.slow
        )
        for role in builtin.ALL
    ],
)
def test_a_role_opens_exactly_the_routes_of_its_actions(application: app.App, people: People, role: Role) -> None:
    headers = token(people, role.role_id)
    wrong = []
    for route in routes(application):
        if route.needs in OPEN_ACTIONS or route.on is HANDLED:
            continue
        own = call(people.open.within("north"), route, headers) if route.paths[0] not in WAITING else None
        foreign = call(people.open.within("south"), route, headers)
        may = route.has_workspace and (
            route.needs in role.allowed or (route.on is LISTED and bool(role.allowed - OPEN_ACTIONS))
        )
        also = all(action in role.allowed for action in route.also)
        if foreign != 403 or (own is not None and also and (own != 403) is not may):
            wrong.append((route.method, route.paths[0], str(route.needs), own, foreign))

    assert not wrong


def test_a_user_without_a_role_can_call_no_route(application: app.App, people: People) -> None:
    headers = token(people, "nobody")
    let_in = {
        route.paths[0]
        for route in routes(application)
        if route.needs not in OPEN_ACTIONS
        and route.on is not HANDLED
        and call(people.open.within("north"), route, headers) != 403
    }

    assert not let_in

"""Every route names an action, and a table refuses one that does not."""

from collections.abc import Iterator
from typing import Any

import pytest

from trackside import app
from trackside.core.access import Action
from trackside.core.http.routes import Route, Table
from trackside.core.settings import Settings

# What answers without a sign-in.  A new path says here why it may.
FOR_ANYONE = {
    # A signed address is the permission; the others tell Azure's clients where to sign in, and a token is looked at there.
    "/az.blob.core.windows.net/{owner}/{path:path}", "/metadata/endpoints", "/discovery", "/msi/token",
    "/.well-known/databricks-config",
    "/health", "/version", "/livez", "/readyz",  # load balancers and clients ask before they have credentials
    "/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info",  # as on stock
    "/openapi.json",  # the same for every installation
    "/", "/assets/{name}",  # the files of the web UI, which ask for data with a sign-in
    "/ml/experiments/{path:path}",  # leads to a page of the web UI
    "/ajax-api/3.0/mlflow/ui-telemetry",  # the same for every installation
    "/api/trackside/v1/login",
    # Sign-in by a provider, before there is a session; the provider's own call proves itself by a signed token.
    "/api/trackside/v1/sign-in",
    *(f"/api/trackside/v1/sign-in/{{provider}}{path}" for path in ("", "/callback", "/device", "/device/token", "/sign-out")),
    "/api/v1/replica-files/{name}",  # each replica has a secret of its own, which the handler checks
    # An endpoint has keys of its own, which the handler checks.
    *("/api/v1/service/{name}" + path for path in ("", "/score", "/invocations", "/swagger.json", "/openapi.json")),
}  # fmt: skip


@pytest.fixture
def routes(sqlite_settings: Settings) -> Iterator[list[Route]]:
    application = app.build(sqlite_settings)
    yield list(application.asgi._table.routes)
    application.close()


def test_every_route_needs_an_action_but_those_listed_here(routes: list[Route]) -> None:
    open_to_all = {path for route in routes if route.needs is Action.ANYONE for path in route.paths}

    assert all(isinstance(route.needs, Action) for route in routes)
    assert open_to_all == FOR_ANYONE


def test_what_reads_needs_no_right_to_write(routes: list[Route]) -> None:
    strange = {
        f"{route.method} {route.paths[0]} needs {route.needs}"
        for route in routes
        if route.kind in ("query", "flow") and route.needs.endswith(("/write", "/delete"))
    }

    assert not strange


@pytest.mark.parametrize("needs", [None, "Microsoft.MachineLearningServices/workspaces/read", 1])
def test_a_table_refuses_a_route_without_an_action(needs: Any) -> None:
    route = Route(method="GET", paths=("/api/x",), kind="query", needs=needs)

    with pytest.raises(TypeError, match="GET /api/x needs"):
        Table([route])

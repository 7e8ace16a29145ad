"""The imports of a start, and those after the server listens.  Counted in modules, since time depends on the machine."""

import subprocess
import sys

import pytest

from trackside.core.access import Action
from trackside.core.http.codec import Call
from trackside.core.http.routes import Route, Table, query

MOST_MODULES = 419 if sys.version_info < (3, 14) else 430  # Python's own modules import more of each other
NOT_NEEDED = (
    *("mlflow", "numpy", "obstore", "opentelemetry", "psycopg"),
    *("click", "multiprocessing", "argon2", "difflib", "html", "http.client", "importlib.resources", "zipfile"),
    *("trackside.app.later", "trackside.tenants", "trackside.runs.table"),
    *("trackside.webhooks.model", "trackside.webhooks.routes", "trackside.webhooks.worker"),
    # The slices that load while the server answers.
    *(
        f"trackside.{name}"
        for name in (
            *("alerts", "backup", "cleanup", "drift", "endpoints", "evaluation_datasets", "imports", "jobs"),
            *("links", "logged_models", "projects", "registry", "scoring", "stock_ui", "sync", "traces", "views"),
        )
    ),
)


def test_a_start_imports_only_the_needed_modules() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, trackside.cli.server.process, trackside.cli.server.commands; print(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    imported = done.stdout.split()
    assert [name for name in imported if name.startswith(NOT_NEEDED)] == []
    assert len(imported) <= MOST_MODULES


def test_uvicorn_has_its_command_line_for_those_who_ask() -> None:
    source = """
import sys, trackside.cli.server.process, uvicorn
assert "click" not in sys.modules
import uvicorn.server
assert uvicorn.Server is uvicorn.server.Server
assert callable(uvicorn.run) and uvicorn.main.name == "main"
assert not hasattr(uvicorn, "walk")
"""

    subprocess.run([sys.executable, "-c", source], check=True)


def route(where: str) -> Route:
    return query(where, Call, lambda tx, call: None, needs=Action.ANYONE)


def test_the_rest_of_a_table_is_found_when_it_is_complete() -> None:
    table = Table([route("GET early")], lambda: [route("GET late/{name}")])
    assert (table.is_complete, table.find("GET", "/api/2.0/mlflow/late/x")) == (False, None)

    table.complete()
    table.complete()

    assert table.is_complete
    assert table.find("GET", "/api/2.0/mlflow/late/x") is not None
    assert table.find("GET", "/api/2.0/mlflow/early") is not None
    assert [each.paths[0] for each in table.routes] == ["/api/2.0/mlflow/early", "/api/2.0/mlflow/late/{name}"]


def test_a_table_that_could_not_be_completed_tries_again() -> None:
    tries = 0

    def rest() -> list[Route]:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("no memory")
        return [route("GET late")]

    table = Table([], rest)
    with pytest.raises(OSError, match="no memory"):
        table.complete()

    table.complete()

    assert table.find("GET", "/api/2.0/mlflow/late") is not None


def test_a_table_that_ended_is_not_completed() -> None:
    table = Table([], lambda: [route("GET late")])

    table.end()
    table.complete()

    assert table.find("GET", "/api/2.0/mlflow/late") is None

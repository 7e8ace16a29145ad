"""The web UI of stock MLflow, from the wheel that is installed for the tests, and the calls of its pages."""

import re
from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from msgspec import structs

from support.client import Api
from trackside.core.settings import Settings
from trackside.stock_ui import files


@pytest.fixture
def stock(sqlite_settings: Settings, make_api: Callable[..., Api]) -> Api:
    """A server that serves MLflow's pages."""
    return make_api(structs.replace(sqlite_settings, ui="mlflow"))


def test_the_pages_and_their_scripts_are_those_of_the_wheel(stock: Api) -> None:
    page = stock.ask("GET", "/")
    (script,) = re.findall(rb'src="(static-files/static/js/main\.[0-9a-f]+\.js)"', page.body)

    answer = stock.ask("GET", f"/{script.decode()}")
    outside = stock.ask("GET", "/static-files/../../handlers.py")

    assert (page.status, answer.status, answer.headers["content-type"]) == (200, 200, "text/javascript; charset=utf-8")
    assert b"<title>MLflow</title>" in page.body
    assert "'unsafe-inline'" not in re.findall(r"script-src ([^;]*)", page.headers["content-security-policy"])[0]
    assert outside.status == 404
    assert stock.ask("GET", "/ws/default").headers["location"] == "./default/"
    assert stock.ask("GET", "/ws/default/").body == page.body


def test_links_that_other_clients_print_lead_to_the_page_of_their_workspace(stock: Api) -> None:
    scope = "/subscriptions/S1/resourceGroups/R1/providers/Microsoft.MachineLearningServices/workspaces/team"
    stock.post("/api/trackside/v1/workspaces", name="team", subscription_id="S1", resource_group="R1")

    for path, led in (  # a browser keeps the fragment, such as #/experiments/1/runs/2
        (f"/mlflow/v2.0{scope}/", "/ws/team/"),
        (f"/mlflow/v1.0{scope}/", "/ws/team/"),
        ("/databricks/", "/"),
        ("/databricks/ws/team/", "/ws/team/"),
        ("/databricks/ml/experiments/48/runs/abc", "/databricks/#/experiments/48/runs/abc"),
        ("/databricks/ws/team/ml/experiments/48", "/databricks/ws/team/#/experiments/48"),
        ("/ws/team/ml/experiments/48", "/ws/team/#/experiments/48"),
    ):
        reply = stock.ask("GET", path)
        assert (reply.status, urljoin(path, reply.headers["location"])) == (302, led), path
    assert stock.ask("GET", "/ws/team/").body == stock.ask("GET", "/").body


def test_its_pages_open_no_choice_of_workspaces(stock: Api, sqlite_api: Api) -> None:
    def enabled(api: Api, kind: str) -> bool:
        found: bool = api.get(f"/{kind}/3.0/mlflow/server-info")["workspaces_enabled"]
        return found

    assert (enabled(stock, "ajax-api"), enabled(stock, "api")) == (False, True)
    assert enabled(sqlite_api, "ajax-api")


def test_the_pages_are_told_to_send_no_telemetry(sqlite_api: Api) -> None:
    assert sqlite_api.get("/ajax-api/3.0/mlflow/ui-telemetry")["disable_ui_telemetry"] is True


def test_an_address_of_databricks_leads_to_the_run(sqlite_api: Api) -> None:
    reply = sqlite_api.ask("GET", "/ml/experiments/48/runs/abc")
    below = sqlite_api.ask("GET", "/ws/default/ml/experiments/48")

    assert (reply.status, reply.headers["location"]) == (302, "../../../../#/experiments/48/runs/abc")
    assert below.headers["location"] == "../../#/experiments/48"


def test_no_file_outside_of_the_pages_is_served() -> None:
    folder = files.folder()

    assert folder is not None
    assert files.find(folder, "index.html") is not None
    for name in ("../../handlers.py", "/etc/hostname", "static", "", "a\0b"):
        assert files.find(folder, name) is None


def test_every_query_of_the_pages_is_answered(sqlite_api: Api) -> None:
    folder = files.folder()
    assert folder is not None
    scripts = [path.read_text(encoding="utf-8") for path in (folder / "static" / "js").glob("*.js")]
    texts = {
        text for script in scripts if "mlflowGet" in script for text in re.findall(r"`\s*(query \w+\([^`]*)`", script)
    }
    texts |= {
        text.replace("\\n", "\n")
        for script in scripts
        if "mlflowGet" in script or "mlflowSearchRuns" in script
        for text in re.findall(r'"(?:\\n| )*(query \w+\((?:[^"\\]|\\.)*)"', script)
    }

    asked = {re.findall(r"query (\w+)", text)[0]: sqlite_api.post("/graphql", query=text)["errors"] for text in texts}

    assert {"GetRun", "MlflowGetExperimentQuery", "GetMetricHistoryBulkInterval"} <= set(asked)
    for name, errors in asked.items():  # the queries are sent without their variables
        assert all(" of required type " in error and "was not provided" in error for error in errors), (name, errors)

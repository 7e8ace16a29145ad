"""MLflow's own pages in a real browser, served by Trackside from the wheel that is installed for the tests."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from support.client import Api
from support.processes.servers import Server

SLOW_MS = 60_000  # its bundle has 22 MB of scripts


@pytest.mark.slow
def test_a_printed_link_opens_its_run_in_mlflows_pages(start: Callable[..., Server], context: BrowserContext) -> None:
    server = start("--ui", "mlflow")
    api: Api = server.api
    experiment_id = api.new_experiment("training")
    run_id = api.new_run(experiment_id, run_name="stock-run", start_time=1)
    api.post("runs/log-metric", run_id=run_id, key="accuracy", value=0.75, timestamp=1, step=1)
    api.post("runs/log-parameter", run_id=run_id, key="learning_rate", value="0.125")
    page = context.new_page()

    page.goto(f"{server.url}/#/experiments/{experiment_id}/runs/{run_id}")

    expect(page.get_by_role("heading", name="stock-run")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text("training").first).to_be_visible()
    expect(page.get_by_text("learning_rate").first).to_be_visible()
    expect(page.get_by_text("0.125").first).to_be_visible()

    page.goto(f"{server.url}/ml/experiments/{experiment_id}/runs/{run_id}")

    expect(page.get_by_role("heading", name="stock-run")).to_be_visible(timeout=SLOW_MS)
    page.close()

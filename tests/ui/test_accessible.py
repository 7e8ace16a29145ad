"""axe-core finds nothing serious on the pages of the frame, in both themes; what a narrow window shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.servers import Server

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def serious(page: Page) -> list[Any]:
    """What axe calls serious or critical, in short."""
    page.evaluate(AXE.read_text())  # not as a script element, which the Content-Security-Policy would block
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]][:3])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def _fill(server: Server) -> str:
    experiment_id = server.api.new_experiment("churn")
    for number in range(3):
        run_id = server.api.new_run(experiment_id, run_name=f"run-{number}", start_time=number + 1)
        server.api.post("runs/log-metric", run_id=run_id, key="loss", value=number, timestamp=1, step=0)
    return experiment_id


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(theme: str, page: Page, server: Server) -> None:
    experiment_id = _fill(server)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

    page.goto(server.url)
    page.get_by_role("link", name="churn").wait_for()
    assert serious(page) == []

    page.goto(f"{server.url}/#/experiments/{experiment_id}")
    page.get_by_role("checkbox", name="Select run-1").check()
    assert serious(page) == []

    page.get_by_role("button", name="Columns").click()
    page.get_by_role("heading", name="Columns").wait_for()
    assert serious(page) == []


def test_a_phone_shows_the_runs_without_scrolling_the_page_sideways(
    page: Page, server: Server, start: Callable[..., Server]
) -> None:
    experiment_id = _fill(server)
    page.set_viewport_size({"width": 390, "height": 844})

    for address in ("#/experiments", f"#/experiments/{experiment_id}", "#/models"):
        page.goto(f"{server.url}/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, address

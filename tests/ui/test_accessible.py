"""Axe finds nothing on the pages of runs, models, links, workspaces, webhooks and imports."""

import pytest
from playwright.sync_api import Page, expect

from support.pages import axe
from support.processes.servers import Server
from ui.test_models import register

# RUN stands for the page of a run.
FIRST = ("RUN", "#/models", "#/models/churn/versions/1", "#/links?new=1", "#/workspaces")
FURTHER = (
    "RUN/artifacts/model/MLmodel",
    "RUN/history",
    "#/models/churn",
    "#/models/churn/versions/1/lineage",
    "#/models/churn/compare/1/2",
    "#/webhooks",
    "#/imports",
)


@pytest.mark.parametrize(
    ("theme", "pages"),
    [
        ("light", FIRST),
        pytest.param("light", FURTHER, marks=pytest.mark.slow),
        pytest.param("dark", (*FIRST, *FURTHER), marks=pytest.mark.slow),
    ],
)
def test_axe_finds_no_problem(server: Server, page: Page, theme: str, pages: tuple[str, ...]) -> None:
    run_id = register(server.api, versions=2)
    server.api.post("runs/set-tag", run_id=run_id, key="team", value="growth")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

    found: list[str] = []
    for each in pages:
        address = each.replace("RUN", f"#/experiments/0/runs/{run_id}")
        page.goto(f"{server.url}/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        expect(page.get_by_text("Loading", exact=True)).to_have_count(0)
        found += [f"{address}: {problem}" for problem in axe.everything(page)]

    assert found == []


@pytest.mark.slow
def test_a_colour_is_measured_after_its_transition(page: Page) -> None:
    page.set_content(
        """
        <html lang="en"><title>t</title><main><h1>t</h1>
        <p style="color: white; transition: color 500ms">Text that appears.</p></main>
        """
    )
    text = page.get_by_text("Text that appears.")
    text.evaluate("(each) => { void each.offsetWidth; each.style.color = 'black'; }")

    assert axe.everything(page) == []


@pytest.mark.slow
def test_a_folder_is_downloaded_as_zip(server: Server, page: Page) -> None:
    run_id = register(server.api)

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}/artifacts/model")
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download as zip").click()

    assert begun.value.suggested_filename.endswith(".zip")

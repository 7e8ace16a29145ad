"""The page of a run: note, tags, source, files, deletion, and hostile texts of clients."""

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Dialog, Page, expect

from support import links
from support.client import Api
from support.pages import axe
from support.processes.servers import Server

ATTACK = "<img src=x onerror=alert(1)><script>alert(2)</script>[x](javascript:alert(3))"


def log(api: Api, **files: bytes) -> str:
    """A run with a metric and files: the address of its page."""
    run_id = api.new_run(run_name="swift-fox", start_time=1)
    api.post("runs/log-metric", run_id=run_id, key="epoch_loss", value=0.5, timestamp=1, step=1)
    put(api, run_id, {name.replace("__", "."): body for name, body in files.items()})
    return f"/#/experiments/0/runs/{run_id}"


def put(api: Api, run_id: str, files: dict[str, bytes]) -> None:
    folder = api.run(run_id)["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for name, body in files.items():
        reply = api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{quote(name)}", body)
        assert reply.status == 200, reply


def run_of(address: str) -> str:
    return address.rpartition("/")[2]


def test_logged_data_appears_on_the_page_of_the_run(server: Server, page: Page) -> None:
    address = log(server.api)
    run_id = run_of(address)
    page.goto(server.url + address)
    metrics = page.get_by_role("region", name="Metrics")
    expect(metrics.get_by_role("row", name="epoch_loss")).to_contain_text("0.5")
    expect(page.locator("main header").get_by_text("Running")).to_be_visible()

    server.api.post("runs/log-metric", run_id=run_id, key="epoch_loss", value=0.0625, timestamp=2, step=2)
    server.api.post("runs/update", run_id=run_id, status="FINISHED", end_time=5)

    cells = metrics.get_by_role("row", name="epoch_loss").get_by_role("cell")
    expect(metrics.get_by_role("columnheader").nth(3)).to_have_text("Max")
    expect(cells.nth(1)).to_have_text("0.0625")
    expect(cells.nth(2)).to_have_text("0.0625")
    expect(cells.nth(3)).to_have_text("0.5")
    expect(page.locator("main header").get_by_text("Finished")).to_be_visible()


@pytest.fixture
def dialogs(page: Page) -> list[str]:
    """What scripts of clients said: nothing may."""
    said: list[str] = []

    def note(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    return said


def test_a_note_is_edited_in_place_and_never_executed(server: Server, page: Page, dialogs: list[str]) -> None:
    address = log(server.api)

    page.goto(server.url + address)
    page.get_by_role("button", name="Edit: Note").click()
    page.get_by_role("textbox", name="Note").fill(f"# Try 7\n\n**better** {ATTACK}")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", name="Try 7")).to_be_visible()
    expect(page.locator("strong")).to_have_text("better")
    expect(page.locator("main img, main script, main a[href^='javascript']")).to_have_count(0)
    assert server.api.tags(run_of(address))["mlflow.note.content"].startswith("# Try 7")
    assert not dialogs


@pytest.mark.slow
def test_a_tag_is_added_and_removed_and_the_removal_undone(server: Server, page: Page) -> None:
    address = log(server.api)

    page.goto(server.url + address)
    page.get_by_role("button", name="Add tag").click()
    page.get_by_role("textbox", name="Tag").fill("team")
    page.get_by_role("textbox", name="Value").fill("growth")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove tag team").click()
    expect(page.get_by_text("No tags")).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("growth")).to_be_visible()
    assert server.api.tags(run_of(address))["team"] == "growth"


@pytest.mark.slow
def test_only_valid_source_tags_are_links(server: Server, page: Page) -> None:
    address = log(server.api)
    tags = {
        "mlflow.source.git.commit": "abc1234def567",
        "mlflow.source.git.repoURL": "git@github.com:acme/churn.git",
        "mlflow.databricks.workspaceURL": "javascript:alert(1)",
        "mlflow.databricks.runURL": "javascript:alert(1)",
    }
    for key, value in tags.items():
        server.api.post("runs/set-tag", run_id=run_of(address), key=key, value=value)

    page.goto(server.url + address)

    commit = page.get_by_role("link", name="abc1234def56")
    expect(commit).to_have_attribute("href", "https://github.com/acme/churn/commit/abc1234def567")
    expect(page.locator("a[href^='javascript']")).to_have_count(0)


@pytest.mark.slow
def test_a_run_is_deleted_and_restored(server: Server, page: Page) -> None:
    address = log(server.api)

    page.goto(server.url + address)
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Move to the trash").click()
    expect(page.get_by_text("This run is deleted.")).to_be_visible()
    page.get_by_role("button", name="Restore the run").click()

    expect(page.get_by_text("This run is deleted.")).to_have_count(0)
    assert server.api.run(run_of(address))["info"]["lifecycle_stage"] == "active"


@pytest.mark.slow
def test_files_are_shown_by_their_kind(server: Server, page: Page, dialogs: list[str], console: list[str]) -> None:
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": f"# Title {ATTACK}"},
            {
                "cell_type": "code",
                "source": "print(1)",
                "outputs": [{"data": {"text/html": f"<table><tr><td>cell</td></tr></table>{ATTACK}"}}],
            },
        ]
    }
    address = log(
        server.api,
        head__csv=b"name,score\nada,1\n",
        data__json=b'{"id":12345678901234567890}',
        notes__md=f"# Hello\n\n{ATTACK}".encode(),
        train__ipynb=json.dumps(notebook).encode(),
        weights__pkl=b"\x80\x04\x00",
        log__txt=b"x" * 200_000,
    )

    page.goto(f"{server.url}{address}/artifacts/head.csv")
    expect(page.get_by_role("cell", name="ada")).to_be_visible()
    page.get_by_role("link", name="data.json").click()
    expect(page.get_by_role("region", name="data.json")).to_contain_text("12345678901234567890")
    page.get_by_role("link", name="notes.md").click()
    expect(page.get_by_role("heading", name="Hello")).to_be_visible()
    page.get_by_role("link", name="train.ipynb").click()
    expect(page.get_by_role("cell", name="cell")).to_be_visible()
    expect(page.locator("main img, main script, main a[href^='javascript']")).to_have_count(0)
    page.get_by_role("link", name="weights.pkl").click()
    expect(page.get_by_text("No preview for this kind of file")).to_be_visible()
    page.get_by_role("link", name="log.txt").click()
    expect(page.get_by_text("The first 64.0 KiB of 195 KiB")).to_be_visible()
    assert not dialogs
    # The Markdown names an image beside it, which is not there.
    console[:] = [said for said in console if "path=x)" not in said]


@pytest.mark.slow
def test_a_page_of_html_runs_in_a_sandbox_that_cannot_reach_the_site(server: Server, page: Page) -> None:
    script = """<p id=p>no script</p><script>
    let said = "origin " + origin;
    try { said += parent.document.title } catch { said += ", no parent" }
    try { said += document.cookie } catch { said += ", no cookie" }
    document.getElementById("p").textContent = said;
    </script>"""
    address = log(server.api, report__html=script.encode())

    page.goto(f"{server.url}{address}/artifacts/report.html")

    expect(page.frame_locator("iframe").locator("#p")).to_have_text("origin null, no parent, no cookie")


@pytest.mark.slow
def test_a_file_with_a_hostile_name_is_shown_as_text(server: Server, page: Page, dialogs: list[str]) -> None:
    address = log(server.api)
    name = "<img src=x onerror=alert(1)> ' & x.txt"
    put(server.api, run_of(address), {f"sub folder/{name}": b"inside"})

    page.goto(f"{server.url}{address}/artifacts")
    page.get_by_role("navigation", name="Files").get_by_role("link", name="sub folder").click()
    page.get_by_role("navigation", name="Files").get_by_role("link", name=name).click()

    expect(page.get_by_role("region", name=name)).to_have_text("inside")
    assert not dialogs


@pytest.mark.slow
def test_a_missing_file_is_reported(server: Server, page: Page) -> None:
    address = log(server.api, a__txt=b"a")

    page.goto(f"{server.url}{address}/artifacts/b.txt")
    expect(page.get_by_text("There is no file b.txt")).to_be_visible()
    page.get_by_role("link", name="a.txt").click()

    expect(page.get_by_role("region", name="a.txt")).to_have_text("a")


@pytest.mark.slow
def test_a_run_shows_its_history_with_users(server: Server, page: Page) -> None:
    address = log(server.api)
    by = {"x-trackside-user": "ada"}
    server.api.ask("POST", "runs/update", {"run_id": run_of(address), "status": "FINISHED"}, headers=by)

    page.goto(f"{server.url}{address}/history")

    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name="Changed"))
    expect(row).to_contain_text("ada")


@pytest.mark.slow
def test_the_page_speaks_spanish(server: Server, page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'languages', {get: () => ['es-ES']})")

    page.goto(server.url + log(server.api))

    expect(page.get_by_role("heading", name="Métricas")).to_be_visible()
    expect(page.get_by_role("link", name="Artefactos")).to_be_visible()


@pytest.mark.slow
def test_a_file_that_has_changed_is_shown_whole(server: Server, page: Page) -> None:
    run_id = server.api.new_run()
    for text in ("one", "one two three", "four"):
        put(server.api, run_id, {"train.log": text.encode()})
        page.goto(f"{server.url}/#/experiments/0/runs/{run_id}/artifacts/train.log")
        expect(page.locator("main pre")).to_have_text(text)
        page.goto("about:blank")


@pytest.mark.slow
def test_a_run_links_to_its_copies_and_parents_and_children(start: Callable[..., Server], page: Page) -> None:
    here, there = start(), start()
    parent = here.api.new_run(run_name="sweep")
    run_id = here.api.new_run(run_name="swift-fox", tags=[{"key": "mlflow.parentRunId", "value": parent}])
    for number in (1, 2):
        here.api.new_run(
            run_name=f"kid-{number}", start_time=number, tags=[{"key": "mlflow.parentRunId", "value": run_id}]
        )
    links.add(here.api, "all", there.url)
    there.api.new_workspace("team")
    links.add(here.api, "some", f"{there.url}/ws/team", experiments=["churn*"])
    links.settle(here.api, "all")
    links.settle(here.api, "some")

    page.goto(f"{here.url}/#/experiments/0/runs/{run_id}/links")

    expect(page.get_by_role("row", name="all").get_by_role("cell", name="up to date")).to_be_visible()
    expect(page.get_by_role("row", name="all").get_by_role("cell", name=run_id)).to_be_visible()
    expect(page.get_by_role("row", name="some").get_by_role("cell", name="none, by the filter")).to_be_visible()
    expect(page.get_by_role("link", name="sweep")).to_have_attribute("href", f"#/experiments/0/runs/{parent}")
    assert axe.serious(page) == []
    page.get_by_text("2 child runs").get_by_role("link").click()
    expect(page.get_by_role("row").get_by_role("link")).to_have_text(["kid-2", "swift-fox", "kid-1", "swift-fox"])


@pytest.mark.slow
def test_a_table_of_mlflow_is_shown_as_a_table_and_as_text(server: Server, page: Page) -> None:
    rows = [[f"question {number}", number, None] for number in range(5000)]
    table = json.dumps({"columns": ["question", "score", "note"], "data": rows}).encode()

    page.goto(f"{server.url}{log(server.api, eval__json=table)}/artifacts/eval.json")
    expect(page.get_by_text("200 of 5,000 rows")).to_be_visible()
    expect(page.get_by_role("cell", name="question 199", exact=True)).to_be_attached()
    page.get_by_role("button", name="Show as text").click()

    expect(page.get_by_text('"columns": [')).to_be_visible()


@pytest.mark.slow
def test_a_long_name_of_the_parent_run_fits_a_phone(server: Server, page: Page) -> None:
    name = "sweep-" + "x" * 200
    parent = server.api.new_run(run_name=name)
    run_id = server.api.new_run(run_name="trial", tags=[{"key": "mlflow.parentRunId", "value": parent}])
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{server.url}/#/experiments/0/runs/{run_id}")
    expect(page.get_by_role("link", name=name)).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_a_missing_run_is_reported_in_the_language_of_the_page(server: Server, page: Page, console: list[str]) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'languages', {get: () => ['es-ES']})")
    page.goto(f"{server.url}/#/experiments/0/runs/gone")

    expect(page.get_by_text("No existe la ejecución gone")).to_be_visible()
    expect(page.get_by_text("not found")).to_have_count(0)
    console.clear()  # Chromium writes the answer 404 to it

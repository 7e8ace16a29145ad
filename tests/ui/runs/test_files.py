"""Files that the page itself makes: Parquet of the table, and a view or a run as one HTML file that opens without a server."""

from importlib import import_module
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from support.processes.servers import Server
from ui.runs.test_run import log as log_run
from ui.runs.test_run import run_of
from ui.runs.test_runs import log, names, three_runs

HOSTILE = "</style></table><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def saved(page: Page, action: str, folder: Path) -> Path:
    with page.expect_download() as started:
        page.get_by_role("menuitem", name=action).click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def opened(page: Page, file: Path) -> list[str]:
    """Open a file in the place of the page: what it asked for besides itself."""
    page.goto("about:blank")  # the page that is left may still load what it shows later
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    return [url for url in asked if url != file.as_uri()]


@pytest.mark.slow
def test_the_table_is_saved_as_parquet(page: Page, server: Server, tmp_path: Path) -> None:
    parquet = import_module("pyarrow.parquet")  # it has no types
    page.goto(f"{three_runs(server)}?order=-metrics.loss&cols=params.opt,metrics.loss")
    expect(names(page)).to_have_text(["b", "c", "a"])

    page.get_by_role("button", name="View").click()
    table = parquet.read_table(saved(page, "Export Parquet", tmp_path))

    assert table.select(["run_name", "params.opt", "metrics.loss"]).to_pylist() == [
        {"run_name": "b", "params.opt": "sgd", "metrics.loss": 0.3},
        {"run_name": "c", "params.opt": "adam", "metrics.loss": 0.2},
        {"run_name": "a", "params.opt": "adam", "metrics.loss": 0.1},
    ]


@pytest.mark.slow
def test_a_view_with_hostile_names_opens_as_a_file_without_a_server(page: Page, server: Server, tmp_path: Path) -> None:
    address = three_runs(server)
    log(server.api, "1", f"z{HOSTILE}", 0.5, opt=HOSTILE)
    page.goto(f"{address}?q={quote('metrics.loss > 0.15')}&cols=params.opt,metrics.loss")
    expect(names(page)).to_have_count(3)
    page.get_by_role("button", name="View").click()
    file = saved(page, "Save as one HTML file", tmp_path)

    asked = opened(page, file)

    assert asked == []
    expect(page.get_by_role("heading", level=1)).to_have_text("churn")
    expect(page.get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("cell", name=HOSTILE, exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="loss")).to_be_visible()
    expect(page.get_by_text("metrics.loss > 0.15")).to_be_visible()
    expect(page.locator("script, img")).to_have_count(0)
    assert page.title() == "churn"


@pytest.mark.slow
def test_a_run_opens_as_a_file_without_a_server(page: Page, server: Server, tmp_path: Path) -> None:
    address = log_run(server.api)
    run_id = run_of(address)
    server.api.post("runs/set-tag", run_id=run_id, key="mlflow.note.content", value=HOSTILE)
    server.api.post("runs/log-parameter", run_id=run_id, key="opt", value=HOSTILE)
    page.goto(server.url + address)
    page.get_by_role("button", name="More actions").click()
    file = saved(page, "Save as one HTML file", tmp_path)

    asked = opened(page, file)

    assert asked == []
    expect(page.get_by_role("heading", level=1)).to_have_text("swift-fox")
    expect(page.locator("pre")).to_have_text(HOSTILE)
    expect(page.get_by_role("row", name="epoch_loss 0.5 1")).to_be_visible()
    expect(page.locator("script, img")).to_have_count(0)

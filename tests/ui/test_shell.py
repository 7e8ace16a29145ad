"""The frame of the web UI: where it is served, what it shows of a store, theme, language, a server that dies."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect

from support.client import Api
from support.processes.ports import free_port
from support.processes.servers import Server


def log_run(api: Api, experiment: str = "demo", name: str = "swift-fox") -> tuple[str, str]:
    """An experiment with a run that has three points of `epoch_loss`: the ids of both."""
    experiment_id = api.new_experiment(experiment)
    run_id = api.new_run(experiment_id, run_name=name, start_time=1)
    for step, value in enumerate((0.9, 0.5, 0.25)):
        api.post("runs/log-metric", run_id=run_id, key="epoch_loss", value=value, timestamp=step, step=step)
    return experiment_id, run_id


def test_a_visitor_finds_runs_charts_and_models_and_the_ui_calls_no_other_host(page: Page, server: Server) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    log_run(server.api)
    server.api.post("registered-models/create", name="churn")

    page.goto(server.url)
    page.get_by_role("link", name="demo").click()
    page.get_by_role("link", name="swift-fox").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("swift-fox")
    expect(page.get_by_text("epoch_loss").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()

    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("cell", name="churn")).to_be_visible()
    assert {url for url in asked if not url.startswith((server.url, "data:", "blob:"))} == set()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_long_name_in_the_breadcrumb_does_not_truncate_short_ones(page: Page, server: Server, width: int) -> None:
    experiment_id, run_id = log_run(server.api, "long-" * 60)
    page.set_viewport_size({"width": width, "height": 800})
    path = page.locator("header ol")

    for address, short in ((f"experiments/{experiment_id}", "Experiments"), (f"runs/{run_id}", "swift-fox")):
        page.goto(f"{server.url}/#/{address}")
        expect(path).to_contain_text("long-")
        name = path.get_by_text(short, exact=True)
        expect(name).to_be_visible()
        assert name.evaluate("(each) => each.scrollWidth <= each.clientWidth")


@pytest.mark.slow
def test_a_page_does_not_say_that_it_is_empty_while_it_loads(page: Page, server: Server) -> None:
    experiment_id, _ = log_run(server.api, "vision")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/**", hold)

    page.goto(f"{server.url}/#/experiments/{experiment_id}/charts")
    expect(page.get_by_role("heading", level=1)).to_have_text(experiment_id)
    page.goto(f"{server.url}/#/access/assignments")
    expect(page.get_by_role("heading", level=1)).to_have_text("Assignments")
    expect(page.locator("main").get_by_text("Loading")).to_be_visible()
    expect(page.get_by_text("No assignments")).to_have_count(0)

    page.unroute("**/api/**")
    for route in held:
        with suppress(Error):  # the call of a page that was left
            route.continue_()
    expect(page.get_by_text("No assignments")).to_be_visible()


@pytest.mark.slow
def test_the_breadcrumb_shows_the_way_back_in_full_on_a_phone(page: Page, server: Server) -> None:
    _, run_id = log_run(server.api, "vision", name="mobilenet-v3-seed2")
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{server.url}/#/runs/{run_id}")
    name = page.locator("header ol").get_by_text("vision", exact=True)

    expect(name).to_be_visible()
    assert name.evaluate("(each) => each.scrollWidth <= each.clientWidth")


@pytest.mark.slow
def test_the_breadcrumb_shows_both_ends_of_a_long_name(page: Page, server: Server) -> None:
    name = "sweep-of-learning-rates-and-batch-sizes-for-the-spanish-corpus-" * 3
    experiment_id, _ = log_run(server.api, f"{name}seed-7")

    page.goto(f"{server.url}/#/experiments/{experiment_id}")
    last = page.locator("header ol li").last

    expect(last).to_contain_text(re.compile(r"sweep-of.*…[a-z-]*seed-7"))
    expect(last.get_by_title(f"{name}seed-7")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fox", "a-run-with-a-long-name-" * 4])
def test_the_menu_of_a_page_is_beside_its_title_on_a_phone(page: Page, server: Server, name: str) -> None:
    _, run_id = log_run(server.api, name=name)
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{server.url}/#/runs/{run_id}")
    menu = page.locator("main header").get_by_role("button", name="More actions").bounding_box()
    title = page.get_by_role("heading", level=1).bounding_box()  # after the menu has taken its place

    assert title is not None
    assert menu is not None
    assert title["x"] + title["width"] <= menu["x"]
    assert abs(menu["y"] - title["y"]) < menu["height"]  # a long title has several lines


@pytest.mark.slow
def test_a_page_of_a_missing_object_shows_nothing_of_the_previous_page(
    page: Page, server: Server, console: list[str]
) -> None:
    experiment_id, run_id = log_run(server.api)

    page.goto(f"{server.url}/#/experiments/{experiment_id}/runs/{run_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("swift-fox")
    page.goto(f"{server.url}/#/experiments/{experiment_id}/runs/{'0' * 32}")

    expect(page.get_by_text(f"There is no run {'0' * 32}")).to_be_visible()
    expect(page.get_by_text("swift-fox")).to_have_count(0)
    console.clear()  # Chromium writes the answer 404 to it


@pytest.mark.slow
def test_the_link_that_a_client_prints_opens_its_run_in_its_workspace(page: Page, server: Server) -> None:
    team = server.api.new_workspace("team")
    experiment_id, run_id = log_run(team, name="calm-elk")

    page.goto(f"{server.url}/ws/team/#/experiments/{experiment_id}/runs/{run_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("calm-elk")

    # MLflow 3.10 and newer print this one.
    page.goto(f"{server.url}/#/experiments/{experiment_id}/runs/{run_id}?workspace=team")
    expect(page.get_by_role("heading", level=1)).to_have_text("calm-elk")
    expect(page).to_have_url(f"{server.url}/ws/team/#/experiments/{experiment_id}/runs/{run_id}")

    # azureml-mlflow and clients whose tracking URI is `databricks` print these.
    scope = team.get("/api/trackside/v1/workspaces/team")["workspace"]["id"]
    for printed in (
        f"/mlflow/v2.0{scope}/#/experiments/{experiment_id}/runs/{run_id}",
        f"/databricks/ws/team/ml/experiments/{experiment_id}/runs/{run_id}",
    ):
        page.goto("about:blank")
        page.goto(f"{server.url}{printed}")
        expect(page.get_by_role("heading", level=1)).to_have_text("calm-elk")
        expect(page).to_have_url(f"{server.url}/ws/team/#/experiments/{experiment_id}/runs/{run_id}")


@pytest.mark.slow
def test_the_ui_is_served_below_a_prefix_and_workspaces_share_assets(page: Page, start: Callable[..., Server]) -> None:
    server = start("--static-prefix", "/tracking")
    loaded: list[str] = []
    page.on("response", lambda response: loaded.append(response.url))

    page.goto(f"{server.url}/tracking/ws/default")

    expect(page.get_by_role("heading", level=1)).to_have_text("Experiments")
    expect(page).to_have_url(f"{server.url}/tracking/ws/default/")
    scripts = [url for url in loaded if url.endswith(".js")]
    assert scripts
    assert all(url.startswith(f"{server.url}/tracking/assets/") for url in scripts)


@pytest.mark.slow
def test_theme_and_language_are_chosen_and_kept(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Theme and language").click()
    page.get_by_role("menuitem", name="Dark theme").click()
    page.get_by_role("button", name="Theme and language").click()
    page.get_by_role("menuitem", name="Español").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Experimentos")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Experimentos")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "es")


@pytest.mark.slow
def test_a_lost_server_is_reported_and_the_page_recovers(
    page: Page, start: Callable[..., Server], console: list[str]
) -> None:
    port = str(free_port())
    server = start("--port", port)
    log_run(server.api)
    page.goto(server.url)
    page.get_by_role("link", name="demo").wait_for()

    server.stop()
    page.get_by_role("link", name="demo").click()
    expect(page.get_by_text("The server cannot be reached")).to_be_visible()

    server.start()
    expect(page.get_by_role("link", name="swift-fox")).to_be_visible()
    expect(page.get_by_text("The server cannot be reached")).to_be_hidden()
    console.clear()  # the browser itself reports each request that failed


@pytest.mark.slow
def test_a_page_opened_while_the_server_is_down_recovers(start: Callable[..., Server], browser: Browser) -> None:
    server = start("--port", str(free_port()))
    server.api.post("registered-models/create", name="churn")
    page = browser.new_page(locale="en-GB")  # which has no page kept from other tests
    page.goto(server.url)
    expect(page.get_by_role("link", name="Default")).to_be_visible()
    server.stop()

    page.keyboard.press("?")  # the list of keys is not here yet
    expect(page.get_by_text("The server cannot be reached")).to_be_visible()
    expect(page.get_by_role("link", name="Default")).to_be_visible()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This could not be loaded")
    server.start()

    expect(page.get_by_role("link", name="churn")).to_be_visible()


@pytest.mark.slow
def test_a_missing_object_is_reported_in_its_place(page: Page, server: Server, console: list[str]) -> None:
    page.goto(f"{server.url}/#/experiments/77/runs/{'0' * 32}")
    expect(page.get_by_role("alert").first).to_contain_text("0" * 32)

    page.goto(f"{server.url}/#/no/such/page")
    expect(page.get_by_role("heading", name="There is no page at this address")).to_be_visible()
    console.clear()  # the browser itself reports each 404


@pytest.mark.slow
def test_the_navigation_on_a_phone_has_four_items_and_a_menu(server: Server, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/#/experiments")
    rail = page.get_by_role("navigation", name="Main")
    expect(rail.get_by_role("link")).to_have_count(4)

    rail.get_by_role("button", name="More").click()
    webhooks = page.get_by_role("menuitem", name="Webhooks")
    expect(webhooks).to_be_in_viewport(ratio=1)
    webhooks.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Webhooks")


@pytest.mark.slow
def test_a_first_visit_shows_code_that_logs_a_run_and_notices_the_run(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments")
    expect(page.get_by_role("heading", name="Log a first run")).to_be_visible()
    expect(page.get_by_text(f'mlflow.set_tracking_uri("{server.url}")')).to_be_visible()
    expect(page.get_by_text(f"export MLFLOW_TRACKING_URI={server.url}", exact=True)).to_be_visible()

    log_run(server.api)

    expect(page.get_by_role("link", name="demo")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name="Log a first run")).to_have_count(0)


@pytest.mark.slow
def test_an_empty_page_explains_what_is_missing(server: Server, page: Page, console: list[str]) -> None:
    for address, said in (
        ("experiments/99", "There is no experiment 99"),
        ("models/none", "There is no model none"),
        ("jobs/none", "No such job"),
        ("nowhere", "There is no page at this address"),
    ):
        page.goto(f"{server.url}/#/{address}")
        expect(page.get_by_role("heading", name=said)).to_be_visible()
        expect(page.get_by_role("combobox", name="Filter")).to_have_count(0)

    expect(page.get_by_role("alert", name="Failed")).to_have_count(0)
    console[:] = [each for each in console if "status of 404" not in each]

"""The pages of real-time endpoints, and the way to them from a version of a model."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from endpoints.conftest import ENDPOINTS, LOCAL, endpoint, register, save_model
from support.pages import axe
from support.processes.servers import Server, environment
from ui.runs.test_run import put

pytestmark = pytest.mark.slow

MODEL = """
flavors:
  python_function: {loader_module: x, python_version: 3.11.2}
mlflow_version: 3.17.2
signature:
  inputs: '[{"name": "a", "type": "double", "required": true}, {"name": "b", "type": "long", "required": true}]'
"""


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A model that has its description alone: nothing can serve it."""
    folder = tmp_path / "described"
    folder.mkdir()
    (folder / "MLmodel").write_text(MODEL, "utf-8")
    return folder


def test_an_endpoint_is_listed_with_its_problem_and_deleted_by_typing_its_name(
    server: Server, described: Path, page: Page
) -> None:
    page.goto(f"{server.url}/#/endpoints")
    expect(page.get_by_text("No endpoints yet")).to_be_visible()
    register(server.api, [described])
    page.goto(f"{server.url}/#/models/sum/versions/1")
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_label("Endpoint", exact=True).fill("adder")
    page.get_by_label("Environment").select_option("local")
    page.get_by_role("dialog").get_by_role("button", name="Deploy", exact=True).click()

    expect(page).to_have_url(f"{server.url}/#/endpoints/adder")
    expect(page.locator("main").get_by_text("--model-python").first).to_be_visible()
    assert endpoint(server.api, "adder")["deployments"][0]["model_version"] == "1"
    expect(page.get_by_label("JSON body")).to_have_value(re.compile(r'"columns":\s*\[\s*"a",\s*"b"\s*\]'))
    for language, words in (("Español", "Fallido"), ("English", "Failed")):
        page.get_by_role("button", name=re.compile("Theme and language|Tema e idioma")).click()
        page.get_by_role("menuitem", name=language).click()
        expect(page.locator("main p").filter(has_text=re.compile(rf"^\w+ · {words}$"))).to_be_visible()
        expect(page.locator("main p[lang=en]")).to_contain_text("--model-python")

    page.get_by_role("link", name="Endpoints").first.click()
    row = page.get_by_role("region", name="Endpoints").get_by_role("row").nth(1)
    expect(row).to_contain_text("sum 1: 100 %")
    row.get_by_role("link", name="adder").click()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete permanently").click()
    page.get_by_label("Type adder to delete it").fill("adder")
    page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("No endpoints yet")).to_be_visible()
    assert server.api.get(ENDPOINTS)["endpoints"] == []


def test_a_model_is_deployed_from_the_list_of_endpoints(server: Server, described: Path, page: Page) -> None:
    register(server.api, [described, described])
    server.api.post("registered-models/alias", {"name": "sum", "alias": "champion", "version": "1"})
    page.goto(f"{server.url}/#/endpoints")
    page.get_by_role("button", name="Deploy a model").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Next")).to_be_disabled()
    dialog.get_by_label("Model").fill("no such")
    expect(dialog).to_contain_text("There is no model no such")
    dialog.get_by_label("Model").fill("sum")
    expect(dialog.get_by_label("Version")).to_have_value("2")
    dialog.get_by_label("Version").select_option("1 @champion")
    dialog.get_by_role("button", name="Next").click()

    expect(dialog.get_by_role("heading")).to_have_text("Deploy sum 1")
    dialog.get_by_label("Environment").select_option("local")
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    expect(page).to_have_url(f"{server.url}/#/endpoints/sum")
    assert endpoint(server.api, "sum")["deployments"][0]["model_version"] == "1"

    page.get_by_role("link", name="Endpoints").first.click()
    row = page.get_by_role("region", name="Endpoints").get_by_role("row").nth(1)
    expect(row.get_by_role("cell").nth(3)).to_have_text("0")
    page.keyboard.press("Control+k")
    page.keyboard.type("sum")
    page.get_by_role("option", name="sum Endpoint").click()
    expect(page).to_have_url(f"{server.url}/#/endpoints/sum")


@pytest.mark.slow
def test_a_second_version_is_deployed_beside_the_served_one(server: Server, described: Path, page: Page) -> None:
    register(server.api, [described, described])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)
    page.goto(f"{server.url}/#/models/sum/versions/2")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_label("Endpoint", exact=True)).to_have_value("adder")

    page.goto(f"{server.url}/#/endpoints/adder")
    page.get_by_role("button", name="Deploy a version").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Model")).to_have_value("sum")
    expect(dialog.get_by_label("Version")).to_have_value("2")
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_label("Endpoint", exact=True)).to_be_disabled()
    deployment = dialog.get_by_label("Deployment", exact=True)
    expect(deployment).to_have_value("green")
    expect(dialog).to_contain_text("gets no traffic until you assign a share")
    deployment.fill("blue")
    expect(dialog).to_contain_text(
        "This deployment serves sum 1 with 100 % of the traffic. It changes to this version."
    )
    deployment.fill("green")
    dialog.get_by_label("Environment").select_option("local")
    dialog.get_by_role("button", name="Deploy", exact=True).click()

    expect(page.get_by_role("region", name="Deployments").get_by_role("row", name="green")).to_contain_text("sum 2")
    served = {
        each["name"]: (each["model_version"], each["traffic"]) for each in endpoint(server.api, "adder")["deployments"]
    }
    assert served == {"blue": ("1", 100), "green": ("2", 0)}


def test_traffic_is_split_and_a_deployment_is_rolled_back(server: Server, described: Path, page: Page) -> None:
    register(server.api, [described, described])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)
    for name, version in (("green", 1), ("blue", 2)):
        body = {"model_uri": f"models:/sum/{version}", "spec": LOCAL}
        assert server.api.ask("PUT", f"{ENDPOINTS}/adder/deployments/{name}", body).status == 200

    page.goto(f"{server.url}/#/endpoints/adder")
    page.get_by_role("button", name="Edit traffic").click()
    page.get_by_role("spinbutton", name="blue").fill("90")
    expect(page.get_by_role("alert")).to_contain_text("sum to 90 %")
    page.get_by_role("spinbutton", name="green").fill("10")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Changed the traffic")).to_be_visible()
    assert {each["name"]: each["traffic"] for each in endpoint(server.api, "adder")["deployments"]} == {
        "blue": 90,
        "green": 10,
    }

    row = page.get_by_role("region", name="Deployments").get_by_role("row", name="blue")
    expect(row).to_contain_text("sum 2")
    row.get_by_role("button", name="Roll back").click()
    expect(row).to_contain_text("sum 1")

    page.get_by_role("button", name="Edit traffic").click()
    page.get_by_role("slider", name="Share of blue in percent").fill("100")
    page.get_by_role("spinbutton", name="green").fill("0")
    page.get_by_label("Copy requests to").select_option("green")
    page.get_by_label("Percent of the requests to copy").fill("25")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("and 25 % copied")).to_be_visible()

    page.get_by_role("button", name="Delete the deployment green").click()
    expect(page.get_by_role("dialog")).to_contain_text("the endpoint and its other deployments stay")
    page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("Deleted the deployment green")).to_be_visible()
    assert [each["name"] for each in endpoint(server.api, "adder")["deployments"]] == ["blue"]


def test_a_key_is_regenerated_and_requests_are_drawn(server: Server, described: Path, page: Page) -> None:
    register(server.api, [described])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)
    before = server.api.get(f"{ENDPOINTS}/adder/keys")
    authorization = {"authorization": f"Bearer {before['primary']}"}
    assert server.api.ask("POST", "/api/v1/service/adder/score", {}, headers=authorization).status == 503

    page.goto(f"{server.url}/#/endpoints/adder")
    page.get_by_role("button", name="Show the keys and the code").click()
    page.get_by_role("button", name="Regenerate: Secondary key").click()
    page.get_by_role("dialog").get_by_role("button", name="Regenerate").click()
    expect(page.get_by_text("Regenerated: Secondary key")).to_be_visible()

    after = server.api.get(f"{ENDPOINTS}/adder/keys")
    assert (after["primary"] == before["primary"], after["secondary"] == before["secondary"]) == (True, False)
    expect(page.get_by_role("region", name="Secondary key")).to_have_text(after["secondary"])
    expect(page.get_by_role("img", name="Errors")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Newest values: Errors")).to_contain_text("blue: 100 %")


@pytest.mark.slow
def test_the_request_log_is_switched_on_changed_and_off(
    server: Server, described: Path, page: Page, console: list[str]
) -> None:
    register(server.api, [described])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)
    log = f"{ENDPOINTS}/adder/request-log"

    page.goto(f"{server.url}/#/endpoints/adder")
    page.get_by_role("button", name="Switch on").click()
    page.get_by_label("Share of the requests in percent").fill("10")
    page.get_by_role("dialog").get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("On, 10 % of the requests")).to_be_visible()
    assert server.api.get(log)["request_log"]["sampling"] == 0.1
    page.get_by_role("button", name="Show the newest 50 rows").click()
    expect(page.get_by_text("No requests stored yet.")).to_be_visible()

    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Days to keep").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("keep_days is 0")
    console.clear()  # the browser notes the 400
    page.get_by_label("Days to keep").fill("7")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("for 7 days")).to_be_visible()

    page.get_by_role("button", name="Switch off").click()
    page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch on")).to_be_visible()
    assert server.api.get(log)["request_log"]["is_on"] is False


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), pytest.param("dark", "es", marks=pytest.mark.slow)])
def test_axe_finds_no_serious_problem(server: Server, described: Path, page: Page, theme: str, language: str) -> None:
    register(server.api, [described])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)
    page.add_init_script(
        f"localStorage.setItem('trackside.theme', '{theme}'); localStorage.setItem('trackside.language', '{language}')"
    )
    for path, ready in (("endpoints", "adder"), ("endpoints/adder", "sum 1")):
        page.goto(f"{server.url}/#/{path}")
        page.get_by_role("link", name=ready).wait_for()
        assert axe.serious(page) == []


@pytest.mark.slow
def test_an_unreadable_file_of_a_model_is_reported(
    server: Server, described: Path, page: Page, console: list[str]
) -> None:
    register(server.api, [described])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)
    page.route("**/model-versions/get-artifact?*", lambda route: route.fulfill(status=404, body="gone"))

    page.goto(f"{server.url}/#/endpoints/adder")

    expect(page.get_by_text("The file MLmodel cannot be read")).to_be_visible()
    console.clear()  # the browser notes the 404


@pytest.mark.slow
def test_the_form_follows_the_file_of_the_model(server: Server, described: Path, page: Page) -> None:
    register(server.api, [described])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)
    page.goto(f"{server.url}/#/endpoints/adder")
    expect(page.get_by_label("JSON body")).to_have_value(re.compile('"b"'))
    (version,) = server.api.get("model-versions/search")["model_versions"]
    longer = MODEL.replace('"b"', '"much_longer"') + "model_uuid: 0123456789\n"

    put(server.api, version["run_id"], {"model/MLmodel": longer.encode()})
    page.goto("about:blank")
    page.goto(f"{server.url}/#/endpoints/adder")

    expect(page.get_by_label("JSON body")).to_have_value(re.compile('"much_longer"'))


def test_the_form_has_the_request_that_was_saved_with_the_model(server: Server, described: Path, page: Page) -> None:
    info = "saved_input_example_info: {artifact_path: x.json, serving_input_path: serving_input_example.json}\n"
    (described / "MLmodel").write_text(MODEL + info, "utf-8")
    (described / "serving_input_example.json").write_text('{"inputs": [[4.5, 7]]}', "utf-8")
    register(server.api, [described])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)

    page.goto(f"{server.url}/#/endpoints/adder")

    expect(page.get_by_label("JSON body")).to_have_value(re.compile(r'"inputs":\s*\[\s*\[\s*4.5'))


@pytest.mark.slow
def test_rows_are_scored_by_the_form_and_by_the_code_that_is_pasted(
    start: Callable[..., Server], page: Page, tmp_path: Path
) -> None:
    server = start("--model-python", sys.executable)
    register(server.api, [save_model(tmp_path / "one", 2.0)])
    server.api.post(ENDPOINTS, name="adder", model_uri="models:/sum/1", spec=LOCAL)

    page.goto(f"{server.url}/#/endpoints/adder")
    expect(page.locator("main header").get_by_text("Healthy")).to_be_visible(timeout=240_000)
    expect(page.get_by_text("replicas are ready")).to_have_count(0)  # no warning
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("dialog").get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("On, 100 % of the requests")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text(re.compile("Answer 200 after"))).to_be_visible(timeout=120_000)
    expect(page.locator("pre").first).to_have_text('{"predictions": [2.0]}')

    for name, command in (("curl", ["sh", "-c"]), ("Python", [sys.executable, "-c"])):
        code = page.get_by_role("region", name=name, exact=True).inner_text()
        done = subprocess.run(
            [*command, code], env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert "2.0" in done.stdout, done.stderr
    page.get_by_role("button", name="Show the newest 50 rows").click()
    expect(page.get_by_role("region", name="Logged rows").get_by_role("row")).to_have_count(4, timeout=120_000)
    page.get_by_role("button", name="Logs of blue").click()
    expect(page.get_by_role("region", name="Logs of blue")).to_be_visible()

"""The page of experiments: create, rename, delete with undo, restore."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.client import Api
from support.pages import axe
from support.processes.servers import Server

pytestmark = pytest.mark.slow


def experiment(api: Api, experiment_id: str) -> tuple[str, str]:
    """Its name and its lifecycle stage."""
    found = api.ask("GET", "experiments/get", arguments={"experiment_id": experiment_id}).json["experiment"]
    return found["name"], found["lifecycle_stage"]


def choose(page: Page, name: str, action: str) -> None:
    page.get_by_role("button", name=f"Actions of {name}", exact=True).click()
    page.get_by_role("menuitem", name=action).click()


def test_an_experiment_is_created_and_its_page_shows_how_to_log_to_it(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="New experiment").click()
    page.get_by_label("Name of the experiment").fill("churn")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("churn")
    expect(page.get_by_text('mlflow.set_experiment("churn")')).to_be_visible()
    found = server.api.ask("GET", "experiments/get-by-name", arguments={"experiment_name": "churn"})
    assert found.json["experiment"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize(
    ("label", "text", "said"),
    [("Name of the experiment", "taken", "taken"), ("Artifact location", "s3://bucket/a#b", "s3://bucket/a#b")],
)
def test_a_refusal_of_the_server_is_shown_in_the_dialog(
    server: Server, page: Page, console: list[str], label: str, text: str, said: str
) -> None:
    server.api.new_experiment("taken")

    page.goto(server.url)
    page.get_by_role("button", name="New experiment").click()
    page.get_by_label("Name of the experiment").fill("new")
    page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Create", exact=True).click()

    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    console.clear()  # Chromium writes the answer 400 to it


def test_a_refusal_of_the_server_is_shown_in_spanish(server: Server, page: Page, console: list[str]) -> None:
    server.api.new_experiment("iris")
    page.add_init_script("localStorage.setItem('trackside.language', 'es')")

    page.goto(server.url)
    page.get_by_role("button", name="Nuevo experimento").click()
    page.get_by_label("Nombre del experimento").fill("iris")
    page.get_by_role("button", name="Crear", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Ya existe un experimento con el nombre «iris».")
    server.kill9()
    page.get_by_role("button", name="Crear", exact=True).click()

    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(
        "El servidor no respondió. Inténtelo de nuevo cuando vuelva."
    )
    page.goto("about:blank")
    console.clear()  # Chromium writes refused and failed requests to it


def test_a_rename_can_be_undone(server: Server, page: Page) -> None:
    experiment_id = server.api.new_experiment("churn")

    page.goto(server.url)
    choose(page, "churn", "Rename")
    page.get_by_label("Name of the experiment").fill("churn 2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="churn 2")).to_be_visible()
    assert experiment(server.api, experiment_id) == ("churn 2", "active")
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("link", name="churn", exact=True)).to_be_visible()
    assert experiment(server.api, experiment_id) == ("churn", "active")


def test_the_deletion_of_an_experiment_can_be_undone(server: Server, page: Page) -> None:
    experiment_id = server.api.new_experiment("churn")

    page.goto(server.url)
    choose(page, "churn", "Move to the trash")
    expect(page.get_by_role("link", name="churn")).to_have_count(0)
    assert experiment(server.api, experiment_id) == ("churn", "deleted")
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("link", name="churn")).to_be_visible()
    assert experiment(server.api, experiment_id) == ("churn", "active")


def test_deleted_experiments_are_listed_separately_and_restored(server: Server, page: Page) -> None:
    experiment_id = server.api.new_experiment("churn")
    server.api.new_run(experiment_id, run_name="swift-fox")
    server.api.new_experiment("kept")
    server.api.post("experiments/delete", experiment_id=experiment_id)

    page.goto(server.url)
    expect(page.get_by_role("row", name="kept").get_by_role("cell").nth(2)).to_have_text("0")
    page.get_by_role("link", name="Deleted").click()
    expect(page.get_by_role("link", name="kept")).to_have_count(0)
    expect(page.get_by_role("row", name="churn").get_by_role("cell").nth(2)).to_have_text("1")
    page.get_by_role("link", name="churn").click()
    expect(page.get_by_role("link", name="swift-fox")).to_be_visible()
    page.go_back()
    choose(page, "churn", "Restore")

    expect(page.get_by_text("No deleted experiments")).to_be_visible()
    assert experiment(server.api, experiment_id) == ("churn", "active")


@pytest.mark.parametrize("way", ["button", "scroll"])
def test_experiments_beyond_a_page_are_counted_as_more_and_loaded(server: Server, page: Page, way: str) -> None:
    for number in range(200):
        server.api.new_experiment(f"sweep-{number}")  # with the first one, `Default`, one more than a page has

    page.goto(server.url)
    expect(page.get_by_text("200+ experiments")).to_be_visible()
    expect(page.get_by_role("link", name="Default", exact=True)).to_have_count(0)
    if way == "button":
        page.get_by_role("button", name="Load more").press("Enter")
    else:
        page.mouse.move(600, 400)
        page.mouse.wheel(0, 20_000)

    expect(page.get_by_role("link", name="Default", exact=True)).to_be_visible()
    expect(page.get_by_text("201 experiments")).to_be_visible()
    expect(page.get_by_role("button", name="Load more")).to_have_count(0)


def test_experiments_are_sorted_by_their_headers_and_the_address_keeps_the_order(server: Server, page: Page) -> None:
    made = [server.api.new_experiment(name) for name in ("b", "a", "c")]
    server.api.post("experiments/set-experiment-tag", experiment_id=made[1], key="team", value="growth")

    def expect_names(*names: str) -> None:
        expect(page.get_by_role("row").get_by_role("link")).to_have_text(names)

    page.goto(server.url)
    expect(page.get_by_role("columnheader", name="Changed")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Name").click()
    expect_names("Default", "a", "b", "c")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    assert axe.serious(page) == []
    page.get_by_role("button", name="Name").press("Enter")
    expect_names("c", "b", "a", "Default")
    page.get_by_role("button", name="ID", exact=True).click()
    expect_names("c", "a", "b", "Default")
    page.reload()
    expect_names("c", "a", "b", "Default")
    page.go_back()
    expect_names("c", "b", "a", "Default")
    expect(page.get_by_role("columnheader", name="Created")).not_to_have_attribute("aria-sort", "descending")


def test_names_with_a_common_prefix_are_distinguishable_on_a_phone(server: Server, page: Page) -> None:
    long = "sweep-of-learning-rates-and-batch-sizes-for-the-transformer-on-the-spanish-corpus-"
    for end in "ab":
        server.api.new_experiment(f"{long}{end}")
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(server.url)
    names = page.get_by_role("row").get_by_role("link").locator("bdi")

    expect(names).to_have_text([re.compile("….*-b$"), re.compile("….*-a$"), "Default"])
    assert all(name.evaluate("(each) => each.scrollWidth <= each.clientWidth") for name in names.all())


@pytest.mark.parametrize(
    ("text", "found"), [("_", "b_1"), ("%", "50%"), ("'s \"", 'it\'s "odd"'), ("\\", "a\\b"), ("IT'S", 'it\'s "odd"')]
)
def test_a_typed_text_is_found_literally(server: Server, page: Page, text: str, found: str) -> None:
    for name in ("b_1", "b-1", "50%", "50", 'it\'s "odd"', "its odd", "a\\b"):
        server.api.new_experiment(name)

    page.goto(server.url)
    page.get_by_role("searchbox").fill(text)
    expect(page.get_by_role("row").get_by_role("link")).to_have_text([found])
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").last.fill(text)

    expect(page.get_by_role("listbox").get_by_text("50", exact=True)).to_have_count(0)
    expect(page.get_by_role("option", name=found)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_no_serious_problem_on_the_page(server: Server, page: Page, theme: str) -> None:
    server.api.post("experiments/delete", experiment_id=server.api.new_experiment("old"))
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

    page.goto(server.url)
    page.get_by_role("button", name="Actions of Default").click()
    assert axe.serious(page) == []
    page.goto(f"{server.url}/#/experiments?life=deleted")
    expect(page.get_by_role("link", name="old")).to_be_visible()
    assert axe.serious(page) == []
    page.get_by_role("button", name="New experiment").click()
    expect(page.get_by_label("Artifact location")).to_be_visible()
    assert axe.serious(page) == []


def test_the_note_and_tags_of_an_experiment_are_read_and_edited(server: Server, page: Page) -> None:
    experiment_id = server.api.new_experiment(
        "churn", tags=[{"key": "mlflow.note.content", "value": "# Who leaves?\n\nMonthly."}]
    )
    server.api.new_run(experiment_id, run_name="swift-fox")

    page.goto(server.url)
    expect(page.get_by_role("cell", name="Who leaves?")).to_be_visible()
    page.get_by_role("link", name="churn").click()
    page.get_by_role("button", name="Who leaves?").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Edit: Note").click()
    dialog.get_by_role("textbox", name="Note").fill("Yearly now.")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="Add tag").click()
    dialog.get_by_role("textbox", name="Tag", exact=True).fill("team")
    dialog.get_by_role("textbox", name="Value", exact=True).fill("growth")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("growth")).to_be_visible()
    assert axe.serious(page) == []
    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Yearly now.")).to_be_visible()
    found = server.api.ask("GET", "experiments/get", arguments={"experiment_id": experiment_id}).json["experiment"]
    assert {tag["key"]: tag["value"] for tag in found["tags"]} == {
        "mlflow.note.content": "Yearly now.",
        "team": "growth",
    }


def test_runs_of_several_experiments_are_shown_in_one_table(server: Server, page: Page) -> None:
    api = server.api
    for name, loss in (("churn", 0.3), ("fraud", 0.1), ("vision", 0.2)):
        run_id = api.new_run(api.new_experiment(name), run_name=f"run of {name}", start_time=1)
        api.post("runs/log-metric", run_id=run_id, key="loss", value=loss, timestamp=1)
    page.goto(f"{server.url}/#/experiments?order=name")
    together = page.get_by_role("button", name="Show runs together")
    expect(together).to_be_disabled()

    for name in ("churn", "fraud", "vision"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    together.click()
    expect(page.get_by_role("heading", name="Runs of 3 experiments")).to_be_visible()
    page.get_by_role("button", name="loss", exact=True).click()
    runs = page.get_by_role("gridcell").get_by_role("link", name="run of")
    expect(runs).to_have_text(["run of churn", "run of vision", "run of fraud"])
    page.keyboard.press("/")
    page.keyboard.type("metrics.loss < 0.25")
    page.keyboard.press("Enter")
    expect(runs).to_have_text(["run of vision", "run of fraud"])
    page.get_by_role("button", name="View").click()
    page.get_by_role("menuitem", name="Save as a new view").click()
    page.get_by_label("Name of the view").fill("Best")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Best").click()
    page.get_by_role("menuitem", name="Make it the default view").click()
    expect(page.get_by_text("Best is now the default view")).to_be_visible()
    page.goto(f'{server.url}/#/runs?experiments=["3","2","1"]')  # the default view of the three together
    expect(page.get_by_role("button", name="Best", exact=True)).to_be_visible()
    expect(runs).to_have_text(["run of vision", "run of fraud"])

    page.goto(f"{server.url}/#/experiments?order=name")
    page.get_by_role("link", name="fraud").click()  # churn keeps the view, and each of the three lists it
    expect(runs).to_have_text(["run of fraud"])
    page.get_by_role("button", name="View").click()
    page.get_by_role("menuitem", name="Best (3 experiments)").click()
    expect(page.get_by_role("button", name="Best", exact=True)).to_be_visible()
    expect(runs).to_have_text(["run of vision", "run of fraud"])
    page.reload()
    expect(runs).to_have_text(["run of vision", "run of fraud"])
    expect(page.get_by_role("gridcell").get_by_role("link", name="fraud", exact=True)).to_have_attribute(
        "href", re.compile(r"#/experiments/\d+$")
    )
    page.get_by_role("checkbox", name="Select the loaded runs").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Deleted 2 runs")).to_be_visible()
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()


def test_the_focus_goes_to_the_next_row_when_a_row_is_removed_by_keyboard(server: Server, page: Page) -> None:
    for name in ("a", "b", "c"):
        server.api.new_experiment(name)
    page.goto(f"{server.url}/#/experiments?order=name")
    page.get_by_role("button", name="Actions of b").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Move to the trash").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="b", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Actions of c")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("link", name="b", exact=True)).to_be_visible()

"""The sign-in over the page, the way out, and what a person without a right is told."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from support.issuer import SECRET, TestIssuer
from support.pages import axe
from support.pages.sign_in import fill
from support.people import ADMIN, People
from support.processes.servers import Server


@pytest.mark.slow
def test_without_users_no_sign_in_is_shown(server: Server, page: Page) -> None:
    server.api.new_experiment("demo")

    with page.expect_response("**/api/trackside/v1/me"):
        page.goto(server.url)

    expect(page.get_by_role("link", name="demo")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Sign in")).to_have_count(0)


def test_a_wrong_password_is_reported_and_the_right_one_returns_to_the_page(
    server: Server, people: People, page: Page
) -> None:
    people.admin.post("registered-models/create", name="churn")
    page.goto(f"{server.url}/#/models/churn")

    fill(page, password="wrong-kettle-41")
    expect(page.get_by_role("alert")).to_have_text("The user name or the password is wrong.")
    expect(page.get_by_label("User name")).to_have_value(ADMIN)
    expect(page.get_by_label("Password", exact=True)).to_have_value("wrong-kettle-41")

    fill(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("churn")
    expect(page).to_have_url(f"{server.url}/#/models/churn")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("churn")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.slow
def test_an_action_continues_after_a_new_sign_in(
    server: Server, people: People, page: Page, context: BrowserContext
) -> None:
    people.admin.post("registered-models/create", name="churn")
    page.goto(f"{server.url}/#/models/churn")
    fill(page)
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete permanently").click()
    page.get_by_label("Type churn to delete it").fill("churn")

    context.clear_cookies()
    page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_label("User name")).to_have_value(ADMIN)
    fill(page)

    expect(page.get_by_text("No registered models yet")).to_be_visible()
    assert people.admin.fault("registered-models/get", method="GET", name="churn")[0] == 404


@pytest.mark.slow
def test_signing_out_ends_the_session_and_clears_the_page(
    server: Server, people: People, page: Page, context: BrowserContext
) -> None:
    people.admin.new_experiment("demo")
    page.goto(server.url)
    fill(page)
    page.get_by_role("link", name="demo").wait_for()
    cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}

    page.get_by_role("button", name="root").click()
    page.get_by_role("menuitem", name="Sign out").click()

    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    expect(page.get_by_role("link", name="demo")).to_have_count(0)
    assert context.cookies() == []
    kept = {"cookie": f"trackside_session={cookies['trackside_session']}"}
    assert people.open.ask("GET", "/api/trackside/v1/me", headers=kept).status == 401


@pytest.mark.slow
def test_a_cancelled_sign_in_shows_a_message_and_can_be_opened_again(
    server: Server, people: People, page: Page
) -> None:
    people.admin.new_experiment("demo")
    page.goto(server.url)
    page.get_by_role("dialog", name="Sign in").press("Escape")

    block = page.get_by_role("alert")
    expect(block).to_contain_text("This server has users. Sign in to see this.")
    block.get_by_role("button", name="Sign in").click()
    fill(page)
    expect(page.get_by_role("link", name="demo")).to_be_visible()


@pytest.mark.slow
def test_a_refusal_names_the_missing_right_and_the_roles_that_give_it(
    server: Server, people: People, page: Page
) -> None:
    people.add("bo", "Reader")
    people.deny("bo", "Reader", "/ws/default")
    page.goto(f"{server.url}/#/models")
    fill(page, "bo")

    block = page.get_by_role("alert")
    expect(block).to_contain_text("You may not do this")
    expect(block).to_contain_text("Microsoft.MachineLearningServices/workspaces/models/read")
    expect(block).to_contain_text("Roles with this right: MLflow READ, ")
    expect(block).to_contain_text("Owner")
    expect(block).not_to_contain_text("Permission denied")  # the title says so
    expect(block).not_to_contain_text("MLflow DENY")


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), pytest.param("dark", "es", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_axe_finds_no_serious_problem(server: Server, people: People, page: Page, theme: str, language: str) -> None:
    page.add_init_script(
        f"localStorage.setItem('trackside.theme', '{theme}'); localStorage.setItem('trackside.language', '{language}')"
    )
    title, name, password, wrong = {
        "en": ("Sign in", "User name", "Password", "The user name or the password is wrong."),
        "es": (
            "Iniciar sesión", "Nombre de usuario", "Contraseña", "El nombre de usuario o la contraseña no son correctos.",
        ),
    }[language]  # fmt: skip

    page.goto(server.url)
    dialog = page.get_by_role("dialog", name=title)
    expect(dialog.get_by_label(name)).to_be_focused()
    assert axe.serious(page) == []
    dialog.get_by_label(name).fill("root")
    dialog.get_by_label(password, exact=True).fill("wrong-kettle-41")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text(wrong)
    assert axe.serious(page) == []
    box = dialog.bounding_box()
    assert box is not None
    assert box["width"] == 360


@pytest.mark.slow
def test_each_provider_has_a_button_and_returns_to_the_same_page(
    start: Callable[..., Server], page: Page, console: list[str], tmp_path: Path
) -> None:
    with closing(TestIssuer()) as issuer:
        issuer.claims = {"sub": "1", "preferred_username": "ana"}
        (tmp_path / "secret").write_text(SECRET)
        (tmp_path / "oidc.toml").write_text(
            issuer.table("company", title="Company login", client_secret_file="secret")
            + '\n[partner]\nissuer = "http://127.0.0.1:9"\nclient_id = "trackside"\ntitle = "Partner login"\n'
        )
        server = start("--oidc", str(tmp_path / "oidc.toml"))
        people = People(server.api).begin()
        people.admin.post("registered-models/create", name="churn")

        page.goto(f"{server.url}/#/models/churn")
        dialog = page.get_by_role("dialog", name="Sign in")
        expect(dialog.get_by_role("button", name="Sign in with Partner login")).to_be_visible()
        expect(dialog.get_by_label("Password", exact=True)).to_be_visible()
        assert axe.serious(page) == []
        dialog.get_by_role("button", name="Sign in with Partner login").click()
        expect(dialog.get_by_role("alert")).to_contain_text("partner")

        dialog.get_by_role("button", name="Sign in with Company login").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("churn")
        expect(page).to_have_url(f"{server.url}/#/models/churn")
        expect(page.get_by_role("button", name="ana")).to_be_visible()
    console.clear()  # Chromium's lines about answers 401 and 503

"""The page of one's own account and its tokens."""

import pytest
from playwright.sync_api import Page, expect

from support.pages import axe
from support.pages.sign_in import fill
from support.people import ADMIN, OURS, PASSWORD, People, bearer, signed
from support.processes.servers import Server

pytestmark = pytest.mark.slow


def test_a_token_is_shown_once_works_and_is_revoked_after_a_preview(server: Server, people: People, page: Page) -> None:
    page.goto(f"{server.url}/#/account")
    fill(page)
    expect(page.get_by_text("No tokens yet")).to_be_visible()
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name", exact=True).fill("ci")
    page.get_by_label("Scope").select_option("read")
    page.get_by_label("Workspace or experiment").fill("default")
    page.get_by_label("Days until it expires").fill("7")
    page.get_by_role("button", name="Create the token").click()

    dialog = page.get_by_role("dialog", name="The token ci")
    secret = dialog.get_by_role("region", name="token").inner_text()
    mine = signed(people.open, bearer(secret))
    assert mine.get(f"{OURS}/me")["name"] == ADMIN
    assert mine.ask("POST", "experiments/create", {"name": "e"}).status == 403
    dialog.get_by_role("button", name="Done").click()

    row = page.get_by_role("region", name="Tokens").get_by_role("row").nth(1)
    expect(row).to_contain_text("ci")
    expect(row).to_contain_text("default")
    assert secret not in page.content()
    (token,) = people.admin.get(f"{OURS}/me/tokens")["tokens"]
    assert token["expires_at"] - token["created_at"] == 7 * 86_400_000

    row.get_by_role("button", name="Revoke ci").click()
    dialog = page.get_by_role("dialog", name="Delete the token ci")
    expect(dialog).to_contain_text("1 token")
    expect(dialog).to_contain_text("Programs that use the token are refused at once. No recorded use yet.")
    assert mine.get(f"{OURS}/me")["name"] == ADMIN
    assert axe.serious(page) == []
    dialog.get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("No tokens yet")).to_be_visible()
    assert mine.ask("GET", f"{OURS}/me").status == 401


def test_a_refusal_is_shown_and_the_input_is_kept(server: Server, people: People, page: Page) -> None:
    page.goto(f"{server.url}/#/account")
    fill(page)
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name", exact=True).fill("ci")
    page.get_by_label("Days until it expires").fill("soon")
    expect(page.get_by_role("alert")).to_have_text("A whole number of days, 1 or more.")
    page.get_by_label("Days until it expires").fill("99999")
    page.get_by_role("button", name="Create the token").click()

    expect(page.get_by_role("alert")).to_contain_text("expires_in_days is 99999")
    expect(page.get_by_label("Name", exact=True)).to_have_value("ci")
    assert people.admin.get(f"{OURS}/me/tokens").get("tokens", []) == []


@pytest.mark.parametrize("theme", [pytest.param("light", marks=pytest.mark.slow), "dark"])
def test_axe_finds_no_serious_problem(server: Server, people: People, page: Page, theme: str) -> None:
    people.token(ADMIN)
    page.add_init_script(f"localStorage.setItem('trackside.theme', '{theme}')")
    page.goto(f"{server.url}/#/account")
    fill(page)
    page.get_by_role("region", name="Tokens").wait_for()
    assert axe.serious(page) == []
    page.get_by_role("button", name="New token").click()
    assert axe.serious(page) == []


def test_the_password_is_changed_and_the_browser_stays_signed_in(server: Server, people: People, page: Page) -> None:
    page.goto(f"{server.url}/#/account")
    fill(page)
    page.get_by_role("button", name="Change the password").click()
    dialog = page.get_by_role("dialog", name="Change the password")
    dialog.get_by_label("Current password").fill("not-the-right-one")
    dialog.get_by_label("New password").fill("another-kettle-42")
    dialog.get_by_role("button", name="Change the password").click()
    expect(dialog.get_by_role("alert")).to_have_text("Current password does not match")

    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Changed the password")).to_be_visible()
    page.reload()
    expect(page.get_by_role("region", name="Sessions")).to_contain_text("this browser")
    login = people.open.ask("POST", f"{OURS}/login", {"username": ADMIN, "password": PASSWORD})
    assert login.status == 401


def test_a_session_of_another_browser_is_ended(server: Server, people: People, page: Page) -> None:
    headers = {"user-agent": "Another Browser"}
    body = {"username": ADMIN, "password": PASSWORD}
    other = people.open.ask("POST", f"{OURS}/login", body, headers=headers)
    cookie = other.headers["set-cookie"].partition(";")[0]
    page.goto(f"{server.url}/#/account")
    fill(page)
    rows = page.get_by_role("region", name="Sessions").get_by_role("row")
    expect(rows).to_have_count(3)

    page.get_by_role("button", name="End the session from").click()

    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("this browser")
    assert people.open.ask("GET", f"{OURS}/me", headers={"cookie": cookie}).status == 401

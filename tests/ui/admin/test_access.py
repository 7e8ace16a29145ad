"""The pages of users, groups, roles, assignments and the audit log, and the access of one object."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.links import until
from support.pages import axe
from support.pages.sign_in import fill
from support.people import ADMIN, OURS, PASSWORD, People, basic, bearer, signed
from support.processes.servers import Server

pytestmark = pytest.mark.slow

ML = "Microsoft.MachineLearningServices/workspaces"


def open_page(server: Server, page: Page, address: str, name: str = ADMIN) -> None:
    page.goto(f"{server.url}/#/{address}")
    fill(page, name)
    expect(page.get_by_role("dialog")).to_have_count(0)


def menu(page: Page, item: str) -> None:
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=item).click()


def test_a_user_is_created_added_to_a_group_disabled_and_deleted(server: Server, people: People, page: Page) -> None:
    people.admin.post(f"{OURS}/groups", name="team")
    open_page(server, page, "access")
    page.get_by_role("button", name="New user").click()
    page.get_by_label("User name").fill("bo")
    page.get_by_role("button", name="Create").click()
    first = page.get_by_role("region", name="One-time password").inner_text()
    page.get_by_role("button", name="Close").last.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("bo")
    fields = {"current_password": first, "password": PASSWORD}
    signed(people.open, basic("bo", first)).post(f"{OURS}/me/password", fields)
    page.get_by_role("combobox", name="Add to a group").fill("team")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="team")).to_be_visible()
    assert people.named("bo").get(f"{OURS}/me")["groups"] == ["team"]

    menu(page, "Disable")
    expect(page.get_by_text("disabled", exact=True)).to_be_visible()
    assert people.named("bo").ask("GET", f"{OURS}/me").status == 401
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("disabled", exact=True)).to_have_count(0)
    assert people.named("bo").ask("GET", f"{OURS}/me").status == 200

    menu(page, "Delete")
    page.get_by_label("Type bo to delete the user").fill("bo")
    page.get_by_role("button", name="Delete the user").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Users")
    expect(page.get_by_role("link", name="bo", exact=True)).to_have_count(0)
    assert people.admin.ask("GET", f"{OURS}/users/bo").status == 404


@pytest.mark.slow
def test_a_password_is_reset_with_one_that_its_user_changes_at_the_sign_in(
    server: Server, people: People, page: Page
) -> None:
    people.add("bo")
    open_page(server, page, "access/users/bo")
    menu(page, "Set a new password")
    page.get_by_role("button", name="Create a one-time password").click()
    made = page.get_by_role("region", name="One-time password").inner_text()
    assert people.named("bo").ask("GET", f"{OURS}/me").status == 401  # by the old one

    page.context.clear_cookies()
    page.goto(f"{server.url}/#/experiments")
    page.reload()
    fill(page, "bo", made)
    page.get_by_label("New password").fill(made)
    page.get_by_role("button", name="Change and sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The new password is the current one")
    page.get_by_label("New password").fill("another-kettle-42")
    page.get_by_role("button", name="Change and sign in").click()

    expect(page.get_by_role("button", name="bo", exact=True)).to_be_visible()
    assert signed(people.open, basic("bo", "another-kettle-42")).get(f"{OURS}/me")["name"] == "bo"


@pytest.mark.slow
def test_a_service_principal_gets_a_token(server: Server, people: People, page: Page) -> None:
    open_page(server, page, "access/services")
    page.get_by_role("button", name="New service principal").click()
    page.get_by_label("User name").fill("trainer")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name", exact=True).fill("ci")
    page.get_by_role("button", name="Create the token").click()

    secret = page.get_by_role("dialog", name="The token ci").get_by_role("region", name="token").inner_text()
    assert signed(people.open, bearer(secret)).get(f"{OURS}/me")["name"] == "trainer"


@pytest.mark.slow
def test_members_of_a_group_are_added_and_removed(server: Server, people: People, page: Page) -> None:
    people.add("bo")
    open_page(server, page, "access/groups")
    page.get_by_role("button", name="New group").click()
    page.get_by_label("Group name").fill("team")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("combobox", name="Add a member").fill("bo")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("region", name="Members").get_by_role("link", name="bo")).to_be_visible()
    page.get_by_role("button", name="Remove bo from the group").click()
    expect(page.get_by_text("This group has no members.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("region", name="Members").get_by_role("link", name="bo")).to_be_visible()
    assert people.admin.get(f"{OURS}/groups/team")["group"]["members"] == ["bo"]


def test_errors_of_a_role_are_shown_while_it_is_edited(server: Server, people: People, page: Page) -> None:
    open_page(server, page, "access/roles")
    page.get_by_role("button", name="New role").click()
    text = page.get_by_label("Role as JSON")
    create = page.get_by_role("button", name="Create the role")
    expect(create).to_be_disabled()
    expect(page.get_by_text("The role needs a Name.")).to_have_count(0)

    text.fill('{"Name": "Trainer",}')
    expect(page.get_by_text("Line 1: this is not JSON.")).to_be_visible()
    text.fill('{"Name": "Trainer", "Colour": "red"}')
    expect(page.get_by_text("Colour is not a field of a role.")).to_be_visible()
    text.fill(f'{{"Name": "Reader",\n"Actions": ["{ML}/experiments/*", "no action", "{ML}/computes/read"]}}')
    expect(page.get_by_text("Line 1: name is 'Reader'; a role of this name already exists")).to_be_visible()
    expect(page.get_by_text("Line 2: actions has 'no action'")).to_be_visible()
    expect(page.get_by_text(f"{ML}/computes/read matches no action of this server.")).to_be_visible()
    expect(create).to_be_disabled()

    text.fill(f'{{"Name": "Trainer", "Actions": ["{ML}/experiments/*"]}}')
    expect(page.get_by_text(f"{ML}/experiments/runs/write")).to_be_visible()
    create.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trainer")
    (made,) = [each for each in people.admin.get(f"{OURS}/roles")["roles"] if each["is_custom"]]
    assert made["actions"] == [f"{ML}/experiments/*"]


def test_access_to_an_experiment_is_granted_explained_and_revoked(server: Server, people: People, page: Page) -> None:
    churn = people.admin.new_experiment("churn")
    bo = people.add("bo")
    people.grant("everybody", "Creator", "/ws/default")
    scope = f"/ws/default/experiments/{churn}"
    open_page(server, page, f"experiments/{churn}")
    page.get_by_role("button", name="Access").click()
    dialog = page.get_by_role("dialog", name="Access to churn")
    expect(dialog.get_by_role("region", name="Inherited")).to_contain_text("everybody")
    dialog.get_by_role("combobox", name="Principal").fill("bo")
    dialog.get_by_label("Role", exact=True).select_option("MLflow EDIT")
    dialog.get_by_role("button", name="Assign the role").click()
    expect(dialog.get_by_role("region", name="At this scope")).to_contain_text("bo")
    assert bo.new_run(churn)

    dialog.get_by_role("link", name="Check access at this scope").click()
    page.get_by_role("combobox", name="Principal").fill("bo")
    page.get_by_role("combobox", name="Action").fill("runs/write")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("heading", level=2)).to_contain_text(f"bo may do {ML}/experiments/runs/write at {scope}")
    expect(page.get_by_text(f"MLflow EDIT for bo at {scope}")).to_be_visible()

    page.goto(f"{server.url}/#/access/assignments?principal=bo")
    page.get_by_role("button", name="Remove MLflow EDIT of bo").click()
    expect(page.get_by_text("No assignments")).to_be_visible()
    assert bo.ask("POST", "runs/create", {"experiment_id": churn}).status == 403


@pytest.mark.slow
def test_a_denial_is_made_on_an_object(server: Server, people: People, page: Page) -> None:
    people.admin.post("registered-models/create", name="secret")
    bo = people.add("bo", "Reader")
    open_page(server, page, "models/secret")
    page.get_by_role("button", name="Access").click()
    dialog = page.get_by_role("dialog", name="Access to secret")
    dialog.get_by_role("combobox", name="Principal").fill("bo")
    dialog.get_by_label("Role", exact=True).select_option("MLflow READ")
    dialog.get_by_label("Deny what the role may do").check()
    dialog.get_by_role("button", name="Deny the role").click()

    expect(dialog.get_by_role("region", name="At this scope")).to_contain_text("denied")
    assert bo.fault("registered-models/get", method="GET", name="secret")[0] == 403


def test_actions_without_a_right_are_not_offered_to_a_reader(server: Server, people: People, page: Page) -> None:
    churn = people.admin.new_experiment("churn")
    people.admin.new_run(churn)
    people.admin.post("registered-models/create", name="churn")
    people.add("bo", "Reader")
    open_page(server, page, "experiments", "bo")
    expect(page.get_by_role("link", name="churn")).to_be_visible()
    offered = ["New experiment", "More actions", "Actions of churn", "New workspace", "New webhook", "New link", "Move"]

    for address in (
        "experiments",
        f"experiments/{churn}",
        "models/churn",
        "workspaces",
        "webhooks",
        "links",
        "access/users",
    ):
        page.goto(f"{server.url}/#/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        for name in offered:
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Audit log")).to_have_count(0)


@pytest.mark.slow
def test_the_audit_log_is_filtered_paged_and_exported(
    server: Server, people: People, page: Page, tmp_path: Path
) -> None:
    for number in range(105):
        people.admin.post(f"{OURS}/groups", name=f"group-{number:03}")
    people.add("bo").ask("GET", f"{OURS}/users")  # refused; the log has it a moment later
    until(lambda: bool(people.admin.get(f"{OURS}/audit?outcome=denied").get("entries")), "the refusal to be logged")
    open_page(server, page, "access/audit")
    table = page.get_by_role("region", name="Audit log")
    rows = table.get_by_role("row")

    page.get_by_label("Action, or its beginning with a dot").fill("group.")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(101)
    page.get_by_role("button", name="Load more").click()
    expect(rows).to_have_count(106)
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_label("Outcome").select_option("denied")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("bo")
    rows.nth(1).get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_contain_text("GET /api/trackside/v1/users")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Export").click()
    with page.expect_download() as begun:
        page.get_by_role("menuitem", name="CSV").click()
    begun.value.save_as(tmp_path / "audit.csv")
    lines = (tmp_path / "audit.csv").read_text().splitlines()
    assert lines[0].startswith("seq,at,actor")
    assert len(lines) == 2
    assert ",bo," in lines[1]
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("The log is complete")).to_be_visible()


def test_the_first_administrator_of_an_open_server_is_created_and_signed_in(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/access")
    page.get_by_role("button", name="Create the first administrator").click()
    page.get_by_label("User name").fill("ana")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("ana")
    expect(page.get_by_role("button", name="ana")).to_be_visible()
    assert server.api.ask("POST", "experiments/search", {"max_results": 1}).status == 401


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_problem(server: Server, people: People, page: Page, theme: str) -> None:
    churn = people.admin.new_experiment("churn")
    people.add("bo", "MLflow READ", f"/ws/default/experiments/{churn}")
    people.admin.post(f"{OURS}/groups", name="team")
    role = people.admin.post(f"{OURS}/roles", name="Trainer", actions=["*/read"])["role"]["role_id"]
    page.add_init_script(f"localStorage.setItem('trackside.theme', '{theme}')")
    open_page(server, page, "access")

    found: list[str] = []
    for part in (
        "users", "services", "users/bo", "groups", "groups/team", "roles", f"roles/{role}", "roles/new", "roles/mlflow-edit",
        "assignments", f"explain?principal=bo&action=runs/read&scope=/ws/default/experiments/{churn}", "audit",
    ):  # fmt: skip
        page.goto(f"{server.url}/#/access/{part}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        found += [f"{part}: {each}" for each in axe.serious(page)]
    page.goto(f"{server.url}/#/experiments/{churn}")
    page.get_by_role("button", name="Access").click()
    page.get_by_role("region", name="At this scope").wait_for()
    found += axe.serious(page)

    assert found == []

"""The lists behind the pages of access: pages of users, groups and assignments, what holds at a place, the check of a role."""

from typing import Any

import pytest

from support.client import Api
from support.people import ADMIN, OURS, People

ML = "Microsoft.MachineLearningServices/workspaces"


def all_pages(api: Api, path: str, key: str) -> list[list[Any]]:
    found, token = [], ""
    while True:
        page = api.get(f"{OURS}/{path}", max_results=2, page_token=token)
        found.append(page.get(key, []))
        token = page.get("next_page_token", "")
        if not token:
            return found


def test_users_come_in_pages_by_name(people: People) -> None:
    for name in ("cy", "al", "bo", "di"):
        people.add(name)

    pages = all_pages(people.admin, "users", "users")

    assert [[user["name"] for user in page] for page in pages] == [["al", "bo"], ["cy", "di"], [ADMIN]]


def test_users_are_found_by_a_part_of_their_names_and_by_kind(people: People) -> None:
    people.add("Ana", display_name="Garc%a")
    people.add("bo")
    people.admin.post(f"{OURS}/users", name="banana", kind="service")
    find = people.admin.get

    def found(**asked: str) -> list[str]:
        return [user["name"] for user in find(f"{OURS}/users", **asked).get("users", [])]

    assert sorted(found(search="ANA")) == ["Ana", "banana"]
    assert found(search="ana", kind="service") == ["banana"]
    assert (found(search="c%"), found(search="c_a"), found(search="rc%a")) == (["Ana"], [], ["Ana"])
    status, _, message = people.admin.fault(f"{OURS}/users", method="GET", kind="robot")
    assert (status, message) == (400, "kind is 'robot'; it must be user or service")
    assert people.admin.fault(f"{OURS}/users", method="GET", max_results=0)[0] == 400


@pytest.mark.both
def test_assignments_come_in_pages_and_by_place(people: People) -> None:
    admin = people.admin
    red = admin.new_experiment("red")
    people.add("bo", "Reader")
    people.add("cy", "Reader", "/")
    people.add("di", "MLflow EDIT", f"/ws/default/experiments/{red}")
    admin.new_workspace("north")
    people.grant("everybody", "Reader", "/ws/north")
    admin.post(f"{OURS}/groups", name="team")
    people.deny("team", "Reader", "/ws/default/experiments/*")

    def found(**asked: Any) -> list[tuple[str, str]]:
        listed = admin.get(f"{OURS}/role-assignments", **asked)["assignments"]
        return sorted((each["principal"], each["scope"]) for each in listed if each["principal"] != ADMIN)

    in_red, in_all = f"/ws/default/experiments/{red}", "/ws/default/experiments/*"
    assert found(scope="/ws/default") == [("bo", "/ws/default"), ("di", in_red), ("team", in_all)]
    assert found(scope="/ws/default", inherited="true") == [("bo", "/ws/default"), ("cy", "/")]
    assert found(scope=in_red) == [("di", in_red)]
    assert found(scope=in_red, inherited="true") == [
        ("bo", "/ws/default"), ("cy", "/"), ("di", in_red), ("team", in_all)
    ]  # fmt: skip
    assert found(scope="/ws/north", inherited="true") == [("cy", "/"), ("everybody", "/ws/north")]
    assert found(principal="di") == [("di", in_red)]
    pages = all_pages(admin, "role-assignments", "assignments")
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)
    ids = [each["assignment_id"] for page in pages for each in page]
    assert ids == sorted(set(ids))
    assert admin.fault(f"{OURS}/role-assignments", method="GET", page_token="x")[0] == 400


def test_a_manager_of_one_object_sees_only_the_assignments_at_it(people: People) -> None:
    red = people.admin.new_experiment("red")
    bo = people.add("bo", "MLflow MANAGE", f"/ws/default/experiments/{red}")
    people.add("cy", "Reader")

    listed = bo.get(f"{OURS}/role-assignments", scope=f"/ws/default/experiments/{red}", inherited="true")

    assert {each["principal"] for each in listed["assignments"]} == {"bo", "cy", ADMIN}
    for scope in ("/ws/default", "/", "/ws/default/experiments/0"):
        assert bo.ask("GET", f"{OURS}/role-assignments?scope={scope}&inherited=true").status == 403, scope


def test_a_draft_of_a_role_is_checked_by_field(people: People) -> None:
    people.add("bo")
    draft = {
        "name": "reader",
        "actions": [f"{ML}/experiments/*", f"{ML}/computes/read", "no action"],
        "not_actions": [f"{ML}/experiments/delete"],
        "assignable_scopes": ["/ws/default", "here"],
    }

    checked = people.admin.post(f"{OURS}/roles/check", draft)

    assert [(each["field"], each["value"]) for each in checked["problems"]] == [
        ("name", "reader"), ("actions", "no action"), ("assignable_scopes", "here")
    ]  # fmt: skip
    assert f"{ML}/experiments/runs/write" in checked["allowed"]
    assert f"{ML}/experiments/delete" not in checked["allowed"]
    assert checked["unknown"] == [f"{ML}/computes/read"]
    told = people.named("bo").post(f"{OURS}/roles/check", {"name": "mine", "assignable_scopes": ["/"]})
    assert [each["field"] for each in told["problems"]] == ["assignable_scopes"]
    assert all(role["name"] != "mine" for role in people.admin.get(f"{OURS}/roles")["roles"])


def test_a_role_cannot_take_the_name_of_another(people: People) -> None:
    first = people.admin.post(f"{OURS}/roles", name="First", actions=["*/read"])["role"]
    people.admin.post(f"{OURS}/roles", name="Second", actions=["*/read"])

    for name in ("second", "Reader"):
        refused = people.admin.ask("PUT", f"{OURS}/roles/{first['role_id']}", {"name": name, "actions": ["*/read"]})
        assert refused.status == 400, name
        assert refused.json["error_code"] == "RESOURCE_ALREADY_EXISTS"

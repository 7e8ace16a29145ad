"""Which custom roles callers see: their places name workspaces, experiments and models that may be hidden."""

from typing import Any

import pytest

from support.client import Api
from support.people import OURS, People, bearer, signed

GONE = (404, "RESOURCE_DOES_NOT_EXIST")


def custom(api: Api) -> dict[str, list[str]]:
    """The places of each custom role that the caller sees."""
    roles = api.get(f"{OURS}/roles")["roles"]
    return {role["name"]: role.get("assignable_scopes", []) for role in roles if role["is_custom"]}


@pytest.fixture
def roles(people: People) -> dict[str, str]:
    """The ids of roles for the server, for one workspace, for two, and for one experiment."""
    admin = people.admin
    admin.new_workspace("north")
    admin.new_workspace("south")
    secret = admin.new_experiment("secret")
    places = {
        "Everywhere": ["/"],
        "Northern": ["/ws/north"],
        "Both": ["/ws/north", "/ws/south"],
        "Secret": [f"/ws/default/experiments/{secret}"],
    }

    def make(name: str, scopes: list[str]) -> str:
        made: Any = admin.post(f"{OURS}/roles", name=name, actions=["*/read"], assignable_scopes=scopes)
        return str(made["role"]["role_id"])

    return {name: make(name, scopes) for name, scopes in places.items()}


def test_a_caller_sees_the_roles_and_scopes_of_readable_workspaces(people: People, roles: dict[str, str]) -> None:
    nobody = people.add("ana")
    northern = people.add("bo", "MLflow READ", "/ws/north/experiments/0")
    reader = people.add("cy", "Reader", "/ws/south")

    assert sorted(custom(people.admin)) == sorted(roles)
    assert custom(nobody) == {"Everywhere": ["/"]}
    assert custom(northern) == {"Everywhere": ["/"], "Northern": ["/ws/north"], "Both": ["/ws/north"]}
    assert custom(reader) == {"Everywhere": ["/"], "Both": ["/ws/south"]}


def test_a_caller_sees_a_role_that_they_have_by_a_group(people: People, roles: dict[str, str]) -> None:
    bo = people.add("bo")
    people.admin.post(f"{OURS}/groups", name="eyes")
    people.admin.post(f"{OURS}/groups/eyes/members", member="bo")
    [place] = custom(people.admin)["Secret"]
    people.grant("eyes", "Secret", place)

    found = bo.get(f"{OURS}/roles/{roles['Secret']}")["role"]

    assert (found["name"], found["assignable_scopes"]) == ("Secret", [place])


def test_a_token_of_one_workspace_shows_no_places_of_another(people: People, roles: dict[str, str]) -> None:
    people.add("bo", "Reader", "/ws/north")
    people.grant("bo", "Reader", "/ws/south")
    token = people.token("bo", place="north")

    found = custom(signed(people.open, bearer(token)))

    assert found == {"Everywhere": ["/"], "Northern": ["/ws/north"], "Both": ["/ws/north"]}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_hidden_and_missing_roles_are_answered_alike(people: People, roles: dict[str, str], method: str) -> None:
    bo = people.add("bo", "Owner", "/ws/south")
    body = {"name": "x", "actions": []} if method == "PUT" else {}

    hidden = bo.fault(f"{OURS}/roles/{roles['Northern']}", body, method=method)
    missing = bo.fault(f"{OURS}/roles/{roles['Northern'][::-1]}", body, method=method)

    assert hidden[:2] == missing[:2] == GONE
    assert hidden[2].replace(roles["Northern"], "") == missing[2].replace(roles["Northern"][::-1], "")


def test_assigning_a_missing_role_lists_the_visible_roles(people: People, roles: dict[str, str]) -> None:
    bo = people.add("bo", "Owner", "/ws/south")

    message = bo.fault(f"{OURS}/role-assignments", principal="bo", role="Raeder", scope="/ws/south")[2]

    begin, named = message.removesuffix(".").split(". The roles are ")
    assert begin == "Role 'Raeder' not found"
    assert {"Reader", "Owner", "Everywhere", "Both"} <= set(named.split(", "))
    assert not {"Northern", "Secret"} & set(named.split(", "))


def test_a_message_names_some_of_many_roles(people: People) -> None:
    for number in range(20):
        people.admin.post(f"{OURS}/roles", name=f"role {number}", actions=["*/read"])
    people.add("bo")

    message = people.admin.fault(f"{OURS}/role-assignments", principal="bo", role="x", scope="/ws/default")[2]

    assert message.count(",") < 30
    assert message.endswith(" more.")


def test_assigning_a_hidden_role_reveals_no_scope_of_it(people: People, roles: dict[str, str]) -> None:
    bo = people.add("bo", "Owner", "/ws/south")

    def refused(role: str) -> Any:
        return bo.fault(f"{OURS}/role-assignments", principal="bo", role=role, scope="/ws/south")

    assert refused("Northern")[:2] == GONE
    bo.post(f"{OURS}/role-assignments", principal="bo", role="Both", scope="/ws/south")
    people.grant("bo", "Northern", "/ws/north/experiments/0")
    assert refused("Northern")[2] == ("The role 'Northern' may be assigned at /ws/north and below, not at /ws/south.")

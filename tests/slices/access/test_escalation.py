"""No caller can extend their own rights by groups, roles, users, tokens, identities, denials, or credentials of deleted users."""

import pytest

from support.client import Api
from support.people import ADMIN, OURS, PASSWORD, People, bearer, signed

AUTHORIZATION = "Microsoft.Authorization"
ML = "Microsoft.MachineLearningServices/workspaces"


@pytest.fixture
def manager(people: People) -> Api:
    """May write and delete users and roles, and assigns none."""
    actions = [f"{AUTHORIZATION}/users/*", f"{AUTHORIZATION}/roleDefinitions/*"]
    people.admin.post(f"{OURS}/roles", {"name": "People manager", "actions": actions, "assignable_scopes": ["/"]})
    people.admin.post(f"{OURS}/groups", name="owners")
    people.grant("owners", "Owner", "/")
    return people.add("mia", "People manager", "/")


def test_a_manager_of_users_can_manage_users(people: People, manager: Api) -> None:
    manager.post(f"{OURS}/users", name="bo", password=PASSWORD)
    manager.post(f"{OURS}/groups", name="team")
    assert manager.ask("POST", f"{OURS}/groups/team/members", {"member": "bo"}).status == 200
    assert manager.ask("PATCH", f"{OURS}/users/bo", {"one_time_password": True}).status == 200
    assert manager.ask("DELETE", f"{OURS}/users/bo").status == 200


def test_the_right_to_write_users_gives_no_other_rights(
    people: People, manager: Api, subtests: pytest.Subtests
) -> None:
    cases: list[tuple[str, str, object]] = [
        ("POST", "groups/owners/members", {"member": "mia"}),
        ("POST", "users/olga/tokens", {"token_name": "t"}),
        ("PATCH", "users/olga", {"password": "another-kettle-42"}),
        ("PATCH", "users/olga", {"one_time_password": True}),
        ("PATCH", "users/olga", {"is_disabled": True}),
        ("DELETE", "users/olga", None),
        ("DELETE", "groups/owners", None),
        ("DELETE", "groups/owners/members/olga", None),
        ("POST", "users/trainer/trusts", {"provider": "company", "claims": {"sub": "x"}}),
        ("POST", "users/olga/identities", {"provider": "company", "subject": "1"}),
        ("PATCH", "users/mia", {"is_admin": True}),
        ("POST", "users", {"name": "second", "is_admin": True, "password": PASSWORD}),
        ("POST", "role-assignments", {"principal": "mia", "role": "Owner", "scope": "/"}),
        ("PATCH", f"users/{ADMIN}", {"password": "another-kettle-42"}),
        ("POST", f"users/{ADMIN}/tokens", {"token_name": "t"}),
    ]

    people.add("olga")
    people.admin.post(f"{OURS}/groups/owners/members", member="olga")
    people.admin.post(f"{OURS}/users", name="trainer", kind="service")
    people.grant("trainer", "Owner", "/ws/default")

    for method, path, body in cases:
        with subtests.test(method=method, path=path, body=body):
            reply = manager.ask(method, f"{OURS}/{path}", body)

            assert (reply.status, reply.json["error_code"]) == (403, "PERMISSION_DENIED")
            assert people.named("olga").get(f"{OURS}/me")["groups"] == ["owners"]
            assert manager.get(f"{OURS}/me").get("groups", []) == []


def test_a_user_cannot_leave_a_group_that_denies_something(people: People, manager: Api) -> None:
    people.admin.post(f"{OURS}/groups", name="blocked")
    people.deny("blocked", "Reader", "/ws/default")
    people.admin.post(f"{OURS}/groups/blocked/members", member="mia")
    people.grant("mia", "Reader", "/ws/default")

    assert manager.ask("DELETE", f"{OURS}/groups/blocked/members/mia").status == 403
    assert manager.ask("DELETE", f"{OURS}/groups/blocked").status == 403
    assert manager.ask("GET", "experiments/get", arguments={"experiment_id": 0}).status == 403


def test_a_caller_cannot_widen_their_own_role(people: People, manager: Api) -> None:
    roles = people.admin.get(f"{OURS}/roles")["roles"]
    role = next(each["role_id"] for each in roles if each["name"] == "People manager")
    fields = {"name": "People manager", "assignable_scopes": ["/"]}

    wider = manager.ask("PUT", f"{OURS}/roles/{role}", {**fields, "actions": ["*"]})
    narrower = manager.ask("PUT", f"{OURS}/roles/{role}", {**fields, "actions": [f"{AUTHORIZATION}/users/*"]})

    assert (wider.status, narrower.status) == (403, 200)


def test_a_caller_cannot_narrow_a_role_that_denies_them(people: People, manager: Api) -> None:
    fields = {"name": "No reading", "actions": [f"{ML}/experiments/read"], "assignable_scopes": ["/"]}
    role = people.admin.post(f"{OURS}/roles", fields)["role"]["role_id"]
    people.deny("mia", "No reading", "/")

    reply = manager.ask("PUT", f"{OURS}/roles/{role}", {**fields, "actions": [f"{ML}/links/read"]})
    gone = manager.ask("DELETE", f"{OURS}/roles/{role}")

    assert (reply.status, gone.status >= 400) == (403, True)
    assert manager.ask("GET", "experiments/get", arguments={"experiment_id": 0}).status == 403


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_token_cannot_create_a_token_with_more_rights(people: People, scope: str) -> None:
    token = people.token(ADMIN, scope=scope)
    narrow = signed(people.open, bearer(token))

    for path in ("me/tokens", f"users/{ADMIN}/tokens"):
        assert narrow.ask("POST", f"{OURS}/{path}", {"token_name": "t", "scope": "admin"}).status == 403
    assert narrow.ask("POST", f"{OURS}/me/password", {"current_password": PASSWORD, "password": "x"}).status >= 400


def test_a_token_never_exceeds_its_owner(people: People) -> None:
    bo = people.add("bo", "Reader")
    wide = signed(people.open, bearer(bo.post(f"{OURS}/me/tokens", token_name="t", scope="admin")["secret"]))

    assert wide.ask("POST", "experiments/search", {"max_results": 1}).status == 200
    assert wide.ask("POST", "experiments/create", {"name": "e"}).status == 403
    assert wide.ask("GET", f"{OURS}/users").status == 403


@pytest.mark.both
def test_credentials_of_a_deleted_user_are_invalid_for_a_later_user_of_the_name(people: People) -> None:
    bo = people.add("bo", "Owner", "/", password=PASSWORD)
    token = people.token("bo")
    reply = people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": PASSWORD})
    session = {"cookie": reply.headers["set-cookie"].partition(";")[0]}
    assert bo.ask("GET", f"{OURS}/users").status == 200

    people.admin.ask("DELETE", f"{OURS}/users/bo")
    people.admin.post(f"{OURS}/users", name="bo", password="another-kettle-42")

    for shown in (bearer(token), session, {}):
        assert signed(people.open, shown).ask("GET", f"{OURS}/me").status == 401
    assert bo.ask("GET", f"{OURS}/me").status == 401
    again = people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": "another-kettle-42"})
    assert signed(people.open, {"cookie": again.headers["set-cookie"].partition(";")[0]}).ask(
        "GET", f"{OURS}/users"
    ).status == 403  # fmt: skip

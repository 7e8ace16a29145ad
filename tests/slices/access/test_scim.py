"""SCIM 2.0: what a directory such as Entra ID or Okta sends, and what a token of the scope `scim` may not do."""

from dataclasses import dataclass
from typing import Any

import pytest

from support.client import Api, Reply
from support.people import ADMIN, OURS, People, bearer, signed

SCIM = {"content-type": "application/scim+json"}
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True)
class Directory:
    api: Api

    def ask(self, method: str, path: str, body: Any = None, **arguments: str) -> Reply:
        return self.api.ask(method, f"/scim/v2/{path}", body, headers=SCIM, arguments=arguments)

    def make(self, path: str, **body: Any) -> Any:
        reply = self.ask("POST", path, body)
        assert reply.status == 201, reply
        assert reply.headers["content-type"] == "application/scim+json"
        return reply.json

    def patch(self, path: str, *operations: Any) -> Any:
        reply = self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})
        assert reply.status == 200, reply
        return reply.json


@pytest.fixture
def directory(people: People) -> Directory:
    return Directory(signed(people.open, bearer(people.token(ADMIN, scope="scim"))))


@pytest.mark.both
def test_a_scim_token_allows_only_scim_calls(people: People, directory: Directory) -> None:
    assert directory.ask("GET", "Users").status == 200
    for method, path in (("GET", f"{OURS}/users"), ("POST", f"{OURS}/users"), ("POST", f"{OURS}/me/tokens")):
        reply = directory.api.ask(method, path, {"name": "x", "token_name": "x"} if method == "POST" else None)
        assert reply.status == 403, path
    bo = people.add("bo", "Contributor", "/")
    assert bo.ask("GET", "/scim/v2/Users").status == 403
    assert people.open.ask("GET", "/scim/v2/Users").status == 401


@pytest.mark.both
def test_a_user_is_created_found_changed_disabled_and_deleted(people: People, directory: Directory) -> None:
    made = directory.make(
        "Users", userName="ana@example.com", externalId="e-1", name={"givenName": "Ana", "familyName": "Lima"},
        emails=[{"value": "ana@example.com", "primary": True}], active=True, password="is-not-taken-1",
    )  # fmt: skip
    one = f"Users/{made['id']}"
    assert (made["userName"], made["displayName"], made["active"], made["externalId"]) == (
        *("ana@example.com", "Ana Lima", True, "e-1"),
    )
    assert "password" not in made
    assert not people.admin.get(f"{OURS}/users/ana@example.com")["user"]["has_password"]

    found = directory.ask("GET", "Users", filter='userName eq "ANA@example.com"').json
    assert (found["totalResults"], found["Resources"][0]["id"]) == (1, made["id"])
    assert directory.ask("GET", "Users", filter='externalId eq "e-1"').json["totalResults"] == 1
    assert directory.ask("GET", "Users", filter='userName eq "nobody"').json["Resources"] == []

    token = people.token("ana@example.com")
    changed = directory.patch(
        one,
        {"op": "Replace", "path": "name.givenName", "value": "Anna"},
        {"op": "replace", "value": {"active": "False", "displayName": "Anna Lima"}},
    )
    assert (changed["active"], changed["displayName"], changed["name"]) == (
        *(False, "Anna Lima", {"givenName": "Anna", "familyName": "Lima"}),
    )
    assert signed(people.open, bearer(token)).ask("GET", f"{OURS}/me").status == 401
    replaced = directory.ask("PUT", one, {"userName": "anna", "externalId": "e-1"}).json
    assert (replaced["userName"], replaced["active"], "name" in replaced) == ("anna", True, False)

    assert directory.ask("DELETE", one).status == 204
    assert directory.ask("GET", one).status == 404
    actions = [each["action"] for each in people.admin.get(f"{OURS}/audit", object_type="user")["entries"]]
    assert actions[:5] == ["user.delete", "user.enable", "user.rename", "user.disable", "user.rename"]


@pytest.mark.both
def test_members_of_a_group_are_added_removed_and_replaced(people: People, directory: Directory) -> None:
    ids = [directory.make("Users", userName=name)["id"] for name in ("ana", "bo", "cy")]
    group = directory.make("Groups", displayName="team", members=[{"value": ids[0]}])
    one = f"Groups/{group['id']}"

    def members() -> list[str]:
        return [each["display"] for each in directory.ask("GET", one).json["members"]]

    directory.patch(one, {"op": "add", "path": "members", "value": [{"value": ids[1]}, {"value": ids[2]}]})
    assert members() == ["ana", "bo", "cy"]
    directory.patch(one, {"op": "remove", "path": f'members[value eq "{ids[0]}"]'})
    assert members() == ["bo", "cy"]
    directory.patch(one, {"op": "remove", "path": "members", "value": [{"value": ids[1]}]})
    assert members() == ["cy"]
    directory.patch(one, {"op": "replace", "value": {"displayName": "crew", "members": [{"value": ids[0]}]}})
    assert members() == ["ana"]
    assert people.admin.get(f"{OURS}/groups/crew")["group"]["members"] == ["ana"]
    assert directory.ask("GET", "Groups", filter='displayName eq "crew"').json["totalResults"] == 1
    assert directory.ask("PUT", one, {"displayName": "crew"}).json["members"] == []
    assert directory.ask("DELETE", one).status == 204


def test_a_directory_cannot_change_an_administrator(people: People, directory: Directory) -> None:
    (root,) = directory.ask("GET", "Users", filter=f'userName eq "{ADMIN}"').json["Resources"]

    for method, body in (
        ("PATCH", {"Operations": [{"op": "replace", "path": "active", "value": False}]}),
        ("PUT", {"userName": "mine"}),
        ("DELETE", None),
    ):
        assert directory.ask(method, f"Users/{root['id']}", body).status == 403


def test_errors_have_scims_form(directory: Directory) -> None:
    made = directory.make("Users", userName="ana")
    one = f"Users/{made['id']}"
    wrong: list[tuple[str, str, Any, int, str | None]] = [
        ("POST", "Users", {"userName": "ana"}, 409, "uniqueness"),
        ("POST", "Users", {"userName": ""}, 400, "invalidValue"),
        ("POST", "Users", {"userName": "a:b"}, 400, None),
        ("POST", "Users", [], 400, "invalidSyntax"),
        ("POST", "Users", b'{"userName": "a\\u0000b"}', 400, "invalidSyntax"),
        ("POST", "Groups", {"displayName": "g", "members": [{"value": "999999"}]}, 400, "invalidValue"),
        ("POST", "Groups", {"displayName": "g", "members": [{"value": "x"}]}, 400, "invalidValue"),
        ("PATCH", one, {"Operations": []}, 400, "invalidSyntax"),
        ("PATCH", one, {"Operations": [{"op": "move", "path": "active"}]}, 400, "invalidSyntax"),
        ("PATCH", one, {"Operations": [{"op": "remove"}]}, 400, "noTarget"),
        ("PATCH", one, {"Operations": [{"op": "replace", "path": "colour", "value": 1}]}, 400, "invalidPath"),
        ("PATCH", one, {"Operations": [{"op": "replace", "path": "active", "value": "maybe"}]}, 400, "invalidValue"),
        ("GET", "Users/none", None, 404, None),
        ("GET", "Users/999999", None, 404, None),
        ("GET", "Groups/" + made["id"], None, 404, None),
    ]
    for method, path, body, status, kind in wrong:
        reply = directory.ask(method, path, body)
        assert (reply.status, reply.json["status"], reply.json.get("scimType")) == (status, str(status), kind), (
            path,
            body,
        )
    for text in ("userName", 'userName co "a"', 'title eq "x"'):
        assert directory.ask("GET", "Users", filter=text).json["scimType"] == "invalidFilter"
    assert directory.api.ask("POST", "/scim/v2/Users", b"x", headers={"content-type": "text/plain"}).status == 400


def test_a_directory_can_read_the_supported_features(directory: Directory) -> None:
    assert directory.ask("GET", "ServiceProviderConfig").json["patch"] == {"supported": True}
    assert [each["name"] for each in directory.ask("GET", "ResourceTypes").json["Resources"]] == ["User", "Group"]
    assert [each["name"] for each in directory.ask("GET", "Schemas").json["Resources"]] == ["User", "Group"]


def test_users_come_in_pages(directory: Directory) -> None:
    for number in range(5):
        directory.make("Users", userName=f"user{number}")

    second = directory.ask("GET", "Users", startIndex="3", count="2").json

    assert (second["totalResults"], second["startIndex"], second["itemsPerPage"]) == (6, 3, 2)
    assert [each["userName"] for each in second["Resources"]] == ["user1", "user2"]
    assert directory.ask("GET", "Users", count="0").json["Resources"] == []
    assert directory.ask("GET", "Users", count="x").status == 400

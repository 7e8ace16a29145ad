"""Answers and response times reveal nothing to a caller who guesses names or credentials."""

import pytest
from argon2 import extract_parameters

from support.client import Api
from support.people import ADMIN, OURS, PASSWORD, People, basic, bearer, signed
from trackside.identity import keys, passwords

SAME_PAGE = {"sec-fetch-site": "same-origin"}


def test_an_unknown_name_is_checked_against_a_hash_that_costs_as_much_as_any() -> None:
    nobodys = extract_parameters(passwords.NOBODYS_HASH)

    assert nobodys == extract_parameters(passwords.hash_of(PASSWORD))
    assert not passwords.is_outdated(passwords.NOBODYS_HASH)
    assert not passwords.is_correct(PASSWORD, passwords.NOBODYS_HASH)


def test_every_failed_sign_in_has_the_same_answer(people: People) -> None:
    people.add("gone", password=PASSWORD)
    people.add("disabled", password=PASSWORD)
    people.admin.post(f"{OURS}/users", name="trainer", kind="service")
    people.admin.post(f"{OURS}/users", name="by-provider")
    people.admin.post(f"{OURS}/groups", name="team")
    people.admin.ask("DELETE", f"{OURS}/users/gone")
    people.admin.ask("PATCH", f"{OURS}/users/disabled", {"is_disabled": True})
    tries = [
        (ADMIN, "wrong-kettle-41"), ("nobody", PASSWORD), ("gone", PASSWORD), ("disabled", PASSWORD), ("trainer", PASSWORD),
        ("by-provider", PASSWORD), ("team", PASSWORD), ("everybody", PASSWORD),
    ]  # fmt: skip

    replies = [people.open.ask("POST", f"{OURS}/login", {"username": n, "password": p}) for n, p in tries]
    asked = [people.open.ask("GET", f"{OURS}/me", headers=basic(n, p)) for n, p in tries]

    for found in (replies, asked):
        assert {reply.status for reply in found} == {401}
        assert len({(reply.body, reply.headers.get("www-authenticate")) for reply in found}) == 1


def test_an_unknown_token_gets_the_answer_for_an_invalid_one(people: People) -> None:
    shown = [keys.new_token(keys.OF_USER), keys.new_token(keys.OF_SERVICE), "tsp_x", "x", people.token(ADMIN)[:-1]]

    replies = [people.open.ask("GET", f"{OURS}/me", headers=bearer(each)) for each in shown]

    assert {reply.status for reply in replies} == {401}
    assert len({reply.body for reply in replies}) == 1


def test_a_caller_without_the_right_learns_no_name(people: People) -> None:
    people.admin.post("registered-models/create", name="iris")
    people.add("bo", "MLflow READ", "/ws/default/models/iris", password=PASSWORD)
    people.add("ana", password=PASSWORD)
    people.admin.post(f"{OURS}/groups", name="team")
    people.admin.post("registered-models/create", name="secret")
    hidden = people.admin.new_experiment("hidden")
    people.admin.new_workspace("north")
    bo = people.named("bo")

    def answers(api: Api, name: str, experiment: str, workspace: str) -> list[tuple[int, bytes]]:
        replies = [
            *(api.ask("GET", f"{OURS}/{path}/{name}") for path in ("users", "groups", "links", "endpoints")),
            api.ask("GET", "users/get", arguments={"username": name}),
            api.ask("GET", "experiments/get", arguments={"experiment_id": experiment}),
            api.ask("GET", "experiments/get-by-name", arguments={"experiment_name": name}),
            api.ask("GET", "registered-models/get", arguments={"name": name}),
            api.ask("POST", f"{OURS}/deletions/preview", {"experiment_ids": [experiment]}),
            api.ask("GET", f"{OURS}/access/explain", arguments={"principal": name, "action": "runs/write"}),
            api.ask("GET", f"{OURS}/role-assignments", arguments={"principal": name}),
            api.ask(
                "POST", f"{OURS}/role-assignments", {"principal": name, "role": "Reader", "scope": f"/ws/{workspace}"}
            ),
            api.ask("POST", f"{OURS}/deny-assignments", {"principal": name, "role": "Reader", "scope": "/"}),
            api.ask("GET", "users/permissions/list", version="3.0", arguments={"username": name}),
            api.ask("GET", "users/roles/list", version="3.0", arguments={"username": name}),
            api.within(workspace).ask("POST", "experiments/search", {"max_results": 1}),
        ]
        assert all(reply.status >= 400 for reply in replies)
        return [(reply.status, reply.body.replace(name.encode(), b"?")) for reply in replies]

    known = answers(bo, "ana", hidden, "north")
    assert known == answers(bo, "nobody", "987654321", "nowhere")
    assert known == answers(bo, "team", hidden, "north") == answers(bo, "secret", hidden, "north")


def test_creating_a_hidden_object_reveals_only_that_the_name_is_taken(people: People) -> None:
    people.admin.new_experiment("hidden")
    bo = people.add("bo", "Creator", password=PASSWORD)

    status, code, message = bo.fault("experiments/create", name="hidden")

    assert (status, code) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "1" not in message.replace("hidden", "")


@pytest.mark.parametrize("before", ["chosen by somebody else", "a session of another user"])
def test_a_sign_in_creates_a_new_session_id(people: People, before: str) -> None:
    people.add("eve", password=PASSWORD)
    eves = people.open.ask("POST", f"{OURS}/login", {"username": "eve", "password": PASSWORD}).headers["set-cookie"]
    cookie = eves.partition(";")[0] if "session" in before else "trackside_session=" + "A" * 43

    reply = people.open.ask(
        "POST", f"{OURS}/login", {"username": ADMIN, "password": PASSWORD}, headers={"cookie": cookie, **SAME_PAGE}
    )

    made = reply.headers["set-cookie"].partition(";")[0]
    assert made != cookie
    assert signed(people.open, {"cookie": made}).get(f"{OURS}/me")["name"] == ADMIN
    known = people.open.ask("GET", f"{OURS}/me", headers={"cookie": cookie})
    assert known.status == 401 or known.json["name"] == "eve"

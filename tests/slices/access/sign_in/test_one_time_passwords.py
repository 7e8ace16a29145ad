"""One-time passwords from an administrator, which only allow to set another password."""

import json
import re
from typing import Any

import pytest

from support.client import Api
from support.people import ADMIN, OURS, PASSWORD, People, basic, bearer, signed
from trackside.identity import store as identity

CHOSEN = "another-kettle-42"
SAME_PAGE = {"sec-fetch-site": "same-origin"}


def new_user(people: People, **more: Any) -> str:
    """The one-time password of a new user."""
    made = people.admin.post(f"{OURS}/users", {"name": "bo", "one_time_password": True, **more})
    assert made["user"]["password_ends_at"] - made["user"]["created_at"] == 3 * 86_400_000
    return str(made["password"])


def change(api: Api, current: str, new: str = CHOSEN) -> int:
    return api.ask("POST", f"{OURS}/me/password", {"current_password": current, "password": new}).status


def test_a_one_time_password_allows_only_its_change(people: People) -> None:
    first = new_user(people, is_admin=True)
    bo = signed(people.open, basic("bo", first))

    me = bo.get(f"{OURS}/me")
    assert (me["must_change_password"], me["is_admin"]) == (True, False)
    status, code, message = bo.fault("experiments/create", name="e")
    assert (status, code) == (403, "PERMISSION_DENIED")
    assert "one-time password" in message
    for method, path in (
        *(("GET", f"{OURS}/users"), ("POST", f"{OURS}/me/tokens"), ("GET", "/api/2.0/mlflow/users/list")),
        *(("POST", "experiments/search"), ("DELETE", f"{OURS}/users/{ADMIN}"), ("GET", f"{OURS}/audit")),
    ):
        assert bo.ask(method, path, {"token_name": "t", "max_results": 1}).status == 403, path

    assert change(bo, first) == 200

    assert bo.ask("GET", f"{OURS}/me").status == 401
    bo = signed(people.open, basic("bo", CHOSEN))
    assert (bo.get(f"{OURS}/me")["is_admin"], bo.get(f"{OURS}/me").get("must_change_password")) == (True, None)
    assert bo.get(f"{OURS}/users/bo")["user"].get("password_ends_at") is None
    assert bo.new_experiment("e")


def test_the_session_of_a_one_time_password_may_change_it_and_ends_with_it(people: People) -> None:
    first = new_user(people)
    reply = people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": first})
    bo = signed(people.open, {"cookie": reply.headers["set-cookie"].partition(";")[0], **SAME_PAGE})

    assert bo.get(f"{OURS}/me")["must_change_password"]
    assert bo.ask("POST", f"{OURS}/me/tokens", {"token_name": "t"}).status == 403
    assert (change(bo, first, first), change(bo, "wrong", CHOSEN), change(bo, first)) == (400, 400, 200)
    assert bo.ask("GET", f"{OURS}/me").status == 401


@pytest.mark.slow
def test_mlflows_call_changes_a_one_time_password(people: People) -> None:
    first = new_user(people)
    bo = signed(people.open, basic("bo", first))
    fields = {"username": "bo", "password": CHOSEN, "current_password": first}

    assert bo.ask("PATCH", "users/update-password", {**fields, "password": first}).status == 400
    assert bo.ask("PATCH", "users/update-password", fields).status == 200
    assert signed(people.open, basic("bo", CHOSEN)).get(f"{OURS}/me").get("must_change_password") is None


def test_a_reset_ends_sessions_and_the_old_password_and_leaves_tokens(people: People) -> None:
    people.add("bo", "Reader", password=PASSWORD)
    token = people.token("bo")
    reply = people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": PASSWORD})
    browser = signed(people.open, {"cookie": reply.headers["set-cookie"].partition(";")[0]})
    assert people.named("bo").ask("GET", f"{OURS}/me").status == 200

    made = people.admin.ask("PATCH", f"{OURS}/users/bo", {"one_time_password": True}).json

    assert re.fullmatch(r"[a-zA-Z2-9]{20}", made["password"])
    assert browser.ask("GET", f"{OURS}/me").status == 401
    assert people.named("bo").ask("GET", f"{OURS}/me").status == 401
    assert signed(people.open, bearer(token)).ask("POST", "experiments/search", {"max_results": 1}).status == 200
    assert signed(people.open, basic("bo", made["password"])).get(f"{OURS}/me")["must_change_password"]


def test_a_password_and_a_one_time_password_exclude_each_other(people: People) -> None:
    status, _, message = people.admin.fault(f"{OURS}/users", name="bo", password=PASSWORD, one_time_password=True)

    assert (status, message) == (400, "The call has both password and one_time_password; send only one of them.")


def test_the_audit_log_has_one_time_passwords_without_their_values(people: People) -> None:
    first = new_user(people)
    change(signed(people.open, basic("bo", first)), first)

    entries = people.admin.get(f"{OURS}/audit", action="user.")["entries"]
    details = {entry["action"]: json.loads(entry["detail"]) for entry in entries if entry["object_id"] == "bo"}
    assert details["user.create"]["has_one_time_password"] is True
    assert details["user.password"]["is_one_time"] is False
    assert first not in str(entries)


@pytest.mark.both
def test_a_one_time_password_expires(people: People, application: Any) -> None:
    first = new_user(people)
    bo = signed(people.open, basic("bo", first))

    assert bo.ask("GET", f"{OURS}/me").status == 200
    with application.asgi._database.write(0) as tx:
        tx.run("UPDATE principals SET password_ends_at = :now - 1 WHERE name = 'bo'")
        identity.touch(tx)
    application.asgi._gate.forget()

    assert bo.ask("GET", f"{OURS}/me").status == 401
    assert people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": first}).status == 401

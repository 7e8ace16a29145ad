"""Sign-in of browsers: cookies, and the pages that may use them."""

import re

import pytest

from support.client import Api, Reply
from support.people import ADMIN, OURS, PASSWORD, People, signed

SAME_PAGE = {"sec-fetch-site": "same-origin"}


def sign_in(api: Api, name: str = ADMIN, password: str = PASSWORD) -> Api:
    reply = api.ask("POST", f"{OURS}/login", {"username": name, "password": password})
    assert reply.status == 200, reply
    return signed(api, {"cookie": reply.headers["set-cookie"].partition(";")[0]})


def test_a_session_begins_with_a_cookie_that_no_script_reads_and_ends_at_sign_out(people: People) -> None:
    reply = people.open.ask("POST", f"{OURS}/login", {"username": ADMIN, "password": PASSWORD})
    assert re.fullmatch(
        r"trackside_session=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000", reply.headers["set-cookie"]
    )
    browser = signed(people.open, {"cookie": reply.headers["set-cookie"].partition(";")[0], **SAME_PAGE})

    assert browser.get(f"{OURS}/me")["credential"].startswith("session ")
    (session,) = browser.get(f"{OURS}/me/sessions")["sessions"]
    assert session["is_this"]
    gone = browser.ask("POST", f"{OURS}/logout")

    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert browser.ask("GET", f"{OURS}/me").status == 401


def test_each_sign_in_has_a_session_of_its_own(people: People) -> None:
    first, second = sign_in(people.open), sign_in(people.open)

    assert first.transport != second.transport
    signed(first, SAME_PAGE).ask("POST", f"{OURS}/logout")
    assert first.ask("GET", f"{OURS}/me").status == 401
    assert second.ask("GET", f"{OURS}/me").status == 200


def test_only_a_page_of_this_server_writes_with_a_cookie(people: People, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, str], int]] = [
        ({}, 403),  # a form of an old browser
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:8888"}, 403),  # another program of this machine
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"x-trackside-csrf": "1"}, 200),
    ]

    browser = sign_in(people.open)

    for number, (headers, status) in enumerate(cases):
        with subtests.test(headers=headers):
            reply = browser.ask("POST", "experiments/create", {"name": f"e{number}"}, headers=headers)

            assert reply.status == status


def test_a_wrong_password_is_answered_as_an_unknown_name(people: People) -> None:
    replies = [
        people.open.ask("POST", f"{OURS}/login", {"username": name, "password": "wrong-password-1"})
        for name in (ADMIN, "nobody")
    ]

    assert [reply.status for reply in replies] == [401, 401]
    assert replies[0].body == replies[1].body


def test_guessing_is_throttled_without_locking_out_others(people: People) -> None:
    people.admin.get(f"{OURS}/me")

    def sign_in_as_admin(password: str) -> Reply:
        return people.open.ask("POST", f"{OURS}/login", {"username": ADMIN, "password": password})

    def wait_s(reply: Reply) -> int:
        return int(reply.headers.get("retry-after", "0"))

    replies = [sign_in_as_admin(f"wrong-password-{i}") for i in range(6)]
    while wait_s(replies[-1]) < 2:  # each failure doubles the wait, so that a slow machine gets there too
        replies.append(sign_in_as_admin("wrong-password"))

    assert [reply.status for reply in replies[:6]] == [401] * 6
    assert {reply.status for reply in replies} == {401, 429}
    refused = sign_in_as_admin(PASSWORD)
    assert (refused.status, wait_s(refused) >= 1) == (429, True)
    people.admin.get(f"{OURS}/me")  # users who are known already go on
    assert people.open.ask("POST", f"{OURS}/login", {"username": "nobody", "password": "x"}).status == 401


def test_a_new_password_ends_the_sessions_and_needs_the_old_one(people: People) -> None:
    people.add("bo", password=PASSWORD)
    browser = signed(sign_in(people.open, "bo"), SAME_PAGE)
    wrong = {"current_password": "wrong-password-1", "password": "another-password-2"}
    assert browser.fault(f"{OURS}/me/password", wrong)[::2] == (400, "Current password does not match")

    browser.post(f"{OURS}/me/password", current_password=PASSWORD, password="another-password-2")

    assert browser.ask("GET", f"{OURS}/me").status == 401
    assert sign_in(people.open, "bo", "another-password-2").get(f"{OURS}/me")["name"] == "bo"

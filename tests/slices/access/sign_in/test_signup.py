"""MLflow's page /signup: an administrator makes a user by a form that only this server's page can send."""

import re
from urllib.parse import urlencode

from support.people import PASSWORD, People

FORM = {"content-type": "application/x-www-form-urlencoded"}
CREATE = "/api/2.0/mlflow/users/create-ui"


def test_the_form_makes_a_user_once(people: People) -> None:
    page = people.admin.ask("GET", "/signup")
    token = re.search(r'name="csrf_token" value="(\S+)"', page.body.decode())
    assert token is not None
    cookie = {"cookie": page.headers["set-cookie"].partition(";")[0]}
    body = urlencode({"username": "bo", "password": PASSWORD, "csrf_token": token[1]}).encode()

    made = people.admin.ask("POST", CREATE, body, headers=FORM | cookie)
    again = people.admin.ask("POST", CREATE, body, headers=FORM | cookie)

    assert (made.status, "Successfully signed up user: bo" in made.body.decode()) == (200, True)
    assert (again.status, "Username has already been taken: bo" in again.body.decode()) == (400, True)
    assert people.named("bo").get("/api/trackside/v1/me")["name"] == "bo"


def test_a_form_without_its_csrf_token_creates_no_user(people: People) -> None:
    page = people.admin.ask("GET", "/signup")
    token = re.search(r'name="csrf_token" value="(\S+)"', page.body.decode())
    assert token is not None
    fields = {"username": "bo", "password": PASSWORD}
    other = people.admin.ask("GET", "/signup").headers["set-cookie"].partition(";")[0]

    for given, cookie in (({}, ""), ({"csrf_token": token[1]}, ""), ({"csrf_token": token[1]}, other)):
        headers = FORM | ({"cookie": cookie} if cookie else {})
        reply = people.admin.ask("POST", CREATE, urlencode(fields | given).encode(), headers=headers)
        assert (reply.status, "CSRF token" in reply.body.decode()) == (400, True)
    assert people.named("bo").ask("GET", "/api/trackside/v1/me").status == 401


def test_only_callers_who_may_make_users_see_the_page(people: People) -> None:
    bo = people.add("bo", "Reader", "/")

    assert (bo.ask("GET", "/signup").status, people.open.ask("GET", "/signup").status) == (403, 401)
    assert bo.ask("POST", CREATE, b"username=x", headers=FORM).status == 403


def test_a_name_is_text_on_the_page(people: People) -> None:
    page = people.admin.ask("GET", "/signup")
    token = re.search(r'name="csrf_token" value="(\S+)"', page.body.decode())
    assert token is not None
    name = '<img src=x onerror="alert(1)">'
    body = urlencode({"username": name, "password": PASSWORD, "csrf_token": token[1]}).encode()

    made = people.admin.ask(
        "POST", CREATE, body, headers=FORM | {"cookie": page.headers["set-cookie"].partition(";")[0]}
    )

    assert "<img" not in made.body.decode()
    assert "&lt;img" in made.body.decode()

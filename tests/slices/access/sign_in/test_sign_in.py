"""Authentication by passwords, tokens and sessions, and refusals."""

import pytest
from argon2 import PasswordHasher

from support.client import Api
from support.people import ADMIN, OURS, PASSWORD, People, basic, bearer, signed
from trackside import app
from trackside.identity import keys, passwords


def test_a_server_without_users_is_open_and_one_with_an_administrator_is_closed(api: Api) -> None:
    api.new_experiment("before")
    assert api.get(f"{OURS}/me") == {
        "is_open": True,
        "is_signed_in": False,
        "name": "",
        "display_name": "",
        "is_admin": True,
        "has_password": False,
        "credential": "",
    }

    People(api).begin()

    status, code, message = api.fault("experiments/search", max_results=5)
    assert (status, code) == (401, "UNAUTHENTICATED")
    assert message.startswith(
        "You are not authenticated. The call has no credential, or one that is wrong, expired or revoked."
    )
    assert api.ask("GET", "/health").status == 200
    admin = signed(api, basic(ADMIN))
    assert [each["name"] for each in admin.post("experiments/search", max_results=5)["experiments"]] == [
        "before",
        "Default",
    ]


def test_the_first_user_must_be_an_administrator(api: Api) -> None:
    status, code, message = api.fault(f"{OURS}/users", name="bo", password=PASSWORD)

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "The first user must be an administrator" in message


def test_invalid_credentials_get_the_same_message(people: People, subtests: pytest.Subtests) -> None:
    cases: list[dict[str, str]] = [
        basic(ADMIN, "wrong-password-1"),
        basic("nobody"),
        {"authorization": "Basic !!!"},
        {"authorization": "Basic cm9vdA=="},
        {"authorization": "Digest x"},
        bearer("tsp_000000000000000000000000000000000000"),
        bearer(""),
        {"cookie": "trackside_session=abc"},
    ]

    nothing = people.open.ask("POST", "experiments/search", {"max_results": 1})

    for headers in cases:
        with subtests.test(headers=headers):
            reply = people.open.ask("POST", "experiments/search", {"max_results": 1}, headers=headers)

            assert (reply.status, reply.body) == (401, nothing.body)
            assert reply.headers["www-authenticate"] == 'Basic realm="mlflow"'


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-mode": "cors"}, {"x-trackside-csrf": "1"}, {"accept": "image/avif,image/webp,*/*"}],
    ids=["over HTTPS", "the page over HTTP", "its images over HTTP"],
)
def test_a_browser_gets_no_challenge(people: People, headers: dict[str, str]) -> None:
    reply = people.open.ask("GET", f"{OURS}/me", headers=headers)

    assert reply.status == 401
    assert "www-authenticate" not in reply.headers


def test_an_unknown_path_without_a_sign_in_reveals_nothing(people: People) -> None:
    assert people.open.ask("GET", "/api/2.0/mlflow/nothing").status == 401
    assert people.admin.ask("GET", "/api/2.0/mlflow/nothing").status == 404


def test_a_token_is_accepted_as_bearer_and_as_basic_password(people: People) -> None:
    people.add("bo", "Reader", password=PASSWORD)
    token = people.token("bo")

    for headers in (bearer(token), basic("bo", token), basic("any name", token)):
        me = signed(people.open, headers).get(f"{OURS}/me")
        assert (me["name"], me["is_admin"]) == ("bo", False)
        assert me["credential"].startswith("token ")


def test_a_token_is_shown_once_and_stored_as_a_hash(people: People, application: app.App) -> None:
    people.add("bo", password=PASSWORD)
    token = people.token("bo")

    listed = people.admin.get(f"{OURS}/users/bo/tokens")["tokens"]
    assert [each["shown"] for each in listed] == [token[:8]]
    with application.asgi._database.read(0) as tx:
        rows = tx.all("SELECT * FROM tokens")
    assert token.encode() not in repr(rows).encode()


def test_a_mistyped_token_is_refused_by_its_checksum() -> None:
    token = keys.new_token(keys.OF_USER)

    assert keys.is_token(token)
    for at in range(len(token)):
        other = token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :]
        assert not keys.is_token(other)


def test_a_revoked_token_is_refused_at_once(people: People) -> None:
    people.add("bo", "Reader", password=PASSWORD)
    token = people.token("bo")
    bo = signed(people.open, bearer(token))
    bo.post("experiments/search", max_results=1)

    (listed,) = bo.get(f"{OURS}/me/tokens")["tokens"]
    assert people.admin.ask("DELETE", f"{OURS}/users/bo/tokens/{listed['token_id']}").status == 200

    assert bo.ask("POST", "experiments/search", {"max_results": 1}).status == 401


@pytest.mark.parametrize("what", ["delete", "disable", "password"])
def test_a_change_of_a_user_applies_at_once(people: People, what: str) -> None:
    bo = people.add("bo", "Reader", password=PASSWORD)
    token = signed(people.open, bearer(people.token("bo")))
    for each in (bo, token):
        each.post("experiments/search", max_results=1)

    match what:
        case "delete":
            people.admin.ask("DELETE", f"{OURS}/users/bo")
        case "disable":
            people.admin.ask("PATCH", f"{OURS}/users/bo", {"is_disabled": True})
        case _:
            people.admin.ask("PATCH", f"{OURS}/users/bo", {"password": "another-password-2"})

    assert bo.ask("POST", "experiments/search", {"max_results": 1}).status == 401
    still = 200 if what == "password" else 401
    assert token.ask("POST", "experiments/search", {"max_results": 1}).status == still


def test_a_token_allows_only_its_scope(people: People) -> None:
    people.add("bo", "Owner", "/", password=PASSWORD)
    read, write, admin = (signed(people.open, bearer(people.token("bo", scope=s))) for s in ("read", "write", "admin"))

    assert [
        each.ask("POST", "experiments/create", {"name": f"e{i}"}).status for i, each in enumerate((read, write, admin))
    ] == [
        403,
        200,
        200,
    ]
    assert [each.ask("GET", f"{OURS}/users").status for each in (read, write, admin)] == [200, 403, 200]
    # A token that may do less makes none that may do more.
    for each in (read, write):
        assert each.ask("POST", f"{OURS}/me/tokens", {"token_name": "x", "scope": "admin"}).status == 403
    assert admin.ask("POST", f"{OURS}/me/tokens", {"token_name": "x", "scope": "admin"}).status == 201


def test_a_token_for_one_workspace_or_experiment_opens_no_other(people: People) -> None:
    admin = people.admin
    north = admin.new_workspace("north")
    mine, other = admin.new_experiment("mine"), admin.new_experiment("other")
    in_north = signed(people.open, bearer(people.token(ADMIN, place="north")))
    in_mine = signed(people.open, bearer(people.token(ADMIN, place=f"default/{mine}")))

    assert in_north.within("north").new_experiment("x")
    assert in_north.fault("experiments/create", name="y")[:2] == (403, "PERMISSION_DENIED")
    assert in_mine.new_run(mine)
    assert in_mine.fault("runs/create", experiment_id=other)[:2] == (403, "PERMISSION_DENIED")
    found = in_mine.post("experiments/search", max_results=10)["experiments"]
    assert [each["name"] for each in found] == ["mine"]
    assert north.new_experiment("z")


def test_a_token_expires(people: People, application: app.App) -> None:
    bo = people.add("bo", "Reader", password=PASSWORD)
    token = signed(people.open, bearer(people.token("bo", expires_in_days=1)))
    token.get(f"{OURS}/me")
    assert bo.fault(f"{OURS}/me/tokens", token_name="long", expires_in_days=366) == (
        400,
        "INVALID_PARAMETER_VALUE",
        "expires_in_days is 366; it must be between 1 and 365, the server's maximum",
    )

    with application.asgi._database.write(0) as tx:
        tx.run("UPDATE tokens SET expires_at = :now - 1")
        tx.run("UPDATE access_state SET generation = generation + 1")
    application.asgi._gate.forget()

    assert token.ask("GET", f"{OURS}/me").status == 401


def test_the_last_administrator_stays(people: People) -> None:
    admin = people.admin
    people.add("bo", "Owner", "/", password=PASSWORD)

    for method, body in (("PATCH", {"is_admin": False}), ("PATCH", {"is_disabled": True}), ("DELETE", None)):
        assert admin.ask(method, f"{OURS}/users/{ADMIN}", body).status == 400
    assert people.named("bo").ask("DELETE", f"{OURS}/users/{ADMIN}").status == 403
    admin.ask("PATCH", f"{OURS}/users/bo", {"is_admin": True})
    assert people.named("bo").ask("PATCH", f"{OURS}/users/{ADMIN}", {"is_admin": False}).status == 200


def test_a_weak_password_is_refused(people: People) -> None:
    for password in (
        *("short", "aaaaaaaaaaaaaaaa", "1234567890123", "password1234", "x" * 1025, "P@ssw0rd2026!", "Welcome-2026-1"),
        *(
            "changemeplease",
            "qwertyuiopas",
            "1qaz2wsx3edc",
            "0987654321098",
            "correct horse battery staple",
            "mlflow-server-1",
        ),
    ):
        assert people.admin.fault(f"{OURS}/users", name="bo", password=password)[0] == 400


def test_the_history_has_the_signed_in_user_and_not_the_name_in_a_header(people: People) -> None:
    bo = people.add("bo", "Contributor", password=PASSWORD)

    signed(bo, {"x-trackside-user": "somebody else"}).new_experiment("e")

    changes = people.admin.get(f"{OURS}/changes", entity="experiment")["changes"]
    assert [each["user"] for each in changes] == ["bo"]


def test_a_password_is_hashed_once_more_at_a_sign_in_when_its_hash_is_outdated(
    people: People, application: app.App
) -> None:
    people.add("bo", "Reader", password=PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    database = application.asgi._database
    with database.write(0) as tx:
        tx.run("UPDATE principals SET password_hash = :hash WHERE name = 'bo'", hash=weak)

    assert people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": PASSWORD}).status == 200

    with database.read(0) as tx:
        (stored,) = tx.one("SELECT password_hash FROM principals WHERE name = 'bo'") or ("",)
    assert stored != weak
    assert not passwords.is_outdated(stored)
    assert people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": PASSWORD}).status == 200

"""Sign-in by an identity provider: what is accepted, and every way in which a provider's answer may prove nothing."""

import base64
import html
import re
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import structs

from support.client import Api, Inside, Reply
from support.issuer import AUDIENCE, CLIENT, SECRET, TestIssuer, new_key
from support.people import ADMIN, OURS, PASSWORD, People, bearer, signed
from trackside import app
from trackside.core import providers
from trackside.core.settings import Settings
from trackside.identity.oidc import model

WAYS = f"{OURS}/sign-in"
PAGE = {"sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def provider() -> Iterator[TestIssuer]:
    made = TestIssuer()
    yield made
    made.close()


@pytest.fixture
def issuer(provider: TestIssuer) -> TestIssuer:
    """As it was at first."""
    provider.claims, provider.head, provider.answer, provider.asked = {}, {}, {}, []
    provider.rotate("first")
    return provider


@pytest.fixture
def more() -> dict[str, str]:
    """Keys of the provider's table."""
    return {"groups_claim": "groups", "audience": AUDIENCE}


@pytest.fixture
def application(
    chosen: Settings,
    tmp_path: Path,
    issuer: TestIssuer,
    more: dict[str, str],
    make_application: Callable[..., app.App],
) -> app.App:
    file = tmp_path / "oidc.toml"
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    file.write_text(issuer.table(client_secret_file="secret", **more))
    return make_application(structs.replace(chosen, default_role=(), oidc=providers.read(str(file))))


def begin(api: Api, cookie: str = "", **fields: Any) -> tuple[str, str]:
    """The provider's page, and the browser's cookie."""
    headers = {"cookie": cookie} if cookie else {}
    reply = api.ask("POST", f"{WAYS}/company", fields, headers=headers)
    assert reply.status == 200, reply
    return reply.json["url"], reply.headers["set-cookie"].partition(";")[0]


def come_back(api: Api, arguments: dict[str, str], cookie: str) -> Reply:
    return api.ask("GET", f"{WAYS}/company/callback", arguments=arguments, headers={"cookie": cookie})


def sign_in(api: Api, issuer: TestIssuer, **claims: Any) -> Reply:
    url, cookie = begin(api)
    return come_back(api, issuer.approve(url, **claims), cookie)


def browser(api: Api, reply: Reply) -> Api:
    assert reply.status == 303, reply
    return signed(api, {"cookie": reply.headers["set-cookie"].partition(";")[0], **PAGE})


def failures(people: People, application: app.App) -> list[str]:
    from trackside.access import event_buffer

    event_buffer.step(application.asgi._database, application.asgi._gate.buffer)
    found = people.admin.get(f"{OURS}/audit", outcome="failed").get("entries", [])
    return [each["reason"] for each in found]


# A sign-in that succeeds


def test_a_browser_signs_in_with_code_and_pkce_and_gets_a_session_of_this_server(
    people: People, issuer: TestIssuer
) -> None:
    assert people.open.get(WAYS)["providers"] == [{"name": "company", "title": "company"}]
    url, cookie = begin(people.open, next="/experiments/1?tab=runs")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == ("code", "S256", CLIENT)
    assert asked["redirect_uri"] == f"http://localhost{WAYS}/company/callback"
    assert re.fullmatch(r"trackside_sign_in=[\w-]{43}", cookie)

    reply = come_back(people.open, issuer.approve(url, name="Ana Lima"), cookie)

    assert (reply.status, reply.headers["location"]) == (303, "/experiments/1?tab=runs")
    assert reply.headers["set-cookie"].endswith("Path=/; HttpOnly; SameSite=Lax; Max-Age=43200")
    me = browser(people.open, reply).get(f"{OURS}/me")
    assert (me["name"], me["display_name"], me["is_admin"], me["has_password"]) == ("ana", "Ana Lima", False, False)
    made = people.admin.get(f"{OURS}/audit", action="user.create", object_id="ana")["entries"][0]
    assert (made["actor"], made["credential"]) == ("oidc company", "provider company")


def test_the_same_subject_is_the_same_user_whatever_the_provider_calls_it(people: People, issuer: TestIssuer) -> None:
    sign_in(people.open, issuer)

    again = browser(people.open, sign_in(people.open, issuer, preferred_username="somebody"))

    assert again.get(f"{OURS}/me")["name"] == "ana"
    assert [each["name"] for each in people.admin.get(f"{OURS}/users")["users"]] == ["ana", ADMIN]


def test_groups_of_the_claim_are_those_that_existed_before_the_first_sign_in(
    people: People, issuer: TestIssuer
) -> None:
    for name in ("team", "others"):
        people.admin.post(f"{OURS}/groups", name=name)
    people.grant("team", "Reader", "/ws/default")

    ana = browser(people.open, sign_in(people.open, issuer, groups=["team", "unknown"]))
    assert ana.get(f"{OURS}/me")["groups"] == ["team"]
    ana.post("experiments/search", max_results=1)
    people.admin.post(f"{OURS}/groups/others/members", member="ana")  # by hand: the provider does not take it away
    later = browser(people.open, sign_in(people.open, issuer, groups=[]))

    assert later.get(f"{OURS}/me")["groups"] == ["others"]
    assert later.ask("POST", "experiments/search", {"max_results": 1}).status == 403


def test_a_provider_that_sends_too_many_groups_changes_none(people: People, issuer: TestIssuer) -> None:
    reply = sign_in(people.open, issuer, _claim_names={"groups": "src1"})

    assert reply.status == 400
    assert b"too many for a token" in reply.body


def test_sign_out_leads_to_the_providers_page_and_its_own_call_ends_sessions(
    people: People, issuer: TestIssuer
) -> None:
    first, second = (browser(people.open, sign_in(people.open, issuer)) for _ in range(2))

    gone = first.ask("POST", f"{OURS}/logout")
    assert gone.json["url"] == f"{issuer.url}/end?client_id={CLIENT}&post_logout_redirect_uri=http%3A%2F%2Flocalhost%2F"
    assert first.ask("GET", f"{OURS}/me").status == 401

    event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    for wrong in ({}, {"events": event, "nonce": "x"}, {"events": event, "aud": "others"}):
        body = f"logout_token={issuer.token(**{'aud': CLIENT, 'sid': 's-1', **wrong})}".encode()
        assert people.open.ask("POST", f"{WAYS}/company/sign-out", body).status == 401
    assert second.ask("GET", f"{OURS}/me").status == 200
    token = issuer.token(aud=CLIENT, sub=None, sid="s-1", events=event)
    assert people.open.ask("POST", f"{WAYS}/company/sign-out", f"logout_token={token}".encode()).status == 200
    assert second.ask("GET", f"{OURS}/me").status == 401


# Names that are taken


def test_a_provider_does_not_take_over_an_account_by_its_name(people: People, issuer: TestIssuer) -> None:
    people.add("ana", password=PASSWORD)

    reply = sign_in(people.open, issuer)
    assert reply.status == 403
    assert b"Another account has the name &#x27;ana&#x27;" in reply.body
    assert b"trackside user link ana --provider company --subject=u-1<" in reply.body
    people.admin.post(f"{OURS}/users/ana/identities", provider="company", subject="u-1")

    assert browser(people.open, sign_in(people.open, issuer)).get(f"{OURS}/me")["has_password"]
    (found,) = people.admin.get(f"{OURS}/users/ana/identities")["identities"]
    people.admin.ask("DELETE", f"{OURS}/users/ana/identities/{found['identity_id']}")
    assert sign_in(people.open, issuer).status == 403


@pytest.mark.parametrize("more", [{"link_users": "true"}])
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 303),
        ({"password": PASSWORD}, 403),
        ({"is_admin": True}, 403),
        ({"kind": "service"}, 403),
    ],
)
def test_a_provider_of_names_takes_over_users_without_another_sign_in(
    people: People, issuer: TestIssuer, fields: dict[str, Any], status: int
) -> None:
    people.admin.post(f"{OURS}/users", {"name": "ana", **fields})

    assert sign_in(people.open, issuer).status == status


@pytest.mark.parametrize("more", [{"create_users": "false"}])
def test_a_provider_can_be_configured_to_create_no_users(people: People, issuer: TestIssuer) -> None:
    reply = sign_in(people.open, issuer)

    assert reply.status == 403
    assert (
        b"trackside user create ana, and then: trackside user link ana --provider company --subject=u-1<" in reply.body
    )
    assert [each["name"] for each in people.admin.get(f"{OURS}/users")["users"]] == [ADMIN]


@pytest.mark.parametrize("more", [{"create_users": "false"}])
def test_a_shell_takes_the_commands_of_a_refusal_as_words(people: People, issuer: TestIssuer) -> None:
    name, subject = "ana; $(reboot) 'x", "-Xa `id`"
    issuer.claims = {"preferred_username": name, "sub": subject}

    said = html.unescape(sign_in(people.open, issuer).body.decode())

    create, _, link = said.partition("can create one: ")[2].partition("<")[0].partition(", and then: ")
    assert shlex.split(create) == ["trackside", "user", "create", name]
    assert shlex.split(link) == ["trackside", "user", "link", name, "--provider", "company", f"--subject={subject}"]


@pytest.mark.parametrize("more", [{"username_claim": "email"}])
def test_a_mail_address_is_a_user_name_only_if_the_provider_verified_it(people: People, issuer: TestIssuer) -> None:
    assert sign_in(people.open, issuer, email="ana@example.com").status == 400
    assert sign_in(people.open, issuer, email="ana@example.com", email_verified=True).status == 303


def test_a_disabled_user_stays_out(people: People, issuer: TestIssuer) -> None:
    sign_in(people.open, issuer)
    people.admin.ask("PATCH", f"{OURS}/users/ana", {"is_disabled": True})

    assert sign_in(people.open, issuer).status == 403


# A sign-in that proves nothing


def faults() -> list[tuple[dict[str, Any], dict[str, Any], str]]:
    """Claims and head of an ID token, and why it is refused."""
    now = int(time.time())
    return [
        ({"exp": now - 61}, {}, "the JWT has expired"),
        ({"exp": None}, {}, "expiry is not accepted"),
        ({"nbf": now + 120}, {}, "beginning is not accepted"),
        ({"iat": now + 120}, {}, "time of issue is not accepted"),
        ({"aud": "somebody"}, {}, "audience is not accepted"),
        ({"aud": [CLIENT, "others"]}, {}, "for several clients"),
        ({"azp": "others"}, {}, "issued to another client"),
        ({"iss": "https://other.example"}, {}, "issuer is not accepted"),
        ({"nonce": "other"}, {}, "its nonce differs"),
        ({"nonce": None}, {}, "its nonce differs"),
        ({"sub": ""}, {}, "names no subject"),
        ({}, {"alg": "none"}, "not signed, or by an algorithm"),
        ({}, {"typ": "at+jwt"}, "this is not an ID token"),
        ({}, {"typ": "logout+jwt"}, "this is not an ID token"),
        ({}, {"kid": "unknown"}, "a key that its issuer does not publish"),
    ]


def test_an_invalid_id_token_is_refused(people: People, application: app.App, issuer: TestIssuer) -> None:
    wanted = faults()
    for claims, head, _ in wanted:
        issuer.claims, issuer.head = claims, head
        reply = sign_in(people.open, issuer)
        assert (reply.status, "set-cookie" in reply.headers) == (401, False), (claims, head)

    told = list(reversed(failures(people, application)))
    for why in dict.fromkeys(why for _, _, why in wanted):
        assert any(why in each for each in told), (why, told)
    assert [each["name"] for each in people.admin.get(f"{OURS}/users")["users"]] == [ADMIN]


def test_an_unpublished_key_is_refused(people: People, issuer: TestIssuer) -> None:
    issuer.signing = new_key("first")  # the same name, another key

    assert sign_in(people.open, issuer).status == 401


def test_clocks_may_differ_by_a_minute(people: People, issuer: TestIssuer) -> None:
    now = int(time.time())
    issuer.claims = {"iat": now + 30, "nbf": now + 30, "exp": now - 20}

    assert sign_in(people.open, issuer).status == 303


def test_a_sign_in_is_used_once_and_by_the_browser_that_began_it(people: People, issuer: TestIssuer) -> None:
    url, cookie = begin(people.open)
    arguments = issuer.approve(url)
    _, other = begin(people.open)

    assert come_back(people.open, arguments, "").status == 403
    assert come_back(people.open, arguments, other).status == 403
    assert come_back(people.open, arguments, cookie).status == 303
    assert come_back(people.open, arguments, cookie).status == 403
    url, _ = begin(people.open, cookie=cookie)  # another tab of the same browser
    assert come_back(people.open, issuer.approve(url), cookie).status == 303


def test_an_answer_of_another_issuer_is_refused(people: People, issuer: TestIssuer) -> None:
    for wrong in ("https://other.example", None):
        url, cookie = begin(people.open)
        arguments = {**issuer.approve(url), "iss": wrong}
        given = {name: value for name, value in arguments.items() if value is not None}

        assert come_back(people.open, given, cookie).status == 401
    assert "/token" not in issuer.asked  # the code was not shown to anybody


def test_a_refusal_of_the_provider_is_reported_without_its_text(people: People, issuer: TestIssuer) -> None:
    url, cookie = begin(people.open)
    arguments = {**issuer.approve(url), "error": "<script>"}

    reply = come_back(people.open, arguments, cookie)

    assert reply.status == 401
    assert b"<script>" not in reply.body
    assert "default-src 'none'" in reply.headers["content-security-policy"]


def test_a_redirect_to_another_server_is_refused(people: People) -> None:
    for page in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nx: y", "x"):
        assert people.open.fault(f"{WAYS}/company", next=page)[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_an_unknown_provider_is_refused(people: People) -> None:
    for method, path in (("POST", "nobody"), ("POST", "nobody/device"), ("POST", "nobody/sign-out")):
        assert people.open.ask(method, f"{WAYS}/{path}", {}).status == 404
    assert people.open.ask("GET", f"{WAYS}/nobody/callback").status == 404


@pytest.mark.parametrize(
    "answer",
    [(500, {}), (200, b"<html>"), (200, {"issuer": "https://other.example", "jwks_uri": "https://other.example/keys"})],
)
def test_a_provider_that_answers_wrongly_is_unavailable(
    people: People, issuer: TestIssuer, answer: tuple[int, Any]
) -> None:
    issuer.answer = {"/.well-known/openid-configuration": answer}

    assert people.open.ask("POST", f"{WAYS}/company", {}).status == 503


# Terminals


def test_a_terminal_polls_until_the_user_has_approved_and_gets_a_token(
    people: People, issuer: TestIssuer, application: app.App
) -> None:
    begun = people.open.post(f"{WAYS}/company/device")
    assert (begun["user_code"], begun["verification_uri"]) == ("ABCD-EFGH", f"{issuer.url}/activate")

    def poll() -> Any:
        return people.open.post(f"{WAYS}/company/device/token", handle=begun["handle"], token_name="laptop")

    assert poll() == {"is_pending": True, "interval": 5}
    assert poll() == {"is_pending": True, "interval": 5}  # too soon: the provider is not asked
    assert issuer.asked.count("/token") == 1
    issuer.approve_device()
    with application.asgi._database.write(0) as tx:
        tx.run("UPDATE sign_ins SET next_at = 0")
    done = poll()

    assert (done["username"], done["token"]["name"]) == ("ana", "laptop")
    assert signed(people.open, bearer(done["secret"])).get(f"{OURS}/me")["name"] == "ana"
    assert people.open.fault(f"{WAYS}/company/device/token", handle=begun["handle"])[0] == 400
    assert people.open.fault(f"{WAYS}/company/device/token", handle="x.y")[0] == 400


# Programs


@pytest.fixture
def robot(people: People) -> People:
    people.admin.post(f"{OURS}/users", name="robot", kind="service")
    people.grant("robot", "Reader", "/ws/default")
    people.admin.post(
        f"{OURS}/users/robot/trusts", provider="company", claims={"sub": "repo:team/model", "number": "7"}
    )
    return people


def search(people: People, token: str) -> Reply:
    return signed(people.open, bearer(token)).ask("POST", "experiments/search", {"max_results": 1})


def test_a_jwt_signs_in_the_service_principal_that_trusts_all_its_claims(robot: People, issuer: TestIssuer) -> None:
    assert search(robot, issuer.token(number=7)).status == 200
    me = signed(robot.open, bearer(issuer.token(number=7))).get(f"{OURS}/me")
    assert (me["name"], me["credential"]) == ("robot", "JWT of company (repo:team/model)")

    for claims in ({}, {"number": 8}, {"number": 7, "sub": "repo:other/model"}):
        assert search(robot, issuer.token(**claims)).status == 401
    (trust,) = robot.admin.get(f"{OURS}/users/robot/trusts")["trusts"]
    robot.admin.ask("DELETE", f"{OURS}/users/robot/trusts/{trust['trust_id']}")
    assert search(robot, issuer.token(number=7)).status == 401


def test_an_invalid_jwt_is_refused_with_the_reason(robot: People, issuer: TestIssuer) -> None:
    faults: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({"exp": 1}, {}, "the JWT has expired"),
        ({"aud": CLIENT}, {}, "audience is not accepted"),  # an ID token of a user
        ({"aud": "https://other.example"}, {}, "audience is not accepted"),
        ({"iss": "https://other.example"}, {}, "issuer is not configured"),
        ({}, {"alg": "none"}, "not signed, or by an algorithm"),
        ({}, {"typ": "logout+jwt"}, "this is not an access token"),
        ({}, {"kid": "unknown"}, "a key that its issuer does not publish"),
    ]
    for claims, head, why in faults:
        issuer.head = head
        reply = search(robot, issuer.token(number=7, **claims))
        assert (reply.status, why in reply.json["message"]) == (401, True), (claims, head, reply)


def test_a_jwt_that_is_nested_too_deeply_is_refused(robot: People) -> None:
    nested = base64.urlsafe_b64encode(b'{"a":' + b"[" * 5000).decode().rstrip("=")
    for token in (f"{nested}.e30.x", f"eyJhIjoxfQ.{nested}.x"):
        assert search(robot, token).status == 401
        reply = robot.open.ask("POST", f"{WAYS}/company/sign-out", f"logout_token={token}".encode())
        assert reply.status == 401, reply


def test_a_rotation_of_keys_needs_no_restart_and_a_withdrawn_key_proves_nothing(
    robot: People, issuer: TestIssuer, application: app.App
) -> None:
    old = issuer.token(number=7, jti="old")
    assert search(robot, issuer.token(number=7)).status == 200
    found = application.asgi._gate._programs.find_issuer(issuer.url)
    moment = [time.monotonic()]
    found._monotonic = lambda: moment[0]

    issuer.rotate("second")
    asked = len(issuer.asked)
    assert search(robot, issuer.token(number=7)).status == 401  # asked for a moment ago
    assert len(issuer.asked) == asked
    moment[0] += 11
    assert search(robot, issuer.token(number=7)).status == 200
    assert search(robot, old).status == 401


def test_an_invalid_trust_is_refused(robot: People) -> None:
    for claims in ({}, {"iss": "x"}, {"sub": ""}, {"bad name": "x"}):
        reply = robot.admin.ask("POST", f"{OURS}/users/robot/trusts", {"provider": "company", "claims": claims})
        assert reply.status == 400
    assert robot.admin.fault(f"{OURS}/users/{ADMIN}/trusts", provider="company", claims={"sub": "x"})[0] == 400
    assert robot.admin.fault(f"{OURS}/users/robot/trusts", provider="other", claims={"sub": "x"})[0] == 400


def test_a_jwt_that_two_principals_trust_is_refused(robot: People, issuer: TestIssuer) -> None:
    robot.admin.post(f"{OURS}/users", name="second", kind="service")
    robot.admin.post(f"{OURS}/users/second/trusts", provider="company", claims={"sub": "repo:team/model"})

    assert search(robot, issuer.token(number=7)).status == 401


def test_claims_are_compared_as_json_text() -> None:
    trust = model.Trust(1, 1, "i", {"a": "true", "b": "1"}, 0, "")

    assert model.matching([trust], {"a": True, "b": 1}) == [trust]
    assert model.matching([trust], {"a": "true", "b": [1]}) == []


def test_a_sign_in_that_was_begun_at_one_provider_does_not_end_at_another(
    chosen: Settings, tmp_path: Path, issuer: TestIssuer
) -> None:
    """Mix-up attack: both providers are configured, and one of them is malicious."""
    file = tmp_path / "two.toml"
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    with closing(TestIssuer()) as evil:
        tables = [issuer.table(client_secret_file="secret"), evil.table("evil", client_secret_file="secret")]
        file.write_text("\n".join(tables))
        made = app.build(structs.replace(chosen, default_role=(), oidc=providers.read(str(file))))
        inside = Inside(made.asgi)
        people = People(Api(inside)).begin()
        url, cookie = begin(people.open)
        arguments = issuer.approve(url)

        wrong = people.open.ask(
            "GET", f"{WAYS}/evil/callback", arguments={**arguments, "iss": evil.url}, headers={"cookie": cookie}
        )

        assert (wrong.status, "/token" in evil.asked, "/token" in issuer.asked) == (403, False, False)
        inside.close()
        made.close()

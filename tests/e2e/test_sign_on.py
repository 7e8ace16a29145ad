"""Sign-in by a real identity provider: a browser, a terminal, a program, sign-out, and a rotation of the provider's keys."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, sync_playwright

from support import oidc_provider
from support.client import Api, Socket
from support.links import until
from support.pages import browser as browsers
from support.people import OURS, People, bearer, signed
from support.processes.command_line import Launch
from support.processes.ports import free_port
from support.processes.servers import TRACKSIDE, environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
AUDIENCE = "https://trackside.example"


@dataclass
class Company:
    """A server, and the provider that its users sign in by."""

    port: int
    people: People
    url: str
    provider: ExitStack

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def restart_provider(self) -> None:
        """With other keys."""
        self.provider.close()
        self.provider.enter_context(oidc_provider.running(self.port, self.url))


@pytest.fixture
def company(tmp_path: Path, launch: Launch) -> Iterator[Company]:
    port, own = free_port(), free_port()
    url = f"http://127.0.0.1:{own}"
    (tmp_path / "secret").write_text(oidc_provider.CLIENT_SECRET)
    (tmp_path / "oidc.toml").write_text(
        f'[company]\nissuer = "http://127.0.0.1:{port}"\nclient_id = "trackside"\nclient_secret_file = "secret"\n'
        f'scopes = "openid profile groups"\ngroups_claim = "groups"\naudience = "{AUDIENCE}"\n'
    )
    launch("--oidc", str(tmp_path / "oidc.toml"), "--default-role", "none", port=str(own))
    socket = Socket(own)
    people = People(Api(socket)).begin()
    people.admin.post(f"{OURS}/groups", name="team")
    people.grant("team", "MLflow Data Scientist", "/ws/default")
    with ExitStack() as provider, closing(socket):
        made = Company(port, people, url, provider)
        made.restart_provider()
        yield made


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browsers.chromium(), args=list(browsers.ARGUMENTS))
        made = launched.new_context().new_page()
        made.route("**/fonts.googleapis.com/**", lambda route: route.abort())  # which the provider's pages name
        yield made
        launched.close()


def sign_in(page: Page, company: Company, user: str) -> None:
    page.goto(f"{company.url}/health")
    url = page.evaluate(
        "async () => (await (await fetch('/api/trackside/v1/sign-in/company', {method: 'POST', "
        "headers: {'content-type': 'application/json'}, body: JSON.stringify({next: '/version'})})).json()).url"
    )
    page.goto(url)
    page.get_by_role("link", name=user, exact=True).click()
    page.wait_for_url(f"{company.url}/version")


def me(page: Page) -> Any:
    return page.evaluate(
        "async () => { const r = await fetch('/api/trackside/v1/me'); return [r.status, await r.json()]; }"
    )


def test_a_browser_signs_in_has_the_rights_of_its_groups_and_signs_out_at_both(company: Company, page: Page) -> None:
    sign_in(page, company, "ana")

    status, found = me(page)
    assert (status, found["name"], found["display_name"], found.get("groups")) == (200, "ana", "Ana Lima", ["team"])
    made = page.evaluate(
        "async () => (await fetch('/api/2.0/mlflow/experiments/create', {method: 'POST', "
        "headers: {'content-type': 'application/json'}, body: JSON.stringify({name: 'e'})})).status"
    )
    assert made == 200
    out = page.evaluate("async () => (await (await fetch('/api/trackside/v1/logout', {method: 'POST'})).json()).url")
    assert me(page)[0] == 401
    page.goto(out)
    page.locator("button[name=logout]").click()
    page.wait_for_url(f"{company.url}/")
    page.goto(page.evaluate("() => location.href"))
    sign_in(page, company, "bo")  # the provider asks again who signs in
    assert me(page)[1].get("groups", []) == []


def test_a_sign_out_at_the_provider_ends_the_session(company: Company, page: Page) -> None:
    sign_in(page, company, "ana")

    other = page.context.new_page()
    other.goto(f"{company.issuer}/session/end")
    other.locator("button[name=logout]").click()
    other.wait_for_load_state()

    assert me(page)[0] == 401


def test_a_terminal_signs_in_by_a_code_and_a_stock_client_finds_the_token(
    company: Company, page: Page, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = subprocess.Popen(
        [*TRACKSIDE, "login", company.url], env=environment(HOME=str(home), PYTHONUNBUFFERED="1"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert command.stdout is not None
    words = command.stdout.readline().split()
    page.goto(words[1])
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="ana", exact=True).click()
    said, _ = command.communicate(timeout=600)

    assert command.returncode == 0
    assert f"signed in to {company.url} as ana" in said
    assert (home / ".mlflow" / "credentials").stat().st_mode & 0o777 == 0o600
    trained = subprocess.run(
        [sys.executable, "-c", "import mlflow; mlflow.set_experiment('e'); print(mlflow.log_param('a', 1))"],
        env=environment(HOME=str(home), MLFLOW_TRACKING_URI=company.url), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    out = subprocess.run(
        [*TRACKSIDE, "logout", company.url], env=environment(HOME=str(home)), capture_output=True, text=True, check=True
    )
    assert out.stdout == f"signed out of {company.url}; its token is revoked\n"
    assert "password" not in (home / ".mlflow" / "credentials").read_text()


def robots_token(company: Company) -> str:
    """By client credentials (RFC 6749, 4.4), for this server (RFC 8707)."""
    answer = requests.post(
        f"{company.issuer}/token",
        data={"grant_type": "client_credentials", "resource": AUDIENCE, "scope": "train"},
        auth=("robot", oidc_provider.ROBOT_SECRET),
        timeout=300,
    )
    token: str = answer.json()["access_token"]
    assert json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "==="))["typ"] == "at+jwt"
    return token


def test_a_program_sends_its_providers_jwt_also_after_a_rotation_of_keys(company: Company) -> None:
    people = company.people
    people.admin.post(f"{OURS}/users", name="robot", kind="service")
    people.grant("robot", "Reader", "/ws/default")
    people.admin.post(f"{OURS}/users/robot/trusts", provider="company", claims={"client_id": "robot"})

    first = robots_token(company)
    assert signed(people.open, bearer(first)).get(f"{OURS}/me")["name"] == "robot"
    assert signed(people.open, bearer(first)).ask("POST", "experiments/search", {"max_results": 1}).status == 200

    company.restart_provider()
    second = robots_token(company)
    until(lambda: signed(people.open, bearer(second)).ask("GET", f"{OURS}/me").status == 200)

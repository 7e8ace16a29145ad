"""`trackside login` and `trackside logout` with a password, against a running server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.people import ADMIN, OURS, PASSWORD, People
from support.processes.servers import Server, trackside


def test_signing_in_and_out_keeps_other_tokens_of_the_user(server: Server, tmp_path: Path) -> None:
    people = People(server.api).begin()
    people.admin.post(f"{OURS}/me/tokens", token_name="before")
    home = {"HOME": str(tmp_path)}

    signed_in = trackside("login", server.url, "--username", ADMIN, cwd=tmp_path, given=f"{PASSWORD}\n", **home)
    people.admin.post(f"{OURS}/me/tokens", token_name="after")
    out = trackside("logout", server.url, cwd=tmp_path, **home)

    names = {each["name"] for each in people.admin.get(f"{OURS}/me/tokens")["tokens"]}
    assert (signed_in[0], signed_in[2]) == (0, "")
    assert out == (0, f"signed out of {server.url}; its token is revoked\n", "")
    assert names == {"before", "after"}


@pytest.mark.slow
def test_logins_of_the_same_second_have_tokens_of_their_own(server: Server, tmp_path: Path) -> None:
    People(server.api).begin()
    words = ("login", server.url, "--username", ADMIN)

    codes = [
        trackside(*words, cwd=tmp_path, given=f"{PASSWORD}\n", HOME=str(tmp_path / f"{number}"))[0]
        for number in range(3)
    ]

    assert codes == [0, 0, 0]


def test_a_refused_login_is_reported_with_the_reason(server: Server, tmp_path: Path) -> None:
    People(server.api).begin()

    code, _, complaint = trackside(
        "login", server.url, "--username", ADMIN, cwd=tmp_path, given="wrong\n", HOME=str(tmp_path)
    )

    assert code == 2
    assert complaint == f"trackside: {server.url} does not accept the username '{ADMIN}' with this password\n"


def test_refused_credentials_are_named(server: Server, tmp_path: Path) -> None:
    people = People(server.api).begin()
    home = {"HOME": str(tmp_path), "TRACKSIDE_URL": server.url}
    trackside("login", "--username", ADMIN, cwd=tmp_path, given=f"{PASSWORD}\n", **home)
    (token,) = people.admin.get(f"{OURS}/users/{ADMIN}/tokens")["tokens"][-1:]

    def complaint(**variables: str) -> str:
        code, said, complaint = trackside("job", "list", cwd=tmp_path, **home | variables)
        assert (code, said) == (2, "")
        return complaint.removeprefix(f"trackside: {server.url} does not accept ")

    of_variable = complaint(TRACKSIDE_TOKEN="nope")
    of_mlflow = complaint(MLFLOW_TRACKING_USERNAME="ann", MLFLOW_TRACKING_PASSWORD="nope")
    assert trackside("job", "list", cwd=tmp_path, **home)[0] == 0
    people.admin.ask("DELETE", f"{OURS}/users/{ADMIN}/tokens/{token['token_id']}")
    kept = complaint()

    assert of_variable == "the token of TRACKSIDE_TOKEN; get another token by `trackside login`\n"
    assert of_mlflow.startswith("the password of 'ann' in MLFLOW_TRACKING_PASSWORD;")
    assert kept.startswith("the token that `trackside login` stored;")
    assert complaint(HOME=str(tmp_path / "nobody")).startswith("trackside: You are not authenticated.")


@pytest.mark.slow
def test_an_import_uses_the_token_that_a_login_kept(
    server: Server, start: Callable[..., Server], tmp_path: Path
) -> None:
    People(server.api).begin()
    source = start()
    source.api.new_run()
    home = {"HOME": str(tmp_path), "TRACKSIDE_URL": server.url}
    trackside("login", "--username", ADMIN, cwd=tmp_path, given=f"{PASSWORD}\n", **home)

    by_login = trackside("import", source.url, cwd=tmp_path, **home)
    by_password = trackside(
        *("import", source.url), cwd=tmp_path, HOME=str(tmp_path / "nobody"), TRACKSIDE_URL=server.url,
        MLFLOW_TRACKING_USERNAME=ADMIN, MLFLOW_TRACKING_PASSWORD=PASSWORD,
    )  # fmt: skip

    assert by_login[0] == 0, by_login
    assert by_password[0] == 0, by_password


KEYRING = """
import json, pathlib
FILE = pathlib.Path(__file__).with_name("kept.json")

class Backend:
    priority = 1

def get_keyring():
    return Backend()

def _kept():
    return json.loads(FILE.read_text()) if FILE.exists() else {}

def get_password(service, username):
    return _kept().get(f"{service}|{username}")

def set_password(service, username, password):
    FILE.write_text(json.dumps({**_kept(), f"{service}|{username}": password}))

def delete_password(service, username):
    FILE.write_text(json.dumps({key: each for key, each in _kept().items() if key != f"{service}|{username}"}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("home", ["/dev/null", "~", "mine"])
def test_a_keyring_stores_a_login_if_the_home_folder_is_read_only(server: Server, tmp_path: Path, home: str) -> None:
    People(server.api).begin()
    (tmp_path / "keyring.py").write_text(KEYRING)  # stands for the user's desktop
    variables = {"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path / home) if home == "mine" else home}
    words = ("job", "list", "--server", server.url)
    before = trackside(*words, cwd=tmp_path, **variables)

    login = trackside("login", server.url, "--username", ADMIN, cwd=tmp_path, given=f"{PASSWORD}\n", **variables)
    listed = trackside(*words, cwd=tmp_path, **variables)
    logout = trackside("logout", server.url, cwd=tmp_path, **variables)
    after = trackside("logout", server.url, cwd=tmp_path, **variables)

    assert (before[0], listed[0]) == (2, 0)
    assert (login[0], login[2]) == (0, "")
    assert f"signed in to {server.url} as {ADMIN}; the token is in the keyring and expires on" in login[1]
    finds = "MLflow's client reads it from" if home == "mine" else "MLflow's client does not find it: "
    assert finds in login[1]
    assert logout == (0, f"signed out of {server.url}; its token is revoked\n", "")
    assert (after[0], after[2]) == (2, f"trackside: no user is signed in to {server.url}\n")
    assert (tmp_path / "kept.json").read_text() == "{}"

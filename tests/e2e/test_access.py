"""Access control by commands, a server process and a stock client in separate processes."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from support.people import OURS, PASSWORD, basic, signed
from support.processes.forks import forks
from support.processes.servers import TRACKSIDE, Server, environment, trackside

TRAIN = """
import json, os, sys
import mlflow

for variables in json.loads(sys.argv[1]):
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        os.environ.pop(f"MLFLOW_TRACKING_{name}", None)
    os.environ.update(variables)
    try:
        mlflow.set_experiment("iris")
        with mlflow.start_run() as run:
            mlflow.log_param("lr", 0.1)
            mlflow.log_metric("loss", 0.5, step=1)
            mlflow.log_text("hello", "note.txt")
        print(json.dumps(["read", mlflow.artifacts.load_text(f"{run.info.artifact_uri}/note.txt")]))
    except mlflow.exceptions.MlflowException as refused:
        print(json.dumps(["refused", str(refused)]))
"""


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def command(*words: str, data: Path, given: str = "", **variables: str) -> Done:
    return Done(*trackside(*words, "--data", str(data), cwd=data.parent, given=given, **variables))


def train(url: str, *sign_ins: dict[str, str]) -> list[list[str]]:
    """Return the result of each sign-in, in one process: the data that was read, or the reason of the refusal."""
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, json.dumps(sign_ins)],
        env=environment(MLFLOW_TRACKING_URI=url, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0"),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def make_ana(data: Path) -> None:
    made = command("user", "create", "ana", "--admin", "--password-stdin", data=data, given=f"{PASSWORD}\n")
    assert (made.returncode, made.stdout) == (0, "created administrator ana\n"), made.stderr


@pytest.mark.slow
def test_a_stock_client_trains_with_a_password_or_a_token_and_others_are_refused(
    tmp_path: Path, start: Callable[..., Server]
) -> None:
    data = tmp_path / "data"
    make_ana(data)
    token = command("token", "create", "ci", "--user", "ana", data=data).stdout.strip()
    server = start(data=data)

    trained, by_token, unknown, wrong = train(
        server.url,
        {"MLFLOW_TRACKING_USERNAME": "ana", "MLFLOW_TRACKING_PASSWORD": PASSWORD},
        {"MLFLOW_TRACKING_TOKEN": token},
        {},
        {"MLFLOW_TRACKING_USERNAME": "ana", "MLFLOW_TRACKING_PASSWORD": "wrong-password-1"},
    )

    assert trained == by_token == ["read", "hello"]
    for refused in (unknown, wrong):
        assert refused[0] == "refused"
        assert "UNAUTHENTICATED: You are not authenticated." in refused[1]


def test_a_command_changes_rights_of_a_running_server_at_once(tmp_path: Path, start: Callable[..., Server]) -> None:
    data = tmp_path / "data"
    server = start(data=data)
    assert server.api.ask("POST", "experiments/search", {"max_results": 1}).status == 200

    make_ana(data)

    open_, ana = server.api, signed(server.api, basic("ana"))
    while open_.ask("GET", f"{OURS}/me").status == 200:  # within a quarter of a second
        pass
    assert ana.get(f"{OURS}/me")["is_admin"]
    bo = command("user", "create", "bo", "--password-stdin", "--server", server.url, data=data, given=f"{PASSWORD}\n",
                 MLFLOW_TRACKING_USERNAME="ana", MLFLOW_TRACKING_PASSWORD=PASSWORD)  # fmt: skip
    assert (bo.returncode, bo.stdout) == (0, "created user bo\n"), bo.stderr
    refused = command("user", "list", "--server", server.url, data=data)
    assert (refused.returncode, "You are not authenticated" in refused.stderr) == (2, True)


def test_a_server_with_an_administrator_listens_beyond_loopback_and_one_without_does_not(tmp_path: Path) -> None:
    words = ("server", "--host", "0.0.0.0", "--port", "0")

    refused = trackside(*words, cwd=tmp_path)

    assert refused[0] == 2
    assert "the store has no administrator" in refused[2]
    assert not (tmp_path / "trackside-data" / "trackside.db").exists()


def test_the_first_administrator_comes_from_variables_while_there_is_no_user(
    tmp_path: Path, start: Callable[..., Server]
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    options = ("--admin-username", "root", "--admin-password-file", str(file))
    server = start(*options, data=tmp_path / "data")
    assert signed(server.api, basic("root")).get(f"{OURS}/me")["is_admin"]

    file.write_text("another-password-2\n")
    server.restart()

    assert signed(server.api, basic("root")).get(f"{OURS}/me")["is_admin"]


def test_a_login_is_stored_for_later_commands_in_a_private_file(tmp_path: Path, start: Callable[..., Server]) -> None:
    data, home = tmp_path / "data", tmp_path / "home"
    make_ana(data)
    server = start(data=data)

    signed_in = Done(
        *trackside("login", server.url, "--username", "ana", cwd=tmp_path, given=f"{PASSWORD}\n", HOME=str(home))
    )
    listed = command("user", "list", "--json", "--server", server.url, data=data, HOME=str(home))

    assert signed_in.returncode == 0, signed_in.stderr
    assert (home / ".trackside" / "credentials").stat().st_mode & 0o777 == 0o600
    assert [each["name"] for each in json.loads(listed.stdout)] == ["ana"]


def test_the_audit_log_names_users_and_actions_and_reveals_a_changed_row(tmp_path: Path) -> None:
    data = tmp_path / "data"
    make_ana(data)
    command("group", "create", "team", data=data)

    listed = command("audit", "list", "--json", data=data)
    whole = command("audit", "verify", data=data)

    assert [(each["actor"], each["action"], each["object_id"]) for each in json.loads(listed.stdout)] == [
        *[("operator", "group.create", "team"), ("operator", "user.create", "ana")],
    ]
    assert PASSWORD not in listed.stdout
    assert (whole.returncode, whole.stdout) == (0, "the audit log is complete: 2 entries unchanged\n")


@pytest.mark.parametrize(
    "words",
    [
        *[
            ("audit", "verify"),
            ("audit", "list"),
            ("user", "list"),
            ("user", "delete", "bo"),
            ("group", "create", "team"),
        ],
        *[("token", "create", "ci", "--user", "bo"), ("access", "grant", "bo", "Reader"), ("user", "identities", "bo")],
    ],
)
def test_only_a_command_that_creates_a_user_creates_a_store(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = command(*words, data=tmp_path / "nowhere")

    assert done.returncode != 0
    assert "there is no store sqlite" in done.stderr
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(("words", "scope"), [((), "write"), (("--scope", "admin"), "admin")])
def test_the_scope_of_a_token_is_printed_when_it_is_created(tmp_path: Path, words: tuple[str, ...], scope: str) -> None:
    data = tmp_path / "data"
    make_ana(data)

    made = command("token", "create", "ci", "--user", "ana", *words, data=data)

    assert made.stdout.startswith("tsp_")
    assert f"this token is shown once; its scope is {scope}, and it expires on 20" in made.stderr


def test_an_unknown_user_is_reported_with_a_hint_to_name_the_store(tmp_path: Path) -> None:
    data = tmp_path / "data"
    make_ana(data)

    done = command("access", "grant", "bo", "Reader", "--workspace", "default", data=data)

    assert done.returncode != 0
    assert f"username=bo not found. The command searched the store sqlite:///{data}/trackside.db. Choose" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["--service", "--no-password"])
def test_only_an_administrator_is_created_in_a_new_store(tmp_path: Path, kind: str) -> None:
    done = subprocess.run(
        [*TRACKSIDE, "user", "create", "bo", kind, "--data", str(tmp_path / "data")],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, (tmp_path / "data").exists()) == (2, False)
    assert "there is no store" in done.stderr


@pytest.mark.slow
def test_explain_says_by_which_assignment(tmp_path: Path) -> None:
    data = tmp_path / "data"
    make_ana(data)
    command("user", "create", "bo", "--no-password", data=data)
    command("group", "create", "team", data=data)
    command("group", "add", "team", "bo", data=data)

    before = command("access", "explain", "bo", "runs/write", "--experiment", "0", data=data)
    command("access", "grant", "team", "mlflow data scientist", "-w", "default", data=data)
    granted = command("access", "explain", "bo", "runs/write", "--experiment", "0", data=data)
    command("access", "deny", "bo", "MLflow EDIT", "--experiment", "0", data=data)
    denied = command("access", "explain", "bo", "runs/write", "--experiment", "0", data=data)

    assert [each.returncode for each in (before, granted, denied)] == [1, 0, 1]
    assert "no role allows it in this scope" in before.stdout
    assert "MLflow Data Scientist for group team at /ws/default (assignment 1)" in granted.stdout
    assert "MLflow EDIT denied to bo at /ws/default/experiments/0 (assignment 2)" in denied.stdout


def test_a_server_with_a_certificate_speaks_https_and_its_cookies_are_bound_to_it(
    tmp_path: Path, start: Callable[..., Server]
) -> None:
    data, cert, key = tmp_path / "data", tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(cert, key)
    make_ana(data)
    words = ("server", "--port", "0", "--data", str(data), "--tls-cert", str(cert), "--tls-key", str(key))
    process = forks().start(words, env=environment())
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split("listening on ")[1].split()[0]
        answer = requests.post(
            f"{url}{OURS}/login", json={"username": "ana", "password": PASSWORD}, verify=str(cert), timeout=120
        )
        cookie = answer.headers["set-cookie"]
        me = requests.get(
            f"{url}{OURS}/me", headers={"cookie": cookie.partition(";")[0]}, verify=str(cert), timeout=120
        )
        planted = {"cookie": cookie.partition(";")[0].removeprefix("__Host-")}  # as another host of the domain can
        refused = requests.get(f"{url}{OURS}/me", headers=planted, verify=str(cert), timeout=120)
    finally:
        process.terminate()
        process.communicate()

    assert url.startswith("https://127.0.0.1:")
    assert cookie.startswith("__Host-trackside_session=")
    assert "; Secure" in cookie
    assert (me.json()["name"], refused.status_code) == ("ana", 401)


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_text("x")

    alone = trackside("server", "--tls-cert", str(cert), cwd=tmp_path)
    missing = trackside("server", "--tls-cert", "nothing.pem", "--tls-key", "nothing.pem", cwd=tmp_path)

    assert (alone[0], missing[0]) == (2, 2)
    assert "--tls-cert and --tls-key need each other" in alone[2]
    assert "--tls-cert is 'nothing.pem'; the file cannot be read (No such file or directory)" in missing[2]


def make_certificate(cert: Path, key: Path) -> None:
    """For 127.0.0.1, signed by itself."""
    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(own, hashes.SHA256())
    )
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

"""The secret of a link is in no file, log or answer of the server, even after failures."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.client import Api, Socket
from support.databricks.workspace import CLIENT_ID, CLIENT_SECRET, TOKEN, Databricks
from support.links import LINKS, add, link, log, settle, until
from support.processes.servers import TRACKSIDE, environment

LINK = "lake"
PASSWORD = "a password that nobody is told"


@pytest.fixture
def databricks() -> Iterator[Databricks]:
    made = Databricks()
    yield made
    made.close()


def test_a_secret_is_in_no_file_no_log_and_no_answer(tmp_path: Path, databricks: Databricks) -> None:
    data, said = tmp_path / "data", tmp_path / "said"
    with said.open("wb") as opened:
        command = [*TRACKSIDE, "server", "--port", "0", "--data", str(data)]
        process = subprocess.Popen(command, stdout=opened, stderr=opened, env=environment())
    until(lambda: "listening on" in said.read_text(), "the server to start")
    transport = Socket(int(said.read_text().split("http://127.0.0.1:")[1].split()[0].split("/")[0]))
    api = Api(transport)

    api.new_run(api.new_experiment("/Shared/x"))
    answers = [add(api, LINK, databricks.url, kind="databricks", token=TOKEN)]
    settle(api, LINK)
    answers.append(add(api, "refused", databricks.url, kind="databricks", token=f"not {TOKEN}"))
    until(lambda: link(api, "refused").get("last_error") is not None, "the wrong token to be refused")
    answers.append(api.ask("POST", LINKS, {"name": "torn", "to": databricks.url, "token": f"{TOKEN}\n{TOKEN}"}).json)
    principal = {"username": CLIENT_ID, "password": CLIENT_SECRET}
    answers.append(add(api, "principal", databricks.url, kind="databricks", **principal))
    settle(api, "principal")
    signed = databricks.url.replace("://", f"://ann:{PASSWORD.replace(' ', '%20')}@")
    answers.append(api.ask("POST", LINKS, {"name": "signed", "to": signed, "kind": "mlflow"}).json)
    answers += [api.get(LINKS), *(log(api, each) for each in (LINK, "refused")), api.get("/api/trackside/v1/changes")]
    api.ask("DELETE", f"{LINKS}/{LINK}")
    transport.close()
    process.terminate()
    process.wait(120)

    assert databricks.runs
    kept = [path for path in data.rglob("*") if path.is_file() and path.name != "secret.key"]
    assert any(path.suffix == ".db" for path in kept)
    for secret in (TOKEN, CLIENT_SECRET, *databricks.tokens, PASSWORD, PASSWORD.replace(" ", "%20")):
        assert secret not in said.read_text()
        assert secret not in str(answers)
        assert [path for path in kept if secret.encode() in path.read_bytes()] == []
    assert (data / "secret.key").stat().st_mode & 0o077 == 0

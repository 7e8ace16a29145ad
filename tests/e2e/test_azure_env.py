"""`trackside azure-env`, and the certificate of a server that makes its own."""

import http.client
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from support.processes.command_line import Launch
from support.processes.servers import trackside
from trackside.cli.azure import commands as azure_env
from trackside.identity import keys

URL = "https://tracks.example:8443"


def test_a_shell_can_evaluate_the_printed_variables(tmp_path: Path) -> None:
    token = keys.new_token("tsp_")
    (tmp_path / "ca.pem").touch()
    _, lines, _ = trackside("azure-env", "--server", URL, "--token", token, "--ca", "ca.pem", cwd=tmp_path)
    shown = subprocess.run(
        ["sh", "-c", f"{lines}\nenv"], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    ).stdout

    found = dict(line.split("=", 1) for line in shown.splitlines())
    wanted = azure_env.variables(URL, token, str(tmp_path / "ca.pem"))
    assert {name: found[name] for name in wanted} == wanted
    assert found["MSI_ENDPOINT"] == f"https://trackside:{token}@tracks.example:8443/msi/token"


def test_a_notebook_can_run_the_printed_code(tmp_path: Path) -> None:
    words = ("azure-env", "--server", URL, "--format", "notebook", "--ca", "/dbfs/ca.pem")
    _, cell, _ = trackside(*words, cwd=tmp_path)
    show = f"{cell}\nprint(os.environ['REQUESTS_CA_BUNDLE'], os.environ['ARM_CLOUD_METADATA_URL'])"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["/dbfs/ca.pem", f"{URL}/metadata/endpoints"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--server", "http://127.0.0.1:5000"), "--tls self-signed"),
        (("--server", URL, "--token", "abc"), "trackside token create"),
        (("--server", URL, "--ca", "/no/such.pem"), "/no/such.pem"),
    ],
)
def test_impossible_options_are_refused_with_a_remedy(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    code, _, complaint = trackside("azure-env", *words, cwd=tmp_path)

    assert code == 2
    assert said in complaint


def test_a_server_makes_its_own_certificate(launch: Launch, tmp_path: Path) -> None:
    server = launch("--tls", "self-signed", "--data", str(tmp_path))
    trusted = ssl.create_default_context(cafile=str(tmp_path / "tls" / "ca.pem"))
    connection = http.client.HTTPSConnection("localhost", server.port, timeout=120, context=trusted)
    connection.request("GET", "/metadata/endpoints")

    [cloud] = json.loads(connection.getresponse().read())
    assert cloud["resourceManager"] == f"https://localhost:{server.port}/"
    connection.close()

"""The environment of a process in the sandbox of bubblewrap."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trackside.core.processes import sandbox

pytestmark = pytest.mark.skipif(not sandbox.is_available(), reason="bubblewrap is not installed")

LOOK = """
import json, os, pwd, socket
def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False
port = int(open("port").read())
print(json.dumps({
    "etc": sorted(os.listdir("/etc")), "user": pwd.getpwuid(os.getuid()).pw_name, "users": len(pwd.getpwall()),
    "home": os.path.expanduser("~"), "host": socket.gethostname(), "address": socket.gethostbyname(socket.gethostname()),
    "connects": connects(port),
}))
"""


def seen(tmp_path: Path, **options: Any) -> Any:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        (tmp_path / "port").write_text(str(listening.getsockname()[1]))
        command = sandbox.wrapped(
            [sys.executable, "-c", LOOK], readable=[sys.executable], writable=[str(tmp_path)], **options
        )
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def test_a_process_has_one_user_and_one_host_and_no_network(tmp_path: Path) -> None:
    found = seen(tmp_path)

    assert {"passwd", "group", "hosts", "nsswitch.conf"} <= set(found.pop("etc"))
    assert found == {
        "user": "model",
        "users": 1,
        "home": "/tmp",
        "host": "localhost",
        "address": "127.0.0.1",
        "connects": False,
    }


def test_a_process_with_a_network_has_the_names_of_the_machine_and_no_users_of_it(tmp_path: Path) -> None:
    found = seen(tmp_path, has_network=True)

    assert (found["user"], found["users"], found["connects"]) == ("model", 1, True)
    assert not {"shadow", "ssh"} & set(found["etc"])


def test_a_sandbox_can_be_made_here() -> None:
    assert sandbox.fault() is None


def test_a_bubblewrap_that_does_not_answer_is_a_short_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    assert sandbox.fault(timeout_s=0.2) == "bwrap did not end within 0.2 s"


def test_files_of_the_sandbox_that_the_system_deleted_are_written_again(tmp_path: Path) -> None:
    shutil.rmtree(sandbox._etc())

    assert seen(tmp_path)["user"] == "model"

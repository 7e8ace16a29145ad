"""Endpoints on a real Ray cluster, in a network namespace that has loopback alone: Ray listens beyond it otherwise."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from support.processes.venvs import environment

TESTS = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_endpoint_is_served_on_a_ray_cluster() -> None:
    isolated = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    if shutil.which("ip") is None or subprocess.run([*isolated, "true"], check=False, capture_output=True).returncode:
        pytest.skip("a network namespace of one's own needs `unshare`, `ip` and root")
    python = environment("ray")
    with tempfile.TemporaryDirectory(
        prefix="ray", ignore_cleanup_errors=True
    ) as folder:  # Ray's sockets have short paths
        done = subprocess.run(
            [*isolated, sys.executable, TESTS / "endpoints" / "clusters" / "ray_scenario.py", python, folder],
            env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

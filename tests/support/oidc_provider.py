"""A real identity provider (npm oidc-provider) on loopback, at the versions of its lock file, installed once."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.processes import npm

SOURCE = Path(__file__).parent / "provider"
CLIENT_SECRET, ROBOT_SECRET = "a secret of the client", "a secret of the robot"


@contextmanager
def running(port: int, server_url: str) -> Iterator[str]:
    """Its issuer.  Each start has keys of its own."""
    folder = npm.installed(SOURCE)
    shutil.copy(SOURCE / "provider.mjs", folder / "provider.mjs")
    process = subprocess.Popen(
        [npm.node(), folder / "provider.mjs", str(port), server_url],
        env=npm.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "ready":
                break
        else:
            raise AssertionError("the provider did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()

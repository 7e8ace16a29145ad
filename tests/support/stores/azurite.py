"""Azurite (npm), the emulator of Azure's blob storage, as a process of the tests."""

import base64
import hashlib
import hmac
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from support.links import until
from support.processes import guard, npm
from support.processes.ports import free_port, is_open

SOURCE = Path(__file__).parent / "azurite_package"
ACCOUNT = "devstoreaccount1"
# The key of every Azurite, as its documentation tells it: no secret.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
VERSION = "2021-12-02"


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """The options that lead obstore to it.  It has the container `artifacts`."""
    program = npm.installed(SOURCE) / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    port = free_port()
    words = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    command = [npm.node(), program, *words, "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    log = folder / "log"
    with log.open("w") as said:
        process = guard.start([str(word) for word in command], env=npm.environment(), cwd=folder, log=said)
    try:
        until(lambda: process.poll() is not None or is_open(port), "Azurite to start")
        assert process.poll() is None, log.read_text()
        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        with urllib.request.urlopen(_creation(endpoint, "artifacts")):
            pass
        yield {"account_name": ACCOUNT, "account_key": KEY, "endpoint": endpoint}
    finally:
        guard.end(process)


def _creation(endpoint: str, container: str) -> urllib.request.Request:
    """Return the request that creates a container, signed with the account's key."""
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = f"x-ms-date:{date}\nx-ms-version:{VERSION}"
    resource = f"/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container"
    text = f"PUT\n\n\n\n\n\n\n\n\n\n\n\n{headers}\n{resource}"
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()).decode()
    return urllib.request.Request(
        f"{endpoint}/{container}?restype=container",
        method="PUT",
        headers={
            "x-ms-date": date,
            "x-ms-version": VERSION,
            "authorization": f"SharedKey {ACCOUNT}:{signature}",
            "content-length": "0",
        },
    )

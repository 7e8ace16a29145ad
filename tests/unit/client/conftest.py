"""The client's tests talk to a server of the standard library that keeps workspaces as Trackside's REST does."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

ROUTE = "/api/trackside/v1/workspaces"


@dataclass
class Peer:
    """What the server has, what it was asked, and where it is.  `answers` says what else to answer, by path."""

    url: str = ""
    workspaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def add(self, name: str, **fields: Any) -> dict[str, Any]:
        known = {"subscription_id": "00000000-0000-0000-0000-000000000000", "resource_group": "default", "tags": {}}
        record = {**known, **fields, "name": name, "creation_time": 1_600_000_000_000}
        record["workspace_id"] = f"id-{len(self.requests)}-{name}"
        record["id"] = (
            f"/subscriptions/{record['subscription_id']}/resourceGroups/{record['resource_group']}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        )
        self.workspaces[name] = record
        return record

    def answer(self, method: str, target: str, body: dict[str, Any]) -> tuple[int, bytes]:
        parts = urlsplit(target)
        if parts.path in self.answers:
            return self.answers[parts.path]
        name = unquote(parts.path.removeprefix(ROUTE).lstrip("/"))
        if not parts.path.startswith(ROUTE):
            return 404, b"<html>no such page</html>"
        if name and name not in self.workspaces:
            return _error(404, "RESOURCE_DOES_NOT_EXIST", f"No workspace {name!r}")
        match method, name:
            case "GET", "":
                wanted = {key: values[0] for key, values in parse_qs(parts.query).items()}
                found = [record for record in self.workspaces.values() if wanted.items() <= record.items()]
                return 200, json.dumps({"workspaces": found}).encode()
            case "POST", "" if body["name"] in self.workspaces:
                return _error(400, "RESOURCE_ALREADY_EXISTS", "It exists")
            case "POST", "":
                return 201, json.dumps({"workspace": self.add(**body)}).encode()
            case "PATCH", _:
                self.workspaces[name].update(body)
            case "DELETE", _:
                del self.workspaces[name]
                return 204, b""
        return 200, json.dumps({"workspace": self.workspaces[name]}).encode()


def _error(status: int, code: str, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"error_code": code, "message": message}).encode()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            peer.requests.append((self.command, self.path, dict(self.headers.items())))
            status, body = peer.answer(self.command, self.path, json.loads(content or b"{}"))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the standard library's names

        def log_message(self, *args: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        peer.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield peer
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no variable that says where the server is."""
    for name in ("URL", "TOKEN", "WORKSPACE"):
        monkeypatch.delenv(f"TRACKSIDE_{name}", raising=False)
    for name in ("TRACKING_TOKEN", "TRACKING_URI", "WORKSPACE", "TRACKING_AUTH"):
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path

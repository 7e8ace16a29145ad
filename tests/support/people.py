"""Users of a server under test, and calls in their names."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.client import Api, Headers, Reply, Transport

OURS = "/api/trackside/v1"
PASSWORD = "wooden-kettle-41"
ADMIN = "root"


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class With:
    """A transport that sends more headers."""

    transport: Transport
    more: Mapping[str, str]

    def send(self, method: str, path: str, headers: Headers, body: bytes) -> Reply:
        return self.transport.send(method, path, {**headers, **self.more}, body)


def signed(api: Api, headers: Mapping[str, str]) -> Api:
    return Api(With(api.transport, headers), api.workspace)


@dataclass(frozen=True)
class People:
    """Makes users, and gives calls in their names.  `open` shows no credential."""

    open: Api

    @property
    def admin(self) -> Api:
        return self.named(ADMIN)

    def named(self, name: str) -> Api:
        return signed(self.open, basic(name))

    def begin(self) -> "People":
        """The first user, an administrator."""
        self.open.post(f"{OURS}/users", name=ADMIN, password=PASSWORD, is_admin=True)
        return self

    def add(self, name: str, role: str = "", scope: str = "/ws/default", **more: Any) -> Api:
        self.admin.post(f"{OURS}/users", {"name": name, "password": PASSWORD, **more})
        if role:
            self.grant(name, role, scope)
        return self.named(name)

    def grant(self, name: str, role: str, scope: str) -> int:
        return int(self._assign("role-assignments", name, role, scope))

    def deny(self, name: str, role: str, scope: str) -> int:
        return int(self._assign("deny-assignments", name, role, scope))

    def token(self, name: str, **more: Any) -> str:
        """A token of a user, as they make it."""
        made = self.admin.post(f"{OURS}/users/{name}/tokens", {"token_name": uuid.uuid4().hex, **more})
        return str(made["secret"])

    def _assign(self, what: str, name: str, role: str, scope: str) -> int:
        made = self.admin.post(f"{OURS}/{what}", principal=name, role=role, scope=scope)
        return int(made["assignment"]["assignment_id"])

"""Users of a server under test, and calls in their names."""

import base64
import functools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from support.client import Api, Headers, Reply, Transport
from trackside import app
from trackside.core.access import ALL_RIGHTS
from trackside.identity import passwords, service
from trackside.identity.model import TokenScope
from trackside.identity.service import OPERATOR

OURS = "/api/trackside/v1"
PASSWORD = "wooden-kettle-41"
ADMIN = "root"


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@functools.cache
def _hashed() -> str:
    return passwords.hash_of(PASSWORD)


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
    """Makes users, and gives calls in their names.  `open` shows no credential.

    A server spends 30 ms on a password, and once more after each change of rights.  So where `begin` got the application,
    and after `by_tokens`, users sign in by tokens, but for those that were given a password."""

    open: Api
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def admin(self) -> Api:
        return self.named(ADMIN)

    def named(self, name: str) -> Api:
        token = self.tokens.get(name)
        return signed(self.open, basic(name) if token is None else bearer(token))

    def begin(self, application: app.App | None = None) -> "People":
        """The first user, an administrator whose password is PASSWORD; in an application of this process with a token too."""
        if application is None:
            self.open.post(f"{OURS}/users", name=ADMIN, password=PASSWORD, is_admin=True)
            return self
        with application.asgi._database.write(0) as tx:
            by_operator = tx.by(OPERATOR.name).for_caller(OPERATOR, ALL_RIGHTS)
            made = service.create_user(by_operator, ADMIN, password_hash=_hashed(), is_admin=True)
            _, self.tokens[ADMIN] = service.create_token(by_operator, made, "tests", TokenScope.ADMIN, "", 1, 1)
        return self

    def by_tokens(self) -> "People":
        """Return the same people, signed in by tokens of an application in this process."""
        self.tokens[ADMIN] = self.token(ADMIN, scope=TokenScope.ADMIN)
        return self

    def add(self, name: str, role: str = "", scope: str = "/ws/default", **more: Any) -> Api:
        if "password" in more or ADMIN not in self.tokens:
            self.admin.post(f"{OURS}/users", {"name": name, "password": PASSWORD, **more})
        else:
            self.admin.post(f"{OURS}/users", {"name": name, **more})
            self.tokens[name] = self.token(name, scope=TokenScope.ADMIN)
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

"""Access tokens of a Databricks service principal, from its id and secret.

https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m
"""

import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

from msgspec import Struct

from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.core.outgoing.guard import ANYWHERE, Guard
from trackside.sync.remote.mlflow.shapes import decoded

CALL = "/oidc/v1/token"
SPARE_S = 120.0  # a token is renewed this long before its expiry: a call may take as long
_BODY = urlencode({"grant_type": "client_credentials", "scope": "all-apis"}).encode()


class _Token(Struct, frozen=True):
    access_token: str
    expires_in: float | None = None


class MachineToken:
    """A valid token, for many threads.  It is valid for an hour and is kept in memory only."""

    def __init__(
        self,
        url: str,
        secret: Secret,
        cancel_token: CancelToken,
        now: Callable[[], float] = time.monotonic,
        guard: Guard = ANYWHERE,
    ) -> None:
        """`secret` has the principal's id as user, and its secret as password."""
        self._http = HttpClient(url, secret, cancel_token=cancel_token, guard=guard)
        self._user = secret.username
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def __call__(self) -> str:
        with self._lock:
            if not self._token or self._now() >= self._until:
                self._ask()
            return self._token

    def forget(self) -> None:
        """Drop a token that the remote does not accept any more."""
        with self._lock:
            self._token = ""

    def _ask(self) -> None:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        try:
            token = decoded(_Token, self._http.call("POST", CALL, _BODY, headers).json)
        except RequestRejected as refused:
            raise RemoteUnavailable(
                f"{self._http.url} refuses a token for the service principal {self._user} ({refused})", 60.0
            ) from None
        finally:
            self._http.close()
        life_s = token.expires_in or 0.0
        self._token = token.access_token
        self._until = self._now() + max(life_s - SPARE_S, life_s / 2)

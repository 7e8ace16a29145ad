"""The two keys of an endpoint: random, encrypted in the store, compared by hash."""

import hashlib
import hmac
import secrets

from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.core.seal import Sealer
from trackside.endpoints import store
from trackside.endpoints.model import AuthMode, Endpoint

WHICH = ("primary", "secondary")


class WrongKey(Fault):
    """The call has no valid key of the endpoint."""

    code = "UNAUTHENTICATED"
    status = 401


def new() -> str:
    return secrets.token_urlsafe(32)


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def opens(key: str, hashes: tuple[str, ...]) -> bool:
    """Return whether the key is one of the hashed ones, in a time that does not depend on the key."""
    given, found = hashed(key), False
    for each in hashes:
        found |= hmac.compare_digest(given, each)
    return found


def context_of(workspace_id: int, endpoint: str, which: str) -> str:
    """Return the context of an encrypted key, so that it cannot be opened in another row."""
    return f"endpoint key {workspace_id} {endpoint} {which}"


def put(tx: Tx, sealer: Sealer, endpoint: Endpoint, which: str, key: str) -> None:
    sealed = sealer.seal(tx, key, context_of(tx.ws, endpoint.name, which))
    store.set_keys(tx, endpoint, **{f"{which}_key": sealed, f"{which}_hash": hashed(key)})


def make_both(tx: Tx, sealer: Sealer, endpoint: Endpoint) -> None:
    if endpoint.auth_mode is AuthMode.KEY:
        for which in WHICH:
            put(tx, sealer, endpoint, which, new())

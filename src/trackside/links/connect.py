"""Connects a link to its remote, with the rate limits of the remote's kind."""

import hashlib
from collections.abc import Callable

from trackside.core.errors import Invalid
from trackside.core.http_client import rate_limit
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RequestRejected
from trackside.core.outgoing.guard import ANYWHERE, Guard
from trackside.links.model import Kind, Options
from trackside.sync.remote.databricks.client import DatabricksRemote, from_profile
from trackside.sync.remote.databricks.oauth import MachineToken
from trackside.sync.remote.detect import is_trackside
from trackside.sync.remote.mlflow.client import MlflowRemote
from trackside.sync.remote.port import Remote
from trackside.sync.remote.trackside.client import TracksideRemote

RATES = {Kind.TRACKSIDE: 0.0, Kind.MLFLOW: 0.0, Kind.DATABRICKS: 20.0}  # calls a second; 0: unlimited
# Databricks limits other calls to 7 a second for all users of a workspace together, so the link leaves some to others.
# https://docs.databricks.com/aws/en/resources/limits
_EXPERIMENTS = ("search", "update", "delete", "restore")
SLOW = {
    Kind.DATABRICKS: {
        ("mlflow/runs/search",): 5.0,
        tuple(f"mlflow/experiments/{verb}" for verb in _EXPERIMENTS): 5.0,
    }
}


def connect(
    kind: Kind,
    url: str,
    options: Options,
    secret: Secret,
    source: str,
    cancel_token: CancelToken,
    *,
    user: str = "",
    guard: Guard = ANYWHERE,
) -> Remote:
    """`source` names the local workspace in the tags of copies.  Calls end when `cancel_token` is cancelled.  `user` is
    recorded as the author in the registry history of another Trackside."""
    if kind is Kind.DATABRICKS and secret.profile:
        url, secret = from_profile(secret.profile)
    bearer = (
        MachineToken(url, secret, cancel_token, guard=guard) if kind is Kind.DATABRICKS and secret.username else None
    )
    headers = {"x-trackside-user": user} if user and kind is Kind.TRACKSIDE else {}
    http = HttpClient(
        url,
        secret,
        pace=_pace(kind, url, options, secret, cancel_token),
        cancel_token=cancel_token,
        headers=headers,
        has_acls=kind is Kind.DATABRICKS,
        bearer=bearer,
        guard=guard,
    )
    match kind:
        case Kind.TRACKSIDE:
            return TracksideRemote(http, source, with_registry=options.registry)
        case Kind.DATABRICKS:
            return DatabricksRemote(http, source, options.wants, options.prefix)
        case _:
            return MlflowRemote(http, source, options.wants)


def connect_trackside(
    url: str, options: Options, secret: Secret, cancel_token: CancelToken, *, guard: Guard = ANYWHERE
) -> TracksideRemote:
    """Return a second connection to a Trackside, for another thread."""
    http = HttpClient(
        url,
        secret,
        pace=_pace(Kind.TRACKSIDE, url, options, secret, cancel_token),
        cancel_token=cancel_token,
        guard=guard,
    )
    return TracksideRemote(http)


def detect(url: str, secret: Secret, cancel_token: CancelToken, guard: Guard = ANYWHERE) -> Kind:
    """Return the kind of the server at an address.

    Raise Invalid for an address that a link must not use, and RemoteUnavailable if no server answers.
    """
    http = HttpClient(url, secret, cancel_token=cancel_token, guard=guard)
    try:
        if is_trackside(http):
            return Kind.TRACKSIDE
        try:
            http.json("GET", "/api/2.0/mlflow/experiments/get", experiment_id="0")
        except RequestRejected as refused:
            if refused.code in ("", "ENDPOINT_NOT_FOUND"):
                raise Invalid(
                    f"{url} answers, but not as an MLflow server or Trackside does ({refused}). Check the address."
                ) from None
        return Kind.MLFLOW
    finally:
        http.close()


def _pace(
    kind: Kind, url: str, options: Options, secret: Secret, cancel_token: CancelToken
) -> Callable[[str], None] | None:
    """Return the rate limits, shared by all callers with the same address and secret."""
    rate = options.rate or RATES[kind]
    if not rate:
        return None
    known = hashlib.sha256("\0".join((secret.token, secret.username, secret.password)).encode()).hexdigest()
    found = rate_limit.shared((url, known), rate, SLOW.get(kind, {}))
    return lambda path: found.take(path, cancel_token.wait)

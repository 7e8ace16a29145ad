"""The forms of a workspace's address: base URL, tracking URI, `trackside://`, Azure scope.  Pure; opens nothing."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from trackside_mlflow.errors import ConfigError

SCHEMES = {"trackside": "http", "trackside+https": "https"}
DEFAULT_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
DEFAULT_RESOURCE_GROUP = "default"
DEFAULT_WORKSPACE = "default"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
PROVIDER = "Microsoft.MachineLearningServices"

_SCOPE = re.compile(
    r"/subscriptions/(?P<subscription_id>[^/]+)/resourceGroups/(?P<resource_group>[^/]+)"
    r"/providers/" + re.escape(PROVIDER) + r"/workspaces/(?P<name>[^/?]+)/?\??$",
    re.IGNORECASE,
)


class Scope(NamedTuple):
    """Azure's scope of a workspace: `/subscriptions/S/resourceGroups/R/providers/.../workspaces/W`."""

    subscription_id: str
    resource_group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Scope:
        found = _SCOPE.match(text.strip())
        if found is None:
            raise ConfigError(
                f"{text!r} is not the scope of a workspace; it must be "
                f"/subscriptions/<id>/resourceGroups/<group>/providers/{PROVIDER}/workspaces/<name>"
            )
        return cls(found["subscription_id"], found["resource_group"], found["name"])

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/{PROVIDER}/workspaces/{self.name}"
        )


def server_url(text: str) -> str:
    """Return the server's address without a trailing slash, also from a tracking URI `<server>/ws/<name>`."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"the server's address is {text!r}; it must be like http://127.0.0.1:5000")
    path = re.sub(r"/ws/[^/]+/?$", "", parts.path).rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}"


def tracking_uri(server: str, workspace: str) -> str:
    """Return the address for `mlflow.set_tracking_uri`: plain http(s), which every version of mlflow accepts."""
    return f"{server}/ws/{quote(workspace, safe='')}"


def names_workspace(uri: str) -> bool:
    """Return whether this http(s) tracking URI contains a workspace."""
    return re.search(r"/ws/[^/]+", urlsplit(uri).path) is not None


def workspace_of(uri: str) -> str | None:
    """Return the workspace in an http(s) tracking URI."""
    found = re.search(r"/ws/([^/]+)", urlsplit(uri).path)
    return unquote(found[1]) if found else None


def is_trackside(uri: str) -> bool:
    return urlsplit(uri).scheme in SCHEMES


def is_http(uri: str) -> bool:
    return urlsplit(uri).scheme in ("http", "https")


def is_under(uri: str, server: str | None) -> bool:
    """Return whether an http(s) URL belongs to this server, which may be given as a tracking URI."""
    if server is None or not is_http(uri) or not same_host(uri, server):
        return False
    base = urlsplit(server_url(server)).path
    return f"{urlsplit(uri).path}/".startswith(f"{base}/")


def same_host(one: str, other: str) -> bool:
    """Return whether two addresses, http(s) or trackside, have the same scheme, host and port."""
    return _origin(one) == _origin(other)


def to_http(uri: str) -> str:
    """Return `http://host:port/ws/team-a` for `trackside://host:port/team-a`; without a workspace, the server's address."""
    server, workspace, rest = _split(uri)
    if rest:
        raise ConfigError(f"{uri!r} has a path after the workspace; it must be like trackside://host:5000/team-a")
    return tracking_uri(server, workspace) if workspace else server


def artifacts_to_http(uri: str) -> str:
    """Return the server's address for the files at `trackside://host:port/team-a/1/4f../artifacts`."""
    server, workspace, rest = _split(uri)
    if workspace is None:
        raise ConfigError(f"{uri!r} names no workspace; it must be like trackside://host:5000/team-a/path/to/file")
    return f"{tracking_uri(server, workspace)}{ARTIFACTS}/{rest}".rstrip("/")


def proxied_to_http(uri: str, tracking: str) -> str:
    """Return the address of the files at `mlflow-artifacts:/1/4f../artifacts`, on the server of the http(s) tracking URI.

    `mlflow-artifacts://host:port/path` names the server explicitly.
    """
    parts, base = urlsplit(uri), urlsplit(tracking)
    if base.scheme not in ("http", "https"):
        raise ConfigError(f"{uri!r} needs a tracking URI with http, https or trackside; it is {tracking!r}")
    prefix = f"{base.scheme}://{parts.netloc or base.netloc}{base.path.rstrip('/')}{ARTIFACTS}"
    return f"{prefix}/{parts.path.strip('/')}".rstrip("/")


class _Split(NamedTuple):
    server: str
    workspace: str | None
    rest: str


def _split(uri: str) -> _Split:
    parts = urlsplit(uri)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ConfigError(f"{uri!r} is not a trackside address; it must be like trackside://host:5000/team-a")
    workspace, _, rest = parts.path.strip("/").partition("/")
    return _Split(f"{SCHEMES[parts.scheme]}://{parts.netloc}", unquote(workspace) or None, rest)


def _origin(uri: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(uri)
    scheme = SCHEMES.get(parts.scheme, parts.scheme)
    return scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(scheme)

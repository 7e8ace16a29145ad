"""Calls to a running server with the user's credentials.

Credentials are read from TRACKSIDE_TOKEN, then MLflow's variables (MLFLOW_TRACKING_USERNAME with _PASSWORD, or
MLFLOW_TRACKING_TOKEN), then those that `trackside login` stored for the server.
"""

import argparse
import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import Any, BinaryIO, TypedDict, Unpack
from urllib.error import HTTPError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from trackside.cli.output import Stop
from trackside.cli.sign_in import stored
from trackside.core import settings
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.early_answers import HTTPConnection, HTTPSConnection
from trackside.core.uris import http_parts
from trackside.workspaces.model import DEFAULT, NAME

TIMEOUT_S = 120.0
UNAUTHORIZED = 401
_NO_WORKSPACE = re.compile(r"Workspace '[^']*' not found$")


class NoAnswer(Stop):
    """The server does not answer: it is down or restarts."""


class CallOptions(TypedDict, total=False):
    """The options of a call."""

    workspace: str
    authorization: str | None  # None: the stored credentials of the server; empty: none
    timeout_s: float
    headers: Mapping[str, str]  # in addition to those of every call


def ask(args: argparse.Namespace, method: str, path: str, body: Any = None, **how: Unpack[CallOptions]) -> Any:
    """Call the server that the arguments name, in their workspace, and return the JSON of the answer."""
    how["workspace"] = header_of(args)
    return call(server_of(args.server), method, path, body, **how)


def fetch(args: argparse.Namespace, path: str) -> bytes:
    """Call the server that the arguments name, in their workspace, and return the file that it answers."""
    return send(server_of(args.server), "GET", path, workspace=header_of(args))


class NotSignedIn(Stop):
    """The server refuses the credentials, or none were sent."""


def call(url: str, method: str, path: str, body: Any = None, **how: Unpack[CallOptions]) -> Any:
    """Return the JSON of the answer.  Raise Stop with the server's message for a refusal."""
    raw = send(url, method, path, body, **how)
    try:
        return json.loads(raw or b"{}")
    except ValueError:
        raise Stop(
            f"{url} is not a Trackside server: its answer is not JSON; set --server or {settings.SERVER_URL}"
        ) from None


def send(url: str, method: str, path: str, body: Any = None, **how: Unpack[CallOptions]) -> bytes:
    """Return the body of the answer."""
    with opened(url, method, path, None if body is None else json.dumps(body).encode(), **how) as answer:
        return answer.read()


@contextmanager
def opened(
    url: str, method: str, path: str, content: bytes | BinaryIO | None, **how: Unpack[CallOptions]
) -> Iterator[HTTPResponse]:
    """Return the open answer.  Raise NoAnswer if the connection fails, also during reading."""
    headers = {"content-type": "application/json", **how.get("headers", {})}
    if how.get("workspace"):
        headers["x-mlflow-workspace"] = how["workspace"]
    shown, source = how.get("authorization"), ""
    if shown is None:
        secret, source = _known(url)
        shown = _header(secret)
    if shown:
        headers["authorization"] = shown
    request = Request(url + path, content, headers, method=method)  # noqa: S310  # server_of takes http and https only
    try:
        with _opener().open(request, timeout=how.get("timeout_s", TIMEOUT_S)) as answer:
            yield answer
    except HTTPError as error:
        with error:
            message = _message(url, error)
        if error.code != UNAUTHORIZED:
            raise Stop(message) from None
        if source:
            message = f"{url} does not accept {source}; get another token by `trackside login`"
        raise NotSignedIn(message) from None
    except (OSError, HTTPException, UnicodeError) as error:
        raise NoAnswer(
            f"no answer from {url} ({getattr(error, 'reason', error)}); set --server or {settings.SERVER_URL}"
        ) from None


class _Http(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(HTTPConnection, req)


class _Https(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(HTTPSConnection, req)


@cache
def _opener() -> OpenerDirector:
    return build_opener(_Http, _Https)


def server_of(given: str | None, word: str = "--server") -> str:
    """Return the URL without trailing slashes.  `word` is the option's name in error messages."""
    url = (given or settings.server_url()).rstrip("/")
    if http_parts(url) is None:
        source = word if given else settings.SERVER_URL
        raise Stop(f"{source} is {url!r}; it must be http(s)://HOST:PORT")
    return str(url)


def workspace_of(args: argparse.Namespace) -> str:
    name = args.workspace or settings.workspace() or DEFAULT
    if not NAME.fullmatch(name):
        source = "--workspace" if args.workspace else settings.WORKSPACE
        raise Stop(f"{source} is {name!r}; a workspace's name has 2 to 63 letters, digits, - and _")
    return str(name)


def header_of(args: argparse.Namespace) -> str:
    """Return the workspace to send in a header; empty for the default one, because MLflow's servers know no workspaces."""
    name = workspace_of(args)
    return "" if name == DEFAULT else name


def tracking_uri(url: str, workspace: str) -> str:
    """Return the tracking URI for a client."""
    return url if workspace == DEFAULT else f"{url}/ws/{workspace}"


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def credentials(url: str) -> str | None:
    """Return the value of the `Authorization` header for the server; None without credentials."""
    return _header(_known(url)[0])


def secret_of(url: str) -> Secret:
    """Return the credentials for a client that creates the header itself."""
    return _known(url)[0]


def _known(url: str) -> tuple[Secret, str]:
    """Return the credentials for the server, and a description of their source; both are empty if there are none."""
    token = settings.server_token()
    if token:
        return Secret(token=token), f"the token of {settings.SERVER_TOKEN}"
    username, password, token = settings.mlflow_credentials()
    if username and password:
        return Secret(username=username, password=password), f"the password of {username!r} in MLFLOW_TRACKING_PASSWORD"
    if token:
        return Secret(token=token), "the token of MLFLOW_TRACKING_TOKEN"
    kept = stored.find(url)
    return (Secret(token=kept), "the token that `trackside login` stored") if kept else (Secret(), "")


def _header(secret: Secret) -> str | None:
    if secret.token:
        return f"Bearer {secret.token}"
    return basic(secret.username, secret.password) if secret.username else None


def explained(message: str) -> str:
    """Return the server's message; if the workspace does not exist, also the commands that list and create workspaces."""
    if _NO_WORKSPACE.search(message) is None:
        return message
    return (
        f"{message}; `trackside workspace list` shows the existing ones, `trackside workspace create NAME` creates one"
    )


def _message(url: str, error: HTTPError) -> str:
    try:
        return explained(str(json.loads(error.read())["message"]))
    except (ValueError, LookupError, TypeError):
        return f"{url} answered {error.code} and is not a Trackside server; set --server or {settings.SERVER_URL}"

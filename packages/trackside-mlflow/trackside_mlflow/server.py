"""Workspaces over HTTP: `/api/trackside/v1/workspaces`."""

from __future__ import annotations

import builtins
import json
import ssl
from http.client import HTTPException
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, TypedDict, cast
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from trackside_mlflow import credentials, settings, uris
from trackside_mlflow.errors import (
    ConfigError,
    Refused,
    ServerUnreachable,
    TracksideError,
    WorkspaceExists,
    WorkspaceNotFound,
)

TIMEOUT_S = 60.0
LINKS = "/api/trackside/v1/links"
MAX_NAMES_IN_MESSAGE = 20


class Record(TypedDict, total=False):
    """A workspace in the form of the server's API; times are in ms since 1970."""

    id: str
    workspace_id: str
    name: str
    subscription_id: str
    resource_group: str
    location: str | None
    description: str | None
    friendly_name: str | None
    tags: dict[str, str]
    creation_time: int
    last_update_time: int
    default_artifact_root: str | None


class Reply(NamedTuple):
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Server:
    """One Trackside server.

    `auth` is a token, a pair of user name and password, an object with `get_authentication_header()` such as azureml-core's, or
    None for the credentials of the environment or of `trackside login` (see `credentials.authorization`).
    """

    def __init__(self, url: str | None = None, auth: Any = None) -> None:
        self.url = uris.server_url(url or settings.url() or settings.DEFAULT_URL)
        self._auth = auth

    def get(self, name: str) -> Record:
        try:
            return self._workspace(self.call("GET", _path(name)))
        except Refused as refused:
            if refused.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise self.not_found(name, f"There is no workspace {name!r} on {self.url}.") from None

    def list(self, subscription_id: str | None = None, resource_group: str | None = None) -> builtins.list[Record]:
        wanted = {"subscription_id": subscription_id, "resource_group": resource_group}
        query = urlencode({key: value for key, value in wanted.items() if value})
        answer = self.call("GET", _path() + (f"?{query}" if query else ""))
        return cast(List[Record], answer.get("workspaces", []))

    def create(self, name: str, fields: Mapping[str, Any]) -> Record:
        _path(name)
        try:
            return self._workspace(self.call("POST", _path(), {"name": name, **fields}))
        except Refused as refused:
            # The default workspace always exists, and the server's error for creating it differs.
            if refused.error_code != "RESOURCE_ALREADY_EXISTS" and name != uris.DEFAULT_WORKSPACE:
                raise
            raise WorkspaceExists(
                f"Workspace {name!r} already exists on {self.url}. Get it by Workspace.get(name={name!r}), or create "
                f"it with exist_ok=True."
            ) from None

    def update(self, name: str, fields: Mapping[str, Any]) -> Record:
        return self._workspace(self.call("PATCH", _path(name), dict(fields)))

    def delete(self, name: str, *, with_contents: bool) -> None:
        try:
            self.call("DELETE", _path(name) + ("?mode=CASCADE" if with_contents else ""))
        except Refused as refused:
            if with_contents or refused.error_code != "INVALID_PARAMETER_VALUE":
                raise
            hint = f"{refused} In Python: delete(delete_dependent_resources=True)."
            raise Refused(hint, refused.status, refused.error_code) from None

    def links(self, workspace: str) -> builtins.list[dict[str, Any]]:
        return cast(List[Dict[str, Any]], self.call("GET", LINKS, within=workspace).get("links", []))

    def link(self, workspace: str, name: str) -> dict[str, Any]:
        return cast(Dict[str, Any], self.call("GET", _link(name), within=workspace)["link"])

    def add_link(self, workspace: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        return cast(Dict[str, Any], self.call("POST", LINKS, dict(fields), within=workspace)["link"])

    def call_link(
        self, workspace: str, name: str, verb: str, fields: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return cast(Dict[str, Any], self.call("POST", f"{_link(name)}/{verb}", fields or {}, within=workspace)["link"])

    def check_link(self, workspace: str, name: str, verify: bool) -> builtins.list[dict[str, Any]]:
        found: builtins.list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            query = urlencode({"after": after, **({"verify": "true"} if verify else {})})
            page = self.call("GET", f"{_link(name)}/check?{query}", within=workspace)
            found += page["differences"]
            after = page.get("next")
        return found

    def link_log(self, workspace: str, name: str) -> builtins.list[dict[str, Any]]:
        found: builtins.list[dict[str, Any]] = []
        while True:
            after = found[-1]["log_id"] if found else 0
            page = self.call("GET", f"{_link(name)}/log?{urlencode({'after': after})}", within=workspace)
            entries = page.get("entries", [])
            if not entries:
                return found
            found += entries

    def remove_link(self, workspace: str, name: str, copies: str) -> None:
        self.call("DELETE", f"{_link(name)}?{urlencode({'copies': copies})}", within=workspace)

    def not_found(self, name: str, reason: str) -> WorkspaceNotFound:
        """Return the error for a missing workspace, with the names of existing ones that this user may see."""
        try:
            names = sorted(record["name"] for record in self.list())
        except TracksideError:
            names = []
        shown = ", ".join(names[:MAX_NAMES_IN_MESSAGE])
        if len(names) > MAX_NAMES_IN_MESSAGE:
            shown += f" and {len(names) - MAX_NAMES_IN_MESSAGE} more"
        there = f" Its workspaces: {shown}." if names else " It shows no workspaces."
        way_out = "Omit that argument" if name in names else f"To create it: Workspace.create(name={name!r})"
        return WorkspaceNotFound(f"Workspace not found. {reason}{there} {way_out}.")

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, within: str | None = None
    ) -> dict[str, Any]:
        """Return the JSON object of the answer to a call.  Raise `RequestRejected` or `ServerUnreachable`."""
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        reply = self.send(method, path, data, {**headers, **self.authorization()}, within=within)
        if not 200 <= reply.status < 300:
            raise self._refusal(reply)
        answer = _json_object(reply.content) if reply.content else {}
        if answer is None:
            raise self._unknown_server(f"{method} {path} was answered with something other than JSON")
        return answer

    def ask(self, path: str, query: Mapping[str, str], *, within: str) -> dict[str, Any]:
        """Return the answer of a GET with a query, in a workspace."""
        return self.call("GET", f"{path}?{urlencode(query)}", within=within)

    def send(
        self,
        method: str,
        path: str,
        data: bytes | None,
        headers: Mapping[str, str],
        *,
        within: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Reply:
        """Return the answer of any status.  Raise `ServerUnreachable` if there is none."""
        from trackside_mlflow import __version__

        sent = {"Accept": "application/json", "User-Agent": f"trackside-mlflow/{__version__}", **headers}
        if within is not None:
            sent["X-MLFLOW-WORKSPACE"] = within
        request = Request(  # noqa: S310 - Server() takes http and https only
            self.url + path, data=data, headers=sent, method=method
        )
        try:
            with _opener().open(request, timeout=timeout_s) as response:
                return Reply(response.status, dict(response.headers), response.read())
        except HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers), error.read())
        except (OSError, HTTPException) as error:  # URLError is an OSError
            reason = getattr(error, "reason", None) or error
            raise ServerUnreachable(
                f"No answer from {self.url} ({reason}). Start a server at this address with `trackside server`, "
                'or set another address: the argument url=..., the variable TRACKSIDE_URL, or "url" in the config file.'
            ) from None

    def _workspace(self, answer: Mapping[str, Any]) -> Record:
        if not isinstance(answer.get("workspace"), dict):
            raise self._unknown_server("it answers without a workspace")
        return cast(Record, answer["workspace"])

    def _refusal(self, reply: Reply) -> TracksideError:
        answer = _json_object(reply.content) or {}
        code = answer.get("error_code")
        if isinstance(code, str) and code != "ENDPOINT_NOT_FOUND":
            return Refused(f"{self.url} refused: {answer.get('message') or code}", reply.status, code)
        if reply.status in (404, 405):
            return self._unknown_server(f"it has no {_path()}")
        if 300 <= reply.status < 400:
            return self._unknown_server(f"it redirects to {reply.headers.get('Location')}")
        return Refused(f"{self.url} answered with HTTP status {reply.status}", reply.status, "")

    def _unknown_server(self, reason: str) -> ServerUnreachable:
        return ServerUnreachable(
            f"{self.url} is not a Trackside server: {reason}. "
            "Check the address (url=..., TRACKSIDE_URL) and the server's version."
        )

    def authorization(self) -> dict[str, str]:
        """Return the authentication header; empty without a token."""
        auth = self._auth
        if auth is None:
            shown = credentials.authorization(self.url)
            return {} if shown is None else {"Authorization": shown}
        if isinstance(auth, str):
            return {"Authorization": credentials.bearer(auth)}
        if isinstance(auth, tuple) and len(auth) == 2:
            return {"Authorization": credentials.basic(*auth)}
        if hasattr(auth, "get_authentication_header"):
            return dict(auth.get_authentication_header())
        raise ConfigError(
            f"auth is a {type(auth).__name__}; it must be a token (str), a pair of user name and password, "
            "or have get_authentication_header()"
        )


def _path(name: str | None = None) -> str:
    if name is None:
        return "/api/trackside/v1/workspaces"
    if not name.strip(".") or "/" in name:
        raise ConfigError(f"the workspace's name is {name!r}; it must be a name such as 'team-a'")
    return f"/api/trackside/v1/workspaces/{quote(name, safe='')}"


def _link(name: str) -> str:
    return f"{LINKS}/{quote(name, safe='')}"


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


class _NoRedirects(HTTPRedirectHandler):
    """Turns redirects into errors: urllib would send the token to the other host."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener() -> OpenerDirector:
    trusted = settings.certificates()
    folder = trusted if trusted and Path(trusted).is_dir() else None
    context = ssl.create_default_context(cafile=None if folder else trusted, capath=folder)
    if settings.insecure_tls():
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return build_opener(HTTPSHandler(context=context), _NoRedirects)

"""Endpoints of one workspace over HTTP: `/api/trackside/v1/endpoints`, and the scoring URIs."""

from __future__ import annotations

import builtins
import json
import time
from typing import Any, Callable, Dict, List, Mapping, cast
from urllib.parse import quote

from trackside_mlflow.errors import Refused, TracksideError
from trackside_mlflow.server import Reply, Server
from trackside_mlflow.uris import tracking_uri

PATH = "/api/trackside/v1/endpoints"
DEPLOYMENT_HEADER = "azureml-model-deployment"
PAGE = 1000  # endpoints of one answer
SCORE_TIMEOUT_S = 3700.0  # a deployment answers within an hour at most
LOOK_S = 0.5
SETTLED = ("Healthy", "Failed", "Unschedulable")

Endpoint = Dict[str, Any]


class NotReady(TracksideError):
    """A deployment has failed, or was not ready in time."""


class Endpoints:
    """The endpoints of the workspace `workspace` on `server`."""

    def __init__(self, server: Server, workspace: str) -> None:
        self.server = server
        self.workspace = workspace
        self._keys: dict[str, str] = {}  # an authorization header by endpoint

    @property
    def url(self) -> str:
        """Return the address of the workspace, below which the scoring URIs are."""
        return tracking_uri(self.server.url, self.workspace)

    def create(self, fields: Mapping[str, Any]) -> Endpoint:
        return self._endpoint("POST", PATH, fields)

    def list(self) -> builtins.list[Endpoint]:
        found: builtins.list[Endpoint] = []
        token = ""
        while True:
            page = self._call("GET", f"{PATH}?max_results={PAGE}&page_token={quote(token, safe='')}")
            found += page.get("endpoints", [])
            token = page.get("next_page_token", "")
            if not token:
                return found

    def get(self, name: str) -> Endpoint:
        return self._endpoint("GET", _path(name))

    def find(self, name: str) -> Endpoint | None:
        try:
            return self.get(name)
        except Refused as refused:
            if is_missing(refused):
                return None
            raise

    def update(self, name: str, fields: Mapping[str, Any]) -> Endpoint:
        return self._endpoint("PATCH", _path(name), fields)

    def delete(self, name: str) -> None:
        self._call("DELETE", _path(name))

    def put_deployment(self, name: str, deployment: str, fields: Mapping[str, Any]) -> Endpoint:
        return self._endpoint("PUT", _path(name, "deployments", deployment), fields)

    def delete_deployment(self, name: str, deployment: str) -> None:
        self._call("DELETE", _path(name, "deployments", deployment))

    def logs(self, name: str, deployment: str, lines: int) -> builtins.list[str]:
        path = f"{_path(name, 'deployments', deployment, 'logs')}?lines={lines}"
        return cast(List[str], self._call("GET", path).get("lines", []))

    def keys(self, name: str) -> tuple[str, str]:
        found = self._call("GET", _path(name, "keys"))
        return str(found["primary"]), str(found["secondary"])

    def set_key(self, name: str, which: str, value: str | None = None) -> tuple[str, str]:
        """Replace the `primary` or `secondary` key.  Without a value the server generates one."""
        body = {"key": which, **({} if value is None else {"value": value})}
        found = self._call("POST", _path(name, "keys"), body)
        self._keys.pop(name, None)
        return str(found["primary"]), str(found["secondary"])

    def set_request_log(self, name: str, settings: Mapping[str, Any] | bool) -> None:
        """Switch the request log on with these settings, or off.  Logged rows are kept until they expire."""
        path = _path(name, "request-log")
        if isinstance(settings, bool):
            self._call("PUT", path, {}) if settings else self._call("DELETE", path)
        else:
            self._call("PUT", path, settings)

    def wait(
        self,
        name: str,
        deployment: str,
        timeout_s: float | None = None,
        *,
        tell: Callable[[str], object] = lambda _: None,
    ) -> Endpoint:
        """Return the endpoint when the deployment is healthy.  Raise `NotReady` if it failed, or is not healthy after
        `timeout_s` seconds.

        `tell` gets each new state with its reason."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        told = ""
        while True:
            found = self.get(name)
            one = deployment_of(found, deployment)
            words = f"{one['state']}: {one['reason']}"
            if words != told:
                told = words
                tell(words)
            if one["state"] == "Healthy":
                return found
            if one["state"] in SETTLED:
                raise NotReady(
                    f"Deployment {deployment!r} of endpoint {name!r} is {words}{self._last_lines(name, deployment)}"
                )
            if until is not None and time.monotonic() > until:
                raise NotReady(
                    f"Deployment {deployment!r} of endpoint {name!r} is not ready after {timeout_s:g} s. It is {words}"
                )
            time.sleep(LOOK_S)

    def score(
        self, name: str, body: bytes, content_type: str = "application/json", deployment: str | None = None
    ) -> Reply:
        """Return the answer of the scoring URI, of any status.

        The request has the endpoint's primary key if the caller may read it, otherwise the caller's token."""
        reply = self._score(name, body, content_type, deployment)
        if reply.status == 401 and self._keys.pop(name, None) is not None:  # the key was regenerated
            reply = self._score(name, body, content_type, deployment)
        return reply

    def _score(self, name: str, body: bytes, content_type: str, deployment: str | None) -> Reply:
        headers = {"Content-Type": content_type}
        authorization = self._authorization_of(name)
        if authorization:
            headers["Authorization"] = authorization
        if deployment is not None:
            headers[DEPLOYMENT_HEADER] = deployment
        path = f"/api/v1/service/{quote(name, safe='')}/score"
        return self.server.send("POST", path, body, headers, within=self.workspace, timeout_s=SCORE_TIMEOUT_S)

    def _authorization_of(self, name: str) -> str:
        if name not in self._keys:
            try:
                self._keys[name] = f"Bearer {self.keys(name)[0]}"
            except Refused as refused:
                if is_missing(refused):
                    raise
                # It has no keys, or the caller may not read them.
                self._keys[name] = self.server.authorization().get("Authorization", "")
        return self._keys[name]

    def _last_lines(self, name: str, deployment: str) -> str:
        try:
            lines = self.logs(name, deployment, 5)
        except TracksideError:
            return ""
        return "".join(f"\n    {line}" for line in lines)

    def _endpoint(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Endpoint:
        return cast(Endpoint, self._call(method, path, body)["endpoint"])

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self.server.call(method, path, body, within=self.workspace)


def is_missing(refused: Refused) -> bool:
    return refused.status == 404 or refused.error_code == "RESOURCE_DOES_NOT_EXIST"


def deployment_of(endpoint: Endpoint, name: str) -> dict[str, Any]:
    """Return a deployment of an endpoint.  Raise `RequestRejected`, as the server does, if it does not exist."""
    for each in endpoint.get("deployments", []):
        if each["name"] == name:
            return cast(Dict[str, Any], each)
    names = ", ".join(each["name"] for each in endpoint.get("deployments", [])) or "none"
    message = f"Endpoint {endpoint['name']!r} has no deployment {name!r}; its deployments: {names}."
    raise Refused(message, 404, "RESOURCE_DOES_NOT_EXIST")


def predictions_of(reply: Reply) -> Any:
    """Return the JSON of a scoring answer.  Raise `RequestRejected` with the server's message if the status is not 200."""
    try:
        found = json.loads(reply.content)
    except ValueError:
        found = None
    if reply.status == 200 and found is not None:
        return found
    said = found if isinstance(found, dict) else {}
    message = said.get("message") or reply.content.decode("utf-8", "replace")[:500] or "no message"
    raise Refused(
        f"Scoring failed with HTTP status {reply.status}: {message}", reply.status, str(said.get("error_code", ""))
    )


def _path(name: str, *parts: str) -> str:
    return "/".join([PATH, *(quote(part, safe="") for part in (name, *parts))])

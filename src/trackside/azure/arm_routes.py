"""The calls of Azure Resource Manager, and those by which a client signs in and discovers services."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol
from urllib.parse import parse_qs

from trackside.access.credential_headers import secret_of
from trackside.azure import arm
from trackside.core.access import OPEN, Action, Caller
from trackside.core.errors import NotFound, Unauthenticated
from trackside.core.http.codec import Call
from trackside.core.http.routes import HANDLED, Route, stream
from trackside.core.http.streams import Request, Response
from trackside.identity import keys
from trackside.identity.exchange import TENANT, Exchange
from trackside.workspaces import store
from trackside.workspaces.model import Workspace

FORM_BYTES = 16 << 10
_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_SUBSCRIPTION = "/subscriptions/{subscription_id}"
_WORKSPACES = f"/providers/{arm.TYPE}"


class Wanted(Call, frozen=True):
    """`resource` is the audience of the JWT."""

    resource: str | None = None


class Resources(Call, frozen=True, rename={"filter": "$filter"}):
    """`$filter` as `resourceType eq 'Microsoft.MachineLearningServices/workspaces'`."""

    filter: str | None = None


class Gate(Protocol):
    def admit(self, headers: Any, method: str, source: Any) -> Caller: ...

    def source(self, route: str, scope: Any) -> Any: ...

    def is_secure(self, scope: Any) -> bool: ...


class Calls:
    """`prefix` is the server's path prefix."""

    def __init__(self, gate: Gate, exchange: Exchange, clock_ms: Callable[[], int], *, prefix: str = "") -> None:
        self._gate = gate
        self._exchange = exchange
        self._clock_ms = clock_ms
        self._prefix = prefix

    def base(self, request: Request) -> str:
        """The server's URL, as the client wrote it."""
        host = request.headers.get(b"host", b"localhost").decode("latin-1")
        return f"{'https' if self._gate.is_secure(request.scope) else 'http'}://{host}{self._prefix}"

    async def clouds(self, request: Request) -> Response:
        return _answer(arm.clouds(self.base(request)))

    async def discovery(self, request: Request) -> Response:
        return _answer(arm.services(self.base(request)))

    async def tenants(self, request: Request) -> Response:
        del request
        return _answer({"value": [{"id": f"/tenants/{TENANT}", "tenantId": TENANT}]})

    async def token(self, request: Request) -> Response:
        """Return a JWT for a token of this server, like the endpoint of a managed identity.

        The token is the header `X-IDENTITY-HEADER` (App Service, 2019-08-01) or `secret` (2017-09-01), or the password of the
        URL.  Clients without a token are accepted while the server has no users."""
        form = parse_qs((await request.whole_body(FORM_BYTES)).decode("latin-1"), max_num_fields=20)
        audience = (request.query.get("resource") or form.get("resource") or [""])[-1]
        given = request.headers.get(b"x-identity-header") or request.headers.get(b"secret")
        shown = given.decode("latin-1") if given else secret_of(request.headers.get(b"authorization", b""))[0]
        digest, until_ms = await self._token(request, shown)
        jwt, ends = self._exchange.issue(digest, self._clock_ms(), audience, until_ms)
        return _answer(
            {
                "access_token": jwt,
                "expires_on": str(ends),
                "expires_in": str(max(0, ends - self._clock_ms() // 1000)),
                "not_before": str(self._clock_ms() // 1000),
                "resource": audience,
                "token_type": "Bearer",
                "client_id": TENANT,
            }
        )

    async def subscriptions(self, request: Request) -> Response:
        return _answer({"value": arm.subscriptions(await self._visible(request))})

    async def subscription(self, request: Request) -> Response:
        found = arm.subscriptions(await self._visible(request, _named(request)))
        if not found:
            raise NotFound(f"The subscription '{request.params['subscription_id'][:100]}' could not be found.")
        return _answer(found[0])

    async def provider(self, request: Request) -> Response:
        return _answer(arm.provider(_named(request)))

    async def groups(self, request: Request) -> Response:
        found = await self._visible(request, _named(request))
        names = {each.resource_group.lower(): each.resource_group for each in reversed(found)}
        subscription_id = request.params["subscription_id"]
        return _answer({"value": [arm.resource_group(subscription_id, names[key]) for key in sorted(names)]})

    async def group(self, request: Request) -> Response:
        """Return a resource group; it exists while it has a workspace that the caller may see."""
        group = request.params["resource_group"]
        found = await self._visible(request, _named(request), group)
        if not found:
            raise NotFound(f"Resource group '{group[:100]}' could not be found.")
        return _answer(arm.resource_group(request.params["subscription_id"], found[0].resource_group))

    async def resources(self, request: Request) -> Response:
        wanted = (request.query.get("$filter") or [""])[-1]
        if "resourceType eq" in wanted and arm.TYPE.lower() not in wanted.lower():
            return _answer({"value": []})
        return _answer({"value": [arm.resource(each) for each in await self._visible(request, _named(request))]})

    async def workspaces(self, request: Request) -> Response:
        group = request.params.get("resource_group")
        base = self.base(request)
        found = await self._visible(request, _named(request), group)
        return _answer({"value": [arm.described(each, base) for each in found]})

    async def workspace(self, request: Request) -> Response:
        name, group = request.params["name"], request.params["resource_group"]
        found = await self._visible(request, _named(request), group)
        for each in found:
            if each.name.lower() == name.lower():
                return _answer(arm.described(each, self.base(request)))
        raise NotFound(f"The Resource '{arm.TYPE}/{name[:100]}' under resource group '{group[:100]}' was not found.")

    async def _visible(
        self, request: Request, subscription_id: str | None = None, resource_group: str | None = None
    ) -> list[Workspace]:
        """Return the workspaces in which the caller has any right."""
        found = await request.read(lambda tx: store.all_of(tx, subscription_id, resource_group))
        return [each for each in found if request.visit.caller.rights(each).is_any]

    async def _token(self, request: Request, shown: str) -> tuple[bytes, int | None]:
        """The stored form of the token that a client shows, and when it ends (ms)."""
        headers = {b"authorization": f"Bearer {shown}".encode("latin-1", "replace")} if shown else {}
        source = self._gate.source(f"{request.method} /msi/token", request.scope)
        admit = partial(self._gate.admit, headers, request.method, source)
        caller = await asyncio.get_running_loop().run_in_executor(None, admit)
        if caller is OPEN:
            return b"", None
        if not keys.is_token(shown):  # of another kind, or none if everybody may read
            raise Unauthenticated(
                "The token of this client is not one of this server; create one by `trackside token create`."
            )
        until: int = getattr(caller, "until", 2**62)
        return keys.digest(shown), until


def _named(request: Request) -> str:
    return request.params["subscription_id"]


def _answer(body: Any) -> Response:
    return Response(200, _JSON, json.dumps(body).encode())


def routes(calls: Calls) -> list[Route]:
    def get(path: str, handler: Any, *, needs: Action = Action.WORKSPACES_READ, arguments: type[Call] = Call) -> Route:
        return stream(
            f"GET {path}",
            handler,
            needs=needs,
            on=HANDLED if needs is Action.WORKSPACES_READ else None,
            has_workspace=False,
            arguments=arguments,
        )

    def token(method: str) -> Route:
        return stream(
            f"{method} /msi/token",
            calls.token,
            needs=Action.ANYONE,
            has_workspace=False,
            arguments=Wanted,
            summary="Returns a JWT for a token of this server, as a managed identity's endpoint does.",
        )

    lower = "/resourcegroups/{resource_group}"  # as the SDK of resource groups spells it
    camel = "/resourceGroups/{resource_group}"
    return [
        get("/metadata/endpoints", calls.clouds, needs=Action.ANYONE),
        get("/discovery", calls.discovery, needs=Action.ANYONE),
        get("/tenants", calls.tenants, needs=Action.SIGNED_IN),
        token("GET"),
        token("POST"),
        get("/subscriptions", calls.subscriptions),
        get(_SUBSCRIPTION, calls.subscription),
        get(f"{_SUBSCRIPTION}/providers/{arm.NAMESPACE}", calls.provider),
        get(f"{_SUBSCRIPTION}/resources", calls.resources, arguments=Resources),
        get(f"{_SUBSCRIPTION}/resourcegroups", calls.groups),
        get(f"{_SUBSCRIPTION}{lower}", calls.group),
        get(f"{_SUBSCRIPTION}{camel}", calls.group),
        get(f"{_SUBSCRIPTION}{_WORKSPACES}", calls.workspaces),
        get(f"{_SUBSCRIPTION}{camel}{_WORKSPACES}", calls.workspaces),
        get(f"{_SUBSCRIPTION}{camel}{_WORKSPACES}/{{name}}", calls.workspace),
    ]

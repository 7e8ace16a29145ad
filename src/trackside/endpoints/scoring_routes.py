"""The calls that score: from the scoring URI to a replica and back.

The paths are Azure's (`/api/v1/service/<name>/score`, swagger.json) and MLflow's (`/invocations`).
"""

import asyncio
import logging
from time import perf_counter

from trackside.core.access import Action
from trackside.core.errors import Fault, Invalid, Unavailable
from trackside.core.http.meter import Meter
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.endpoints import keys
from trackside.endpoints.model import AuthMode
from trackside.endpoints.proxy import Broken, Proxy, Reply
from trackside.endpoints.routing import RETRY_AFTER, Routing, Target, Way

log = logging.getLogger("trackside.endpoints")

PREFIX = "/api/v1/service/{name}"
DEPLOYMENT_HEADER = b"azureml-model-deployment"
EXTRA_S = 5.0  # the replica itself answers when the time of a request is over
MOST_MIRRORED = 32  # copies under way; more are dropped
_CHALLENGE = [(b"www-authenticate", b'Bearer realm="endpoint"')]


class Scoring:
    """`meter` counts by (workspace's id, endpoint, deployment, class of status)."""

    def __init__(self, routing: Routing, meter: Meter) -> None:
        self._routing = routing
        self._meter = meter
        self._proxy = Proxy()
        self._mirrors: set[asyncio.Task[None]] = set()

    async def score(self, request: Request) -> Response:
        return await self._forward(request, "POST", "/score")

    async def invocations(self, request: Request) -> Response:
        return await self._forward(request, "POST", "/invocations")

    async def swagger(self, request: Request) -> Response:
        return await self._forward(request, "GET", "/swagger.json")

    async def openapi(self, request: Request) -> Response:
        return await self._forward(request, "GET", "/openapi.json")

    async def health(self, request: Request) -> Response:
        return await self._forward(request, "GET", "/")

    async def _forward(self, request: Request, method: str, path: str) -> Response:
        way = self._routing.find(request.workspace.workspace_id, request.params["name"])
        _check_key(way, request)
        pinned = request.headers.get(DEPLOYMENT_HEADER, b"").decode("latin-1")
        target = self._routing.choose(way, pinned)
        body = await request.whole_body(target.max_body_bytes) if method == "POST" else b""
        content_type = request.headers.get(b"content-type")
        if content_type is not None and (b"\r" in content_type or b"\n" in content_type):
            raise Invalid("Content-Type has a line break.")
        if method == "POST" and not pinned:
            self._mirror(way, path, content_type, body)
        begun, status = perf_counter(), 499  # as where the client has left
        try:
            reply = await self._try(way, target, method, path, content_type, body)
            status = reply.status
        except Fault as fault:
            status = fault.status
            raise
        finally:
            if method == "POST":
                key = (request.workspace.workspace_id, way.name, target.name, status // 100)
                self._meter.note(key, perf_counter() - begun)
        headers = [*reply.headers, (DEPLOYMENT_HEADER, target.name.encode())]
        return Response(reply.status, headers, reply.body)

    async def _try(
        self, way: Way, target: Target, method: str, path: str, content_type: bytes | None, body: bytes
    ) -> Reply:
        """Ask a replica, and another one if that ends before it answers: scoring the same rows twice changes nothing."""
        tried: list[str] = []
        for _ in range(3):
            address = self._routing.pick(target, tried)
            if address is None:  # another server of the store may have replaced the replicas
                await asyncio.get_running_loop().run_in_executor(None, self._routing.refresh)
                target = self._routing.renewed(target)
                address = self._routing.pick(target, tried)
            if address is None:
                break
            tried.append(address)
            self._routing.begin(address)
            try:
                return await self._proxy.send(address, method, path, content_type, body, target.timeout_s + EXTRA_S)
            except Broken:
                log.warning("a replica of %s/%s ended before it answered", way.name, target.name)
            except TimeoutError:
                raise Unavailable(
                    f"A replica of deployment {target.name} did not answer within {target.timeout_s + EXTRA_S:g} s.",
                    headers=RETRY_AFTER,
                ) from None
            finally:
                self._routing.end(address)
        raise Unavailable(
            f"The replicas of deployment {target.name} of endpoint {way.name} ended before they answered. Try again.",
            headers=RETRY_AFTER,
        )

    def _mirror(self, way: Way, path: str, content_type: bytes | None, body: bytes) -> None:
        target = self._routing.mirrored(way)
        if target is None or len(self._mirrors) >= MOST_MIRRORED:
            return
        task = asyncio.ensure_future(self._copy(target, path, content_type, body))
        self._mirrors.add(task)
        task.add_done_callback(self._mirrors.discard)

    async def _copy(self, target: Target, path: str, content_type: bytes | None, body: bytes) -> None:
        address = self._routing.pick(target)
        if address is None:
            return
        try:
            await self._proxy.send(address, "POST", path, content_type, body, target.timeout_s + EXTRA_S)
        except (Broken, TimeoutError):
            log.info("a mirrored request to %s was not answered", target.name)


def routes(routing: Routing, meter: Meter) -> list[Route]:
    calls = Scoring(routing, meter)
    # Each endpoint has keys of its own, which the handler checks; the roles of the workspace do not apply.
    anyone = Action.ANYONE
    return [
        stream(f"POST {PREFIX}/score", calls.score, needs=anyone, parses_body=False, summary="Scores rows."),
        stream(
            f"POST {PREFIX}/invocations", calls.invocations, needs=anyone, parses_body=False, summary="Scores rows."
        ),
        stream(f"GET {PREFIX}/swagger.json", calls.swagger, needs=anyone, summary="Returns the Swagger 2.0 document."),
        stream(f"GET {PREFIX}/openapi.json", calls.openapi, needs=anyone, summary="Returns the OpenAPI 3.0 document."),
        stream(
            f"GET {PREFIX}", calls.health, needs=anyone, media="text/plain", summary="Tells whether a replica is ready."
        ),
    ]


def _check_key(way: Way, request: Request) -> None:
    if way.auth_mode is AuthMode.NONE:
        return
    given = request.headers.get(b"authorization", b"")
    scheme, _, key = given.partition(b" ")
    if scheme.lower() == b"bearer" and keys.opens(key.strip().decode("latin-1"), way.hashes):
        return
    what = "is missing" if not given else "does not open it"
    raise keys.WrongKey(
        f"Endpoint {way.name} needs one of its keys: send `Authorization: Bearer <key>`. The given one {what}.",
        headers=_CHALLENGE,
    )

"""Scores: forwards requests from the scoring URI to a replica.

The paths are Azure's (`/api/v1/service/<name>/score`, swagger.json) and MLflow's (`/invocations`).  A small call is answered by
callbacks on the event loop (`core/http/direct`); a call that must wait for the store, or has a large body, is a coroutine.  Both
use the same functions to choose a deployment and check the caller.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from trackside.core.access import OPEN, Action, Caller, MissingWorkspace, Object
from trackside.core.errors import Denied, Fault, Invalid, NotFound, Unauthenticated, Unavailable
from trackside.core.http.admission import REFUSED, Gate
from trackside.core.http.calls import failed
from trackside.core.http.direct import Answer, Small
from trackside.core.http.meter import Meter
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Headers, Request, Response
from trackside.endpoints import keys
from trackside.endpoints.model import AuthMode
from trackside.endpoints.proxy.exchange import Broken, Reply
from trackside.endpoints.proxy.pool import Proxy
from trackside.endpoints.request_log.model import REQUEST_ID
from trackside.endpoints.request_log.recorder import Recorder
from trackside.endpoints.request_log.spool import Entry
from trackside.endpoints.routing import RETRY_AFTER, EndpointRoute, Routing, Target
from trackside.endpoints.traffic import class_of

log = logging.getLogger("trackside.endpoints")

PREFIX = "/api/v1/service/{name}"
DEPLOYMENT_HEADER = b"azureml-model-deployment"
EXTRA_S = 5.0  # the replica itself answers when the time limit of a request is over
MOST_MIRRORED = 32  # concurrent copies; further ones are dropped
MOST_TRIES = 3
SMALL_BYTES = 1 << 20  # a body up to this size is forwarded without a task; each deployment accepts at least as much
MOST_OPENED = 1000
REQUEST_ID_HEADER = b"x-request-id"
SIGNATURE_TIMEOUT_S = 30.0
OK = 200
GUESSED_METHOD = "POST"
_CHALLENGE = [(b"www-authenticate", b'Bearer realm="endpoint"')]


class Scoring:
    """`gate` finds the caller of a token or session, for callers with a role instead of a key.  `meter` counts by (workspace's
    id, endpoint, deployment, class of status)."""

    def __init__(self, routing: Routing, gate: Gate, meter: Meter, recorder: Recorder) -> None:
        self.routing = routing
        self._recorder = recorder
        self._meter = meter
        self.proxy = Proxy(routing.token_of)
        self._gate = gate
        self._mirrored = 0
        # Headers with a key of the endpoint, valid while the routing table is the same.
        self._opened: dict[bytes, EndpointRoute] = {}
        self._slow: set[asyncio.Task[None]] = set()
        # The action of a caller with a role; the audit log names it for a refusal.
        self._role_route = stream(f"POST {PREFIX}/score", self.score, needs=Action.ENDPOINTS_SCORE)

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

    def small_score(self, small: Small, answer: Answer) -> None:
        self._small("/score", small, answer)

    def small_invocations(self, small: Small, answer: Answer) -> None:
        self._small("/invocations", small, answer)

    def note(self, way: EndpointRoute, target: Target, status: int, seconds: float) -> None:
        self._meter.note((target.workspace_id, way.name, target.name, class_of(status)), seconds)

    def _small(self, path: str, small: Small, answer: Answer) -> None:
        """Answer a call whose body is whole.  Raise a Fault, or answer later."""
        way = self.routing.recall(small.workspace.workspace_id, small.params["name"])
        if way is None or not self._recalls(way, small.headers, small.workspace):
            task = asyncio.get_running_loop().create_task(self._answer_slowly(path, small, answer))
            self._slow.add(task)
            task.add_done_callback(self._slow.discard)
            return
        self._start(way, "POST", path, small.headers, small.body, answer)

    async def _answer_slowly(self, path: str, small: Small, answer: Answer) -> None:
        try:
            way = await self._find(small.workspace, small.params["name"], small.headers)
            await self._admit(way, small.headers, small.workspace)
            self._start(way, "POST", path, small.headers, small.body, answer)
        except Exception as error:  # noqa: BLE001  # it is answered and logged
            answer(*failed(error, "POST", path))

    def _start(
        self, way: EndpointRoute, method: str, path: str, headers: Mapping[bytes, bytes], body: bytes, answer: Answer
    ) -> None:
        target = self._choose(way, method, headers)
        request_id = "" if way.log is None else _request_id(headers)
        call = _Call(self, way, target, method, path, _content_type(headers), body, request_id, answer)
        if method == "POST" and DEPLOYMENT_HEADER not in headers:
            self._mirror(call)
        call.attempt()

    async def _forward(self, request: Request, method: str, path: str) -> Response:
        way = await self._find(request.workspace, request.params["name"], request.headers)
        await self._admit(way, request.headers, request.workspace)
        target = self._choose(way, method, request.headers)
        body = await request.whole_body(target.max_body_bytes) if method == "POST" else b""
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def answer(status: int, headers: Headers, body: bytes) -> None:
            if not answered.done():
                answered.set_result(Response(status, headers, body))

        self._start(way, method, path, request.headers, body, answer)
        return await answered

    async def _find(self, workspace: Any, name: str, headers: Mapping[bytes, bytes]) -> EndpointRoute:
        """Return the endpoint; an unknown one is read from the store, since another server may have just created it.

        A caller who may not score gets the same answer for a missing endpoint.  Raise NotFound, WrongKey, Denied."""
        ws = workspace.workspace_id
        way = self.routing.recall(ws, name)
        if way is not None:
            return way
        try:
            return await asyncio.get_running_loop().run_in_executor(None, self.routing.find, ws, name)
        except NotFound as fault:
            caller = self._gate.recall(headers, GUESSED_METHOD)
            if caller is None:
                caller = await self._caller(name, headers)
            if caller is not OPEN:
                self._check_caller(name, caller, headers, workspace)
            raise workspace.fault if isinstance(workspace, MissingWorkspace) else fault from None

    def _choose(self, way: EndpointRoute, method: str, headers: Mapping[bytes, bytes]) -> Target:
        """Return the deployment for a request.  Raise NotFound, Invalid, Unavailable.  Only requests to score count for the
        traffic split, health probes do not."""
        target = self.routing.choose(way, headers.get(DEPLOYMENT_HEADER, b"").decode("latin-1"))
        try:
            self.routing.check_ready(way, target)
        except Unavailable as fault:
            if method == "POST":
                self.note(way, target, fault.status, 0.0)
            raise
        return target

    def _recalls(self, way: EndpointRoute, headers: Mapping[bytes, bytes], workspace: Any) -> bool:
        """Return whether the caller may score, from the cache; False if the store must be read.

        Raise WrongKey, Denied."""
        if way.auth_mode is AuthMode.NONE:
            return True
        authorization = headers.get(b"authorization", b"")
        if self._opened.get(authorization) is way:
            return True
        scheme, _, key = authorization.partition(b" ")
        if scheme.lower() == b"bearer" and keys.opens(key.strip().decode("latin-1"), way.hashes):
            if len(self._opened) >= MOST_OPENED:
                self._opened.clear()
            self._opened[authorization] = way
            return True
        caller = self._gate.recall(headers, GUESSED_METHOD)
        if caller is None:
            return False
        self._check_caller(way.name, caller, headers, workspace)
        return True

    async def _admit(self, way: EndpointRoute, headers: Mapping[bytes, bytes], workspace: Any) -> None:
        """Check the caller.  Raise WrongKey, Denied."""
        if self._recalls(way, headers, workspace):
            return
        self._check_caller(way.name, await self._caller(way.name, headers), headers, workspace)

    async def _caller(self, name: str, headers: Mapping[bytes, bytes]) -> Caller:
        """Return the caller.  Raise WrongKey for an unknown credential."""
        source = self._gate.source_of("POST", PREFIX)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                None, self._gate.admit, headers, GUESSED_METHOD, source
            )
        except Unauthenticated as fault:
            if fault.late_s:
                await asyncio.sleep(fault.late_s)
            raise _wrong_key(name, headers) from None

    def _check_caller(self, name: str, caller: Caller, headers: Mapping[bytes, bytes], workspace: Any) -> None:
        """Raise Denied unless the caller has the role.  On a server without users nobody has one, so a key is required."""
        if caller is OPEN or caller.principal_id is None:
            raise _wrong_key(name, headers)
        if not caller.rights(workspace).allows(Action.ENDPOINTS_SCORE, Object("endpoint", name)):
            self._gate.refused(caller, self._role_route, workspace, self._gate.source_of("POST", PREFIX))
            raise Denied(REFUSED)

    def log(self, call: "_Call", target: Target, address: str, answer: bytes, latency_ms: float) -> None:
        """Offer a request to the request log; with the first one of a model, request the signature from its replica."""
        way, generation = call.way, target.generations.get(address, target.generation)
        if way.log is None:
            return
        if not self._recorder.knows(way.endpoint_seq, target.deployment_seq, generation):

            def learn(reply: Reply | None, error: Exception | None) -> None:  # called by the proxy
                signature = reply.body if reply is not None and reply.status == OK else b""
                self._recorder.learn(way.endpoint_seq, target.deployment_seq, generation, signature)

            self.proxy.send(address, "GET", "/signature", None, b"", SIGNATURE_TIMEOUT_S, learn)
        entry = Entry(
            time=time.time_ns() // 1_000_000,
            request_id=call.request_id,
            deployment=target.name,
            deployment_seq=target.deployment_seq,
            generation=generation,
            model=target.model_uri if generation == target.generation else "",
            latency_ms=latency_ms,
            content_type=(call.content_type or b"").decode("latin-1"),
            body=call.body,
            answer=answer,
        )
        self._recorder.offer(way.endpoint_seq, way.log, entry)

    def _mirror(self, call: "_Call") -> None:
        target = self.routing.mirrored(call.way)
        address = None if target is None else self.routing.pick(target)
        if target is None or address is None or self._mirrored >= MOST_MIRRORED:
            return
        self._mirrored += 1
        timeout_s, began, copied = target.timeout_s + EXTRA_S, perf_counter(), target

        def done(reply: Reply | None, error: Exception | None) -> None:
            self._mirrored -= 1
            status = 503 if reply is None else reply.status
            self.note(call.way, copied, status, perf_counter() - began)
            if error is not None:
                log.info("a mirrored request to %s was not answered: %s", copied.name, error)

        self.proxy.send(address, "POST", call.path, call.content_type, call.body, timeout_s, done)


class _Call:
    """A request that is forwarded to a replica, and to another one if that ends before it answers: scoring is idempotent."""

    __slots__ = (
        "_address", "_answer", "_began", "_method", "_scoring", "_target", "_tried", "body", "content_type", "path",
        "request_id", "way",
    )  # fmt: skip

    def __init__(
        self,
        scoring: Scoring,
        way: EndpointRoute,
        target: Target,
        method: str,
        path: str,
        content_type: bytes | None,
        body: bytes,
        request_id: str,
        answer: Answer,
    ) -> None:
        self.request_id = request_id  # empty: the request is not logged
        self.way = way
        self.path = path
        self.content_type = content_type
        self.body = body
        self._scoring = scoring
        self._target = target
        self._method = method
        self._answer = answer
        self._began = perf_counter()
        self._tried: list[str] = []
        self._address = ""

    def attempt(self) -> None:
        routing = self._scoring.routing
        address = routing.pick(self._target, self._tried)
        if address is None:  # another server of the store may have replaced the replicas
            looking = asyncio.get_running_loop().run_in_executor(None, routing.refresh)
            looking.add_done_callback(self._look)
            return
        self._send(address)

    def _look(self, looked: "asyncio.Future[bool]") -> None:
        if looked.cancelled() or looked.exception() is not None:
            self._give_up()
            return
        routing = self._scoring.routing
        self._target = routing.renewed(self._target)
        address = routing.pick(self._target, self._tried)
        if address is None:
            self._give_up()
        else:
            self._send(address)

    def _send(self, address: str) -> None:
        self._tried.append(address)
        self._address = address
        self._scoring.routing.begin(address)
        timeout_s = self._target.timeout_s + EXTRA_S
        self._scoring.proxy.send(address, self._method, self.path, self.content_type, self.body, timeout_s, self._done)

    def _done(self, reply: Reply | None, error: Exception | None) -> None:
        self._scoring.routing.end(self._address)
        target = self._target
        if reply is not None:
            headers = [*reply.headers, (DEPLOYMENT_HEADER, target.header)]
            if self.request_id:
                headers.append((REQUEST_ID_HEADER, self.request_id.encode()))
            self._finish(reply.status, headers, reply.body)
            if self.request_id and reply.status == OK and self._method == "POST":
                latency_ms = (perf_counter() - self._began) * 1000
                self._scoring.log(self, target, self._address, reply.body, latency_ms)
        elif isinstance(error, Broken):
            log.warning("a replica of %s/%s ended before it answered", self.way.name, target.name)
            if len(self._tried) < MOST_TRIES:
                self.attempt()
            else:
                self._give_up()
        else:
            limit_s = target.timeout_s + EXTRA_S
            self._fail(Unavailable(f"A replica of deployment {target.name} did not answer within {limit_s:g} s."))

    def _give_up(self) -> None:
        deployment = f"{self._target.name} of endpoint {self.way.name}"
        self._fail(Unavailable(f"The replicas of deployment {deployment} ended before they answered. Try again."))

    def _fail(self, fault: Fault) -> None:
        status, headers, body = failed(fault, self._method, self.path)
        self._finish(status, [*headers, *RETRY_AFTER], body)

    def _finish(self, status: int, headers: Headers, body: bytes) -> None:
        if self._method == "POST":
            self._scoring.note(self.way, self._target, status, perf_counter() - self._began)
        self._answer(status, headers, body)


def routes(routing: Routing, meter: Meter, gate: Gate, recorder: Recorder) -> list[Route]:
    calls = Scoring(routing, gate, meter, recorder)
    # The handlers check the endpoint's keys, and the role of a caller without a key.
    anyone = Action.ANYONE

    def scoring(path: str, handler: Callable[..., Any], small: Callable[..., Any]) -> Route:
        return stream(
            f"POST {PREFIX}/{path}",
            handler,
            needs=anyone,
            parses_body=False,
            small=small,
            small_bytes=SMALL_BYTES,
            summary="Scores rows.",
        )

    return [
        scoring("score", calls.score, calls.small_score),
        scoring("invocations", calls.invocations, calls.small_invocations),
        stream(f"GET {PREFIX}/swagger.json", calls.swagger, needs=anyone, summary="Returns the Swagger 2.0 document."),
        stream(f"GET {PREFIX}/openapi.json", calls.openapi, needs=anyone, summary="Returns the OpenAPI 3.0 document."),
        stream(
            f"GET {PREFIX}",
            calls.health,
            needs=anyone,
            media="text/plain",
            summary="Returns whether a replica is ready.",
        ),
    ]


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    """Return the caller's id of the request, or a new one if there is none that is valid in a file."""
    given = headers.get(REQUEST_ID_HEADER, b"").decode("latin-1")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def _content_type(headers: Mapping[bytes, bytes]) -> bytes | None:
    found = headers.get(b"content-type")
    if found is not None and (b"\r" in found or b"\n" in found):
        raise Invalid("Content-Type has a line break.")
    return found


def _wrong_key(name: str, headers: Mapping[bytes, bytes]) -> keys.WrongKey:
    what = "is not valid for it" if b"authorization" in headers else "is missing"
    return keys.WrongKey(
        f"Endpoint {name} needs one of its keys, or a token of a user or service principal that may score: send"
        f" `Authorization: Bearer <key or token>`. The key or token {what}.",
        headers=_CHALLENGE,
    )

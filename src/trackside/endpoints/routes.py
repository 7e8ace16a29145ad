"""The calls that manage endpoints; their operations are in `work`, and scoring is in `scoring_routes`."""

from collections.abc import Callable
from typing import Any, TypeVar

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http import codec
from trackside.core.http.routes import LISTED, Route, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.endpoints import model as m
from trackside.endpoints import store
from trackside.endpoints.work import MAX_LOG_LINES, Work, shown, shown_all, shown_page

T = TypeVar("T", bound=codec.Call)
PATH = "/api/trackside/v1/endpoints"


class Calls:
    def __init__(self, work: Work) -> None:
        self._work = work

    async def create(self, request: Request) -> Response:
        call = await _body(request, m.CreateEndpoint)
        self._work.prepare(m.check_auth_mode(call.auth_mode))
        return await self._written(request, lambda tx: self._work.create(tx, call), 201)

    async def list(self, request: Request) -> Response:
        most, token = (request.query.get(name, [None])[-1] for name in ("max_results", "page_token"))
        if most is None and token is None:
            return _json(m.Endpoints(endpoints=await request.read(shown_all)))
        size, after = m.check_page(most, token)
        return _json(await request.read(lambda tx: shown_page(tx, after, size)))

    async def get(self, request: Request) -> Response:
        name = request.params["name"]
        return _json(m.GotEndpoint(endpoint=await request.read(lambda tx: shown(tx, store.get(tx, name)))))

    async def update(self, request: Request) -> Response:
        call = await _body(request, m.UpdateEndpoint)
        name = request.params["name"]
        self._work.prepare(call.auth_mode)
        return await self._written(request, lambda tx: self._work.update(tx, name, call))

    async def delete(self, request: Request) -> Response:
        name = request.params["name"]
        await request.write(lambda tx: self._work.delete(tx, name))
        await request.in_thread(self._work.changed)
        return _json({})

    async def put_deployment(self, request: Request) -> Response:
        call = await _body(request, m.PutDeployment)
        where = request.params["name"], request.params["deployment"]
        return await self._written(request, lambda tx: self._work.put_deployment(tx, *where, call))

    async def delete_deployment(self, request: Request) -> Response:
        where = request.params["name"], request.params["deployment"]
        return await self._written(request, lambda tx: self._work.delete_deployment(tx, *where))

    async def roll_back(self, request: Request) -> Response:
        where = request.params["name"], request.params["deployment"]
        return await self._written(request, lambda tx: self._work.roll_back(tx, *where))

    async def keys(self, request: Request) -> Response:
        name = request.params["name"]
        return _json(await request.read(lambda tx: self._work.keys(tx, name)))

    async def regenerate(self, request: Request) -> Response:
        call = await _body(request, m.RegenerateKey)
        name = request.params["name"]
        self._work.prepare(m.AuthMode.KEY)
        await request.write(lambda tx: self._work.regenerate(tx, name, call))
        await request.in_thread(self._work.changed)
        return await self.keys(request)

    async def logs(self, request: Request) -> Response:
        name, deployment = request.params["name"], request.params["deployment"]
        given = request.query.get("lines", ["200"])[-1]
        if not given.isdecimal() or len(given) > 6 or not 1 <= int(given) <= MAX_LOG_LINES:
            raise Invalid(f"lines is {given[:20]!r}; it must be a number from 1 to {MAX_LOG_LINES}.")
        found = await request.read(lambda tx: store.get_deployment(tx, store.get(tx, name), deployment))
        return _json(m.Log(lines=await request.in_thread(self._work.log, found, int(given))))

    async def _written(self, request: Request, write: Callable[[Tx], m.ShownEndpoint], status: int = 200) -> Response:
        found = await request.write(write)
        await request.in_thread(self._work.changed)
        return _json(m.GotEndpoint(endpoint=found), status)


async def _body(request: Request, kind: type[T]) -> T:
    call: T = codec.decode_body(kind, await request.whole_body())
    return call


def _json(answer: Any, status: int = 200) -> Response:
    return Response(status, [(b"content-type", b"application/json")], codec.encode(answer))


def routes(work: Work) -> list[Route]:
    calls = Calls(work)
    read, write, delete = Action.ENDPOINTS_READ, Action.ENDPOINTS_WRITE, Action.ENDPOINTS_DELETE
    one, deployed = f"{PATH}/{{name}}", f"{PATH}/{{name}}/deployments/{{deployment}}"
    at, got = by("endpoint", "name"), m.GotEndpoint
    return [
        stream(f"POST {PATH}", calls.create, call=m.CreateEndpoint, needs=write, answer=got, status=201),
        stream(f"GET {PATH}", calls.list, needs=read, on=LISTED, arguments=m.ListEndpoints, answer=m.Endpoints),
        stream(f"GET {one}", calls.get, on=at, call=m.EndpointCall, needs=read, answer=got),
        stream(f"PATCH {one}", calls.update, on=at, call=m.UpdateEndpoint, needs=write, answer=got),
        stream(f"DELETE {one}", calls.delete, on=at, call=m.EndpointCall, needs=delete),
        stream(
            f"GET {one}/keys", calls.keys, on=at, call=m.EndpointCall, needs=Action.ENDPOINTS_KEYS, answer=m.GotKeys
        ),
        stream(
            f"POST {one}/keys",
            calls.regenerate,
            on=at,
            call=m.RegenerateKey,
            needs=Action.ENDPOINTS_KEYS,
            answer=m.GotKeys,
        ),
        stream(f"PUT {deployed}", calls.put_deployment, on=at, call=m.PutDeployment, needs=write, answer=got),
        stream(f"DELETE {deployed}", calls.delete_deployment, on=at, call=m.DeploymentCall, needs=delete, answer=got),
        stream(f"POST {deployed}/rollback", calls.roll_back, on=at, call=m.DeploymentCall, needs=write, answer=got),
        stream(f"GET {deployed}/logs", calls.logs, on=at, needs=read, arguments=m.LogCall, answer=m.Log),
    ]

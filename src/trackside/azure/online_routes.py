"""The calls of Azure's online endpoints and their deployments, as `mlflow.deployments` of azureml-mlflow makes them.

What they do is in `endpoints.work`, as for Trackside's own calls; this module has the HTTP layer and ARM's shapes.  A deployment
becomes ready after its call is answered, so the answer names an operation that the client polls.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from trackside.azure import online
from trackside.azure.run_history import Calls as History
from trackside.core.access import OPEN, Action
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Denied, Fault, Invalid, NotFound
from trackside.core.http.admission import REFUSED
from trackside.core.http.codec import Answer, Call, decode_body, encode
from trackside.core.http.routes import LISTED, Route, stream
from trackside.core.http.streams import Headers, Request, Response
from trackside.core.http.targets import by
from trackside.endpoints import keys, store
from trackside.endpoints import model as m
from trackside.endpoints.work import MAX_LOG_LINES, Work, shown, shown_all
from trackside.identity.exchange import LIFE_S

POLL_AFTER = (b"retry-after", b"1")  # s, between two questions of a client for an operation
DEFAULT_TAIL = 200
_JSON = [(b"content-type", b"application/json")]
_ADVICE = (
    "Trackside serves no web services on ACI or AKS. Deploy to an online endpoint: give `config` a `deploy-config-file` without"
    " computeType."
)


class NoService(Fault):
    """No such web service: azureml-mlflow checks for this code before it reports a missing deployment."""

    code = "NO_SUCH_SERVICE"
    status = 404


class Resource(Call, frozen=True):
    """An endpoint or a deployment in ARM's form."""

    name: str | None = None
    deployment: str | None = None
    location: str | None = None
    kind: str | None = None
    tags: dict[str, str] | None = None
    identity: Any = None
    sku: Any = None
    properties: Any = None


class Regenerate(Call, frozen=True, rename={"key_type": "keyType", "key_value": "keyValue"}):
    private = ("key_value",)
    name: str | None = None
    key_type: str | None = None
    key_value: str | None = None


class Logs(Call, frozen=True, rename={"container_type": "containerType"}):
    """`tail` is a number of lines.  All containers have the same log."""

    name: str | None = None
    deployment: str | None = None
    container_type: str | None = None
    tail: int | None = None


class Keys(Answer, frozen=True, rename="camel"):
    primary_key: str
    secondary_key: str


class Token(Answer, frozen=True, rename="camel"):
    access_token: str
    expiry_time_utc: int
    refresh_after_time_utc: int
    token_type: str


class Log(Answer, frozen=True):
    content: str


class Calls:
    """`base`: the server's URL as the client wrote it.  `history` issues another JWT."""

    def __init__(self, base: Callable[[Request], str], work: Work, history: History) -> None:
        self._base = base
        self._work = work
        self._history = history

    async def list(self, request: Request) -> Response:
        found = await request.read(shown_all)
        return _json({"value": [self._endpoint(request, each) for each in found]})

    async def get(self, request: Request) -> Response:
        name = request.params["name"]
        return _json(self._endpoint(request, await request.read(lambda tx: shown(tx, store.get(tx, name)))))

    async def put(self, request: Request) -> Response:
        """Create an endpoint, or change the one of this name."""
        name = request.params["name"]
        call: Resource = decode_body(Resource, await request.whole_body())
        properties = online.endpoint_properties(call.properties)
        mode = online.mode_of(properties)
        self._work.prepare(m.AuthMode.KEY)

        def write(tx: Tx) -> tuple[int, m.ShownEndpoint]:
            try:
                found = shown(tx, store.lock(tx, name))
            except NotFound:
                return 201, self._create(tx, name, mode, call, properties)
            return 200, self._change(tx, found, mode, call, properties)

        status, found = await request.write(write)
        await request.in_thread(self._work.changed)
        return _json(self._endpoint(request, found), status)

    async def patch(self, request: Request) -> Response:
        """Change the traffic and the tags of an endpoint."""
        name = request.params["name"]
        call: Resource = decode_body(Resource, await request.whole_body())
        given = online.endpoint_properties(call.properties)
        update = m.UpdateEndpoint(
            description=given.description, tags=call.tags, traffic=given.traffic, mirror_traffic=given.mirror_traffic
        )
        found: m.ShownEndpoint = await request.write(lambda tx: self._work.update(tx, name, update))
        await request.in_thread(self._work.changed)
        return _json(self._endpoint(request, found))

    async def delete(self, request: Request) -> Response:
        """Delete an endpoint with its deployments.  204: it was not there."""
        name = request.params["name"]

        def write(tx: Tx) -> int:
            try:
                self._work.delete(tx, name)
            except NotFound:
                return 204
            return 200

        status = await request.write(write)
        await request.in_thread(self._work.changed)
        return Response(status, [], b"")

    async def keys(self, request: Request) -> Response:
        name = request.params["name"]
        found: m.GotKeys = await request.read(lambda tx: self._work.keys(tx, name))
        return _json(Keys(primary_key=found.primary, secondary_key=found.secondary))

    async def regenerate(self, request: Request) -> Response:
        name = request.params["name"]
        call: Regenerate = decode_body(Regenerate, await request.whole_body())
        self._work.prepare(m.AuthMode.KEY)
        if (call.key_type or "").lower() not in keys.WHICH:
            raise Invalid(f"keyType is {call.key_type!r}; it must be Primary or Secondary.")
        wanted = m.RegenerateKey(key=call.key_type, value=call.key_value)
        await request.write(lambda tx: self._work.regenerate(tx, name, wanted))
        await request.in_thread(self._work.changed)
        return Response(200, [], b"")

    async def token(self, request: Request) -> Response:
        """Return a token for the scoring URI: a JWT with the caller's rights.

        A server without users returns the endpoint's key, which everybody may read there.
        """
        name = request.params["name"]
        has_keys = await request.read(lambda tx: store.get(tx, name).auth_mode is m.AuthMode.KEY)
        token, ends = self._history.another_jwt(request)
        if request.visit.caller is OPEN and has_keys:
            token = (await request.read(lambda tx: self._work.keys(tx, name))).primary
        refresh = ends - LIFE_S // 12
        return _json(
            Token(access_token=token, expiry_time_utc=ends, refresh_after_time_utc=refresh, token_type="Bearer")  # noqa: S106
        )

    async def deployments(self, request: Request) -> Response:
        name = request.params["name"]
        found = await request.read(lambda tx: shown(tx, store.get(tx, name)))
        return _json({"value": [online.deployment(each, name, request.workspace) for each in found.deployments]})

    async def deployment(self, request: Request) -> Response:
        found = await request.read(lambda tx: _deployment(tx, request))
        return _json(online.deployment(found, request.params["name"], request.workspace))

    async def put_deployment(self, request: Request) -> Response:
        return await self._deploy(request, must_be_there=False)

    async def patch_deployment(self, request: Request) -> Response:
        return await self._deploy(request, must_be_there=True)

    async def delete_deployment(self, request: Request) -> Response:
        """204: it was not there."""
        where = request.params["name"], request.params["deployment"]

        def write(tx: Tx) -> int:
            try:
                self._work.delete_deployment(tx, *where)
            except NotFound:
                return 204
            return 200

        status = await request.write(write)
        await request.in_thread(self._work.changed)
        return Response(status, [], b"")

    async def operation(self, request: Request) -> Response:
        """Return the progress of the last change of a deployment."""
        found = await request.read(lambda tx: _deployment(tx, request))
        identity = online.deployment_id(request.workspace, request.params["name"], found.name)
        return _json(online.operation(found, f"{identity}/operationStatus"), headers=[POLL_AFTER])

    async def logs(self, request: Request) -> Response:
        name, deployment = request.params["name"], request.params["deployment"]
        call: Logs = decode_body(Logs, await request.whole_body())
        tail = DEFAULT_TAIL if call.tail is None else call.tail
        if not 1 <= tail <= MAX_LOG_LINES:
            raise Invalid(f"tail is {tail}; it must be a number from 1 to {MAX_LOG_LINES}.")
        found = await request.read(lambda tx: store.get_deployment(tx, store.get(tx, name), deployment))
        lines = await request.in_thread(self._work.log, found, tail)
        return _json(Log(content="".join(f"{line}\n" for line in lines)))

    async def services(self, request: Request) -> Response:
        """Return no services: web services on ACI or AKS do not exist here."""
        del request
        return _json({"value": []})

    async def service(self, request: Request) -> Response:
        name = request.params["service"]
        raise NoService(f"There is no web service {name[:100]!r}. {_ADVICE}")

    async def create_service(self, request: Request) -> Response:
        del request
        raise Invalid(_ADVICE)

    def _endpoint(self, request: Request, found: m.ShownEndpoint) -> dict[str, Any]:
        return online.endpoint(found, request.workspace, self._base(request))

    def _create(
        self, tx: Tx, name: str, mode: str, call: Resource, properties: online.EndpointProperties
    ) -> m.ShownEndpoint:
        if Action.ENDPOINTS_WRITE not in tx.rights.everywhere:  # a right on one endpoint creates no other
            raise Denied(REFUSED)
        if properties.traffic or properties.mirror_traffic:
            raise Invalid("properties.traffic is given for an endpoint that has no deployments yet.")
        kept = dict(properties.properties or {})
        if mode != online.KEY:
            kept[online.MODE_PROPERTY] = mode
        wanted = m.CreateEndpoint(name=name, description=properties.description, tags=call.tags, properties=kept)
        return self._work.create(tx, wanted)

    def _change(
        self, tx: Tx, found: m.ShownEndpoint, mode: str, call: Resource, properties: online.EndpointProperties
    ) -> m.ShownEndpoint:
        existing_mode = online.client_mode(found)
        if mode != existing_mode:
            raise AlreadyExists(
                f"Endpoint {found.name} exists with authMode {existing_mode}, which cannot change: delete the endpoint first."
            )
        update = m.UpdateEndpoint(
            description=properties.description,
            tags=call.tags,
            traffic=properties.traffic,
            mirror_traffic=properties.mirror_traffic,
        )
        return self._work.update(tx, found.name, update)

    async def _deploy(self, request: Request, *, must_be_there: bool) -> Response:
        name, deployment = request.params["name"], request.params["deployment"]
        call: Resource = decode_body(Resource, await request.whole_body())
        wanted = online.deployment_call(call.properties, call.sku, request.workspace)

        def write(tx: Tx) -> tuple[bool, m.ShownDeployment]:
            is_new = store.find_deployment(tx, store.lock(tx, name), deployment) is None
            if is_new and must_be_there:
                raise NotFound(f"Deployment with name={deployment} of endpoint {name} not found")
            self._work.put_deployment(tx, name, deployment, wanted, first_traffic=0)
            return is_new, _deployment(tx, request)

        is_new, found = await request.write(write)
        await request.in_thread(self._work.changed)
        there = online.deployment_id(request.workspace, name, deployment)
        polled = f"{self._base(request)}{quote(there)}/operationStatus"
        headers = [(b"azure-asyncoperation", polled.encode("latin-1")), POLL_AFTER]
        return _json(online.deployment(found, name, request.workspace), 201 if is_new else 200, headers)


def _deployment(tx: Tx, request: Request) -> m.ShownDeployment:
    name, deployment = request.params["name"], request.params["deployment"]
    for each in shown(tx, store.get(tx, name)).deployments:
        if each.name == deployment:
            return each
    raise NotFound(f"Deployment with name={deployment} of endpoint {name} not found")


def _json(body: Any, status: int = 200, headers: Headers | None = None) -> Response:
    return Response(status, [*_JSON, *(headers or [])], encode(body))


def routes(calls: Calls) -> list[Route]:
    read, write, delete = Action.ENDPOINTS_READ, Action.ENDPOINTS_WRITE, Action.ENDPOINTS_DELETE
    at = by("endpoint", "name")
    above = "/azure/onlineEndpoints"
    one, deployed = f"{above}/{{name}}", f"{above}/{{name}}/deployments/{{deployment}}"
    services = "/azure/modelmanagement/services"
    return [
        stream(f"GET {above}", calls.list, needs=read, on=LISTED),
        stream(f"GET {one}", calls.get, on=at, call=m.EndpointCall, needs=read),
        stream(f"PUT {one}", calls.put, on=at, call=Resource, needs=write),
        stream(f"PATCH {one}", calls.patch, on=at, call=Resource, needs=write),
        stream(f"DELETE {one}", calls.delete, on=at, call=m.EndpointCall, needs=delete, media=""),
        stream(
            f"POST {one}/listKeys", calls.keys, on=at, call=m.EndpointCall, needs=Action.ENDPOINTS_KEYS, answer=Keys
        ),
        stream(
            f"POST {one}/regenerateKeys",
            calls.regenerate,
            on=at,
            call=Regenerate,
            needs=Action.ENDPOINTS_KEYS,
            media="",
        ),
        stream(
            f"POST {one}/token", calls.token, on=at, call=m.EndpointCall, needs=Action.ENDPOINTS_SCORE, answer=Token
        ),
        stream(f"GET {one}/deployments", calls.deployments, on=at, call=m.EndpointCall, needs=read),
        stream(f"GET {deployed}", calls.deployment, on=at, call=m.DeploymentCall, needs=read),
        stream(f"PUT {deployed}", calls.put_deployment, on=at, call=Resource, needs=write),
        stream(f"PATCH {deployed}", calls.patch_deployment, on=at, call=Resource, needs=write),
        stream(f"DELETE {deployed}", calls.delete_deployment, on=at, call=m.DeploymentCall, needs=delete, media=""),
        stream(f"GET {deployed}/operationStatus", calls.operation, on=at, call=m.DeploymentCall, needs=read),
        stream(f"POST {deployed}/getLogs", calls.logs, on=at, call=Logs, needs=read, answer=Log),
        stream(f"GET {services}", calls.services, needs=read, on=LISTED),
        stream(f"POST {services}", calls.create_service, needs=write),
        stream(f"GET {services}/{{service}}", calls.service, needs=read),
    ]

"""The calls that manage endpoints.  Scoring itself is in `scoring_routes`."""

from collections.abc import Callable
from typing import Any, TypeVar

from trackside.access import store as access
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http import codec
from trackside.core.http.routes import LISTED, Route, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.core.seal import Sealer
from trackside.endpoints import keys, sources, store
from trackside.endpoints import model as m
from trackside.endpoints.backends.chosen import Backends
from trackside.endpoints.routing import Routing
from trackside.endpoints.scoring_routes import PREFIX
from trackside.workspaces import store as workspaces

T = TypeVar("T", bound=codec.Call)
PATH = "/api/trackside/v1/endpoints"
FIRST_DEPLOYMENT = "blue"
MAX_LOG_LINES = 5000


class Calls:
    """`wake` makes the controller look at once."""

    def __init__(self, sealer: Sealer, routing: Routing, backend: Backends, wake: Callable[[], None]) -> None:
        self._sealer = sealer
        self._routing = routing
        self._backend = backend
        self._wake = wake

    async def create(self, request: Request) -> Response:
        call = await _body(request, m.CreateEndpoint)
        name, mode = m.check_name(call.name), m.check_auth_mode(call.auth_mode)
        description = m.check_description(call.description)
        tags, properties = m.check_notes(call.tags, "tags"), m.check_notes(call.properties, "properties")
        spec = m.check_spec(call.spec, m.Spec())
        self._backend.check(spec)
        deployment = m.check_name(call.deployment or FIRST_DEPLOYMENT, "deployment")
        if mode is m.AuthMode.KEY:
            self._sealer.prepare()

        def write(tx: Tx) -> m.ShownEndpoint:
            model = sources.resolve(tx, call.model_uri) if call.model_uri else None
            endpoint = store.create(tx, name, mode, description, tags, properties)
            access.let_creator_manage(tx, workspaces.name(tx), Object("endpoint", name))
            keys.make_both(tx, self._sealer, endpoint)
            if model is not None:
                store.put_deployment(tx, endpoint, deployment, model, spec, traffic=100)
            return shown(tx, endpoint)

        return await self._written(request, write, 201)

    async def list(self, request: Request) -> Response:
        found = await request.read(lambda tx: [shown(tx, endpoint) for endpoint in store.all_of_workspace(tx)])
        return _json(m.Endpoints(endpoints=found))

    async def get(self, request: Request) -> Response:
        name = request.params["name"]
        return _json(m.GotEndpoint(endpoint=await request.read(lambda tx: shown(tx, store.get(tx, name)))))

    async def update(self, request: Request) -> Response:
        call = await _body(request, m.UpdateEndpoint)
        name = request.params["name"]
        if call.auth_mode == m.AuthMode.KEY:
            self._sealer.prepare()

        def write(tx: Tx) -> m.ShownEndpoint:
            endpoint = store.lock(tx, name)
            mode = endpoint.auth_mode if call.auth_mode is None else m.check_auth_mode(call.auth_mode)
            description = endpoint.description if call.description is None else m.check_description(call.description)
            tags = endpoint.tags if call.tags is None else m.check_notes(call.tags, "tags")
            if (mode, description, tags) != (endpoint.auth_mode, endpoint.description, endpoint.tags):
                store.update(tx, endpoint, mode, description, tags)
                endpoint = store.get(tx, name)
                if mode is m.AuthMode.KEY and store.sealed_keys(tx, endpoint)[0] is None:
                    keys.make_both(tx, self._sealer, endpoint)
            if call.traffic is not None or call.mirror_traffic is not None:
                self._set_traffic(tx, endpoint, call)
            return shown(tx, endpoint)

        return await self._written(request, write)

    async def delete(self, request: Request) -> Response:
        name = request.params["name"]

        def write(tx: Tx) -> None:
            store.delete(tx, store.lock(tx, name))
            access.forget_object(tx, workspaces.name(tx), Object("endpoint", name))

        await request.write(write)
        await self._changed(request)
        return _json({})

    async def put_deployment(self, request: Request) -> Response:
        call = await _body(request, m.PutDeployment)
        name, deployment = request.params["name"], m.check_name(request.params["deployment"], "deployment")

        def write(tx: Tx) -> m.ShownEndpoint:
            endpoint = store.lock(tx, name)
            before = store.find_deployment(tx, endpoint, deployment)
            if before is None:
                model, base = sources.resolve(tx, call.model_uri), m.Spec()
            else:
                base = before.spec
                model = sources.resolve(tx, call.model_uri) if call.model_uri else before.model
            traffic = 0 if store.deployments_of(tx, endpoint) else 100
            spec = m.check_spec(call.spec, base)
            self._backend.check(spec)
            store.put_deployment(tx, endpoint, deployment, model, spec, traffic=traffic)
            return shown(tx, endpoint)

        return await self._written(request, write)

    async def delete_deployment(self, request: Request) -> Response:
        name, deployment = request.params["name"], request.params["deployment"]

        def write(tx: Tx) -> m.ShownEndpoint:
            endpoint = store.lock(tx, name)
            found = store.get_deployment(tx, endpoint, deployment)
            if found.traffic:
                raise Invalid(
                    f"Deployment {deployment} gets {found.traffic} % of the traffic. Give its share to another deployment first."
                )
            store.delete_deployment(tx, endpoint, deployment)
            return shown(tx, endpoint)

        return await self._written(request, write)

    async def roll_back(self, request: Request) -> Response:
        """Serve again what the deployment served before its last update."""
        name, deployment = request.params["name"], request.params["deployment"]

        def write(tx: Tx) -> m.ShownEndpoint:
            endpoint = store.lock(tx, name)
            store.get_deployment(tx, endpoint, deployment)
            before = store.previous(tx, endpoint, deployment)
            if before is None:
                raise Invalid(f"Deployment {deployment} was never updated: there is nothing to roll back to.")
            store.put_deployment(tx, endpoint, deployment, *before)
            return shown(tx, endpoint)

        return await self._written(request, write)

    async def keys(self, request: Request) -> Response:
        name, ws = request.params["name"], request.workspace.workspace_id

        def read(tx: Tx) -> tuple[bytes | None, bytes | None]:
            endpoint = store.get(tx, name)
            if endpoint.auth_mode is m.AuthMode.NONE:
                raise Invalid(f"Endpoint {name} has auth_mode none: it has no keys.")
            return store.sealed_keys(tx, endpoint)

        sealed = dict(zip(keys.WHICH, await request.read(read), strict=True))
        opened = {
            which: self._sealer.open(each, keys.context_of(ws, name, which)) if each is not None else ""
            for which, each in sealed.items()
        }
        return _json(m.GotKeys(**opened))

    async def regenerate(self, request: Request) -> Response:
        call = await _body(request, m.RegenerateKey)
        name, which = request.params["name"], (call.key or "").lower()
        if which not in keys.WHICH:
            raise Invalid(f"key is {call.key!r}; it must be primary or secondary.")
        value = keys.new() if call.value is None else m.check_key(call.value)
        self._sealer.prepare()

        def write(tx: Tx) -> None:
            endpoint = store.lock(tx, name)
            if endpoint.auth_mode is m.AuthMode.NONE:
                raise Invalid(f"Endpoint {name} has auth_mode none: it has no keys.")
            keys.put(tx, self._sealer, endpoint, which, value)

        await request.write(write)
        await self._changed(request)
        return await self.keys(request)

    async def logs(self, request: Request) -> Response:
        name, deployment = request.params["name"], request.params["deployment"]
        given = request.query.get("lines", ["200"])[-1]
        if not given.isdecimal() or len(given) > 6 or not 1 <= int(given) <= MAX_LOG_LINES:
            raise Invalid(f"lines is {given[:20]!r}; it must be a number from 1 to {MAX_LOG_LINES}.")
        found = await request.read(lambda tx: store.get_deployment(tx, store.get(tx, name), deployment))
        lines = await request.in_thread(self._backend.log, found.deployment_seq, int(given))
        return _json(m.Log(lines=lines))

    def _set_traffic(self, tx: Tx, endpoint: m.Endpoint, call: m.UpdateEndpoint) -> None:
        found = store.deployments_of(tx, endpoint)
        traffic = {d.name: d.traffic for d in found}
        if call.traffic is not None:
            traffic = m.check_traffic(call.traffic, list(traffic))
        given = {d.name: d.mirror for d in found} if call.mirror_traffic is None else call.mirror_traffic
        store.set_traffic(tx, endpoint, traffic, m.check_mirror(given, traffic))

    async def _written(self, request: Request, write: Callable[[Tx], m.ShownEndpoint], status: int = 200) -> Response:
        found = await request.write(write)
        await self._changed(request)
        return _json(m.GotEndpoint(endpoint=found), status)

    async def _changed(self, request: Request) -> None:
        await request.in_thread(self._routing.refresh)
        self._wake()


def shown(tx: Tx, endpoint: m.Endpoint) -> m.ShownEndpoint:
    replicas = store.replicas_by_deployment(store.replicas(tx))
    deployments = store.deployments_of(tx, endpoint)
    path = PREFIX.replace("{name}", endpoint.name)
    return m.ShownEndpoint(
        name=endpoint.name,
        auth_mode=endpoint.auth_mode,
        description=endpoint.description,
        created_by=endpoint.created_by,
        created_at=endpoint.created_at,
        updated_at=endpoint.updated_at,
        tags=endpoint.tags,
        properties=endpoint.properties,
        state=_state(deployments),
        scoring_path=f"{path}/score",
        openapi_path=f"{path}/openapi.json",
        deployments=[_shown(each, replicas.get(each.deployment_seq, [])) for each in deployments],
    )


def _state(deployments: list[m.Deployment]) -> str:
    """Return the worst state of the deployments that get traffic; Transitioning where none does."""
    order = (m.State.FAILED, m.State.UNSCHEDULABLE, m.State.UNHEALTHY, m.State.TRANSITIONING, m.State.HEALTHY)
    states = {each.state for each in deployments if each.traffic} or {m.State.TRANSITIONING}
    return next(state for state in order if state in states)


def _shown(deployment: m.Deployment, replicas: list[m.Replica]) -> m.ShownDeployment:
    named = (
        {"model_name": deployment.model.name, "model_version": deployment.model.version}
        if deployment.model.name
        else {}
    )
    return m.ShownDeployment(
        name=deployment.name,
        model_uri=deployment.model.uri,
        traffic=deployment.traffic,
        mirror=deployment.mirror,
        state=deployment.state,
        reason=deployment.reason,
        spec=deployment.spec,
        generation=deployment.generation,
        created_at=deployment.created_at,
        updated_at=deployment.updated_at,
        replicas=[
            m.ShownReplica(
                id=each.replica_id,
                state=each.state,
                started_at=each.started_at,
                **({"reason": each.reason} if each.reason else {}),
            )
            for each in replicas
        ],
        **named,
    )


async def _body(request: Request, kind: type[T]) -> T:
    call: T = codec.decode_body(kind, await request.whole_body())
    return call


def _json(answer: Any, status: int = 200) -> Response:
    return Response(status, [(b"content-type", b"application/json")], codec.encode(answer))


def routes(sealer: Sealer, routing: Routing, backend: Backends, wake: Callable[[], None]) -> list[Route]:
    calls = Calls(sealer, routing, backend, wake)
    read, write, delete = Action.ENDPOINTS_READ, Action.ENDPOINTS_WRITE, Action.ENDPOINTS_DELETE
    one, deployed = f"{PATH}/{{name}}", f"{PATH}/{{name}}/deployments/{{deployment}}"
    at, got = by("endpoint", "name"), m.GotEndpoint
    return [
        stream(f"POST {PATH}", calls.create, call=m.CreateEndpoint, needs=write, answer=got, status=201),
        stream(f"GET {PATH}", calls.list, needs=read, on=LISTED, answer=m.Endpoints),
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

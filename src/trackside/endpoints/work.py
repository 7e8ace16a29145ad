"""The operations of the calls that manage endpoints, shared by all APIs with such calls.

A method takes the transaction and the call.  Callers run `prepare` before a method that may create keys, and `changed` after the
commit.
"""

from collections.abc import Callable, Iterable

from msgspec import UNSET

from trackside.access import store as access
from trackside.core.access import Object
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.seal import Sealer
from trackside.endpoints import keys, sources, store
from trackside.endpoints import model as m
from trackside.endpoints.backends.chosen import Backends
from trackside.endpoints.routing import Routing
from trackside.endpoints.scoring_routes import PREFIX
from trackside.workspaces import store as workspaces

FIRST_DEPLOYMENT = "blue"
MAX_LOG_LINES = 5000


class Work:
    """`wake` runs the controller's next step at once."""

    def __init__(self, sealer: Sealer, routing: Routing, backend: Backends, wake: Callable[[], None]) -> None:
        self._sealer = sealer
        self._routing = routing
        self._backend = backend
        self._wake = wake

    def prepare(self, auth_mode: str | None) -> None:
        """Find or create the key for encrypting secrets.  Raise a Fault before anything is written."""
        if auth_mode == m.AuthMode.KEY:
            self._sealer.prepare()

    def changed(self) -> None:
        """Update the routing table and wake the controller after a commit.  It reads the store."""
        self._routing.refresh()
        self._wake()

    def create(self, tx: Tx, call: m.CreateEndpoint) -> m.ShownEndpoint:
        name, mode = m.check_name(call.name), m.check_auth_mode(call.auth_mode)
        description = m.check_description(call.description)
        tags, properties = m.check_notes(call.tags, "tags"), m.check_notes(call.properties, "properties")
        spec = m.check_spec(call.spec, m.Spec())
        self._backend.check(spec)
        deployment = m.check_name(call.deployment or FIRST_DEPLOYMENT, "deployment")
        model = sources.resolve(tx, call.model_uri) if call.model_uri else None
        endpoint = store.create(tx, name, mode, description, tags, properties)
        access.let_creator_manage(tx, Object("endpoint", name))
        keys.make_both(tx, self._sealer, endpoint)
        if model is not None:
            store.put_deployment(tx, endpoint, deployment, model, spec, traffic=100)
        return shown(tx, endpoint)

    def update(self, tx: Tx, name: str, call: m.UpdateEndpoint) -> m.ShownEndpoint:
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
            _set_traffic(tx, endpoint, call)
        return shown(tx, endpoint)

    def delete(self, tx: Tx, name: str) -> None:
        store.delete(tx, store.lock(tx, name))
        access.forget_object(tx, workspaces.name(tx), Object("endpoint", name))

    def put_deployment(
        self, tx: Tx, name: str, deployment: str, call: m.PutDeployment, *, first_traffic: int = 100
    ) -> m.ShownEndpoint:
        """Create a deployment or change one.  The first one of an endpoint gets `first_traffic` percent."""
        m.check_name(deployment, "deployment")
        endpoint = store.lock(tx, name)
        before = store.find_deployment(tx, endpoint, deployment)
        if before is None:
            model, base = sources.resolve(tx, call.model_uri), m.Spec()
        else:
            base = before.spec
            model = sources.resolve(tx, call.model_uri) if call.model_uri else before.model
        traffic = 0 if store.deployments_of(tx, endpoint) else first_traffic
        spec = m.check_spec(call.spec, base)
        self._backend.check(spec)
        store.put_deployment(tx, endpoint, deployment, model, spec, traffic=traffic)
        return shown(tx, endpoint)

    def delete_deployment(self, tx: Tx, name: str, deployment: str) -> m.ShownEndpoint:
        endpoint = store.lock(tx, name)
        found = store.get_deployment(tx, endpoint, deployment)
        if found.traffic:
            raise Invalid(
                f"Deployment {deployment} gets {found.traffic} % of the traffic. Give its share to another deployment first."
            )
        store.delete_deployment(tx, endpoint, deployment)
        return shown(tx, endpoint)

    def roll_back(self, tx: Tx, name: str, deployment: str) -> m.ShownEndpoint:
        """Restore the model and spec from before the deployment's last update."""
        endpoint = store.lock(tx, name)
        store.get_deployment(tx, endpoint, deployment)
        before = store.previous(tx, endpoint, deployment)
        if before is None:
            raise Invalid(f"Deployment {deployment} was never updated: there is nothing to roll back to.")
        store.put_deployment(tx, endpoint, deployment, *before)
        return shown(tx, endpoint)

    def keys(self, tx: Tx, name: str) -> m.GotKeys:
        endpoint = store.get(tx, name)
        _check_has_keys(endpoint)
        sealed = dict(zip(keys.WHICH, store.sealed_keys(tx, endpoint), strict=True))
        opened = {
            which: self._sealer.open(each, keys.context_of(tx.ws, name, which)) if each is not None else ""
            for which, each in sealed.items()
        }
        return m.GotKeys(**opened)

    def regenerate(self, tx: Tx, name: str, call: m.RegenerateKey) -> None:
        which = (call.key or "").lower()
        if which not in keys.WHICH:
            raise Invalid(f"key is {call.key!r}; it must be primary or secondary.")
        value = keys.new() if call.value is None else m.check_key(call.value)
        endpoint = store.lock(tx, name)
        _check_has_keys(endpoint)
        keys.put(tx, self._sealer, endpoint, which, value)

    def log(self, deployment: m.Deployment, lines: int) -> list[str]:
        """Return the last lines of the replicas' logs.  It reads files, or asks a cluster."""
        return self._backend.log(deployment.deployment_seq, lines)


def _check_has_keys(endpoint: m.Endpoint) -> None:
    if endpoint.auth_mode is m.AuthMode.NONE:
        raise Invalid(f"Endpoint {endpoint.name} has auth_mode none: it has no keys.")


def _set_traffic(tx: Tx, endpoint: m.Endpoint, call: m.UpdateEndpoint) -> None:
    found = store.deployments_of(tx, endpoint)
    traffic = {d.name: d.traffic for d in found}
    if call.traffic is not None:
        traffic = m.check_traffic(call.traffic, list(traffic))
    given = {d.name: d.mirror for d in found} if call.mirror_traffic is None else call.mirror_traffic
    store.set_traffic(tx, endpoint, traffic, m.check_mirror(given, traffic))


def shown(tx: Tx, endpoint: m.Endpoint) -> m.ShownEndpoint:
    replicas = store.replicas_by_deployment(store.replicas_of(tx, endpoint))
    return _shown_endpoint(endpoint, store.deployments_of(tx, endpoint), replicas)


def shown_all(tx: Tx) -> list[m.ShownEndpoint]:
    """Return the endpoints of the workspace, by three statements for any number of them."""
    return _shown_many(store.all_of_workspace(tx), store.wanted(tx), store.replicas(tx))


def shown_page(tx: Tx, after: str, most: int) -> m.Endpoints:
    """Return at most `most` endpoints by name after `after`, also by three statements."""
    found = store.after(tx, after, most + 1)
    kept = found[:most]
    if not kept:
        return m.Endpoints([])
    ends = kept[0].name, kept[-1].name
    shown_ = _shown_many(kept, store.deployments_between(tx, *ends), store.replicas_between(tx, *ends))
    return m.Endpoints(shown_, next_page_token=kept[-1].name if len(found) > most else UNSET)


def _shown_many(
    endpoints: Iterable[m.Endpoint], deployments: Iterable[m.Deployment], replicas: Iterable[m.Replica]
) -> list[m.ShownEndpoint]:
    by_deployment = store.replicas_by_deployment(replicas)
    by_endpoint: dict[int, list[m.Deployment]] = {}
    for each in sorted(deployments, key=lambda deployment: deployment.name):
        by_endpoint.setdefault(each.endpoint_seq, []).append(each)
    return [
        _shown_endpoint(endpoint, by_endpoint.get(endpoint.endpoint_seq, []), by_deployment) for endpoint in endpoints
    ]


def _shown_endpoint(
    endpoint: m.Endpoint, deployments: list[m.Deployment], replicas: dict[int, list[m.Replica]]
) -> m.ShownEndpoint:
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
    """Return the worst state of the deployments with traffic; Transitioning if none has any."""
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

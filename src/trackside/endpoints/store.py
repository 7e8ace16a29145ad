"""Endpoints, deployments and replicas in SQL."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from trackside.core.access import Action
from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import AlreadyExists, NotFound
from trackside.endpoints import traffic_store
from trackside.endpoints.model import AuthMode, Deployment, Endpoint, Model, Replica, ReplicaState, Spec, State
from trackside.quotas.budget import check
from trackside.quotas.model import Measure
from trackside.registry import uses

USE = "endpoint"  # the kind under which the registry records who uses a version

_ENDPOINT = "endpoint_seq, name, auth_mode, description, created_by, created_at, updated_at, tags, properties"
_DEPLOYMENT = """d.deployment_seq, d.workspace_id, d.endpoint_seq, e.name, d.name, d.traffic, d.mirror, d.model, d.spec,
    d.generation, d.state, d.reason, d.created_at, d.updated_at"""
_REPLICA = "replica_id, workspace_id, deployment_seq, generation, holder, address, pid, state, reason, started_at"


def create(
    tx: Tx,
    name: str,
    auth_mode: AuthMode,
    description: str,
    tags: dict[str, str] | None = None,
    properties: dict[str, str] | None = None,
) -> Endpoint:
    """Create an endpoint.  Raise AlreadyExists, or QuotaExceeded if the workspace or the user has reached a limit."""
    check(tx, Measure.ENDPOINTS)
    row = tx.one(
        f"""
        INSERT INTO endpoints (workspace_id, name, auth_mode, description, created_by, created_at, updated_at, tags,
            properties)
        VALUES (:ws, :name, :auth_mode, :description, :user, :now, :now, :tags, :properties)
        ON CONFLICT DO NOTHING RETURNING {_ENDPOINT}
        """,
        name=name,
        auth_mode=auth_mode,
        description=description,
        tags=_encoded(tags or {}),
        properties=_encoded(properties or {}),
        user=tx.user,
    )
    if row is None:
        raise AlreadyExists(f"Endpoint(name={name}) already exists.").because("taken", kind="endpoint", name=name)
    tx.record(Change("endpoint", name, "create"))
    return _endpoint(row)


def get(tx: Tx, name: str) -> Endpoint:
    row = tx.one(f"SELECT {_ENDPOINT} FROM endpoints WHERE workspace_id = :ws AND name = :name", name=name)
    if row is None:
        raise NotFound(f"Endpoint with name={name} not found").because("missing", kind="endpoint", name=name)
    return _endpoint(row)


def lock(tx: Tx, name: str) -> Endpoint:
    """Return the endpoint and lock it until the transaction ends."""
    row = tx.one(f"SELECT {_ENDPOINT} FROM endpoints WHERE workspace_id = :ws AND name = :name FOR UPDATE", name=name)
    if row is None:
        raise NotFound(f"Endpoint with name={name} not found").because("missing", kind="endpoint", name=name)
    return _endpoint(row)


def all_of_workspace(tx: Tx) -> list[Endpoint]:
    """Return the endpoints that the caller may read, by name."""
    readable = tx.only_readable("endpoint", Action.ENDPOINTS_READ, "name")
    rows = tx.all(
        f"SELECT {_ENDPOINT} FROM endpoints WHERE workspace_id = :ws{readable.sql} ORDER BY name", **readable.params
    )
    return [_endpoint(row) for row in rows]


def after(tx: Tx, name: str, most: int) -> list[Endpoint]:
    """Return at most `most` endpoints that the caller may read, by name after `name`."""
    readable = tx.only_readable("endpoint", Action.ENDPOINTS_READ, "name")
    rows = tx.all(
        f"""
        SELECT {_ENDPOINT} FROM endpoints WHERE workspace_id = :ws AND name > :name{readable.sql}
        ORDER BY name LIMIT :most
        """,
        name=name,
        most=most,
        **readable.params,
    )
    return [_endpoint(row) for row in rows]


def update(tx: Tx, endpoint: Endpoint, auth_mode: AuthMode, description: str, tags: dict[str, str]) -> None:
    tx.run(
        """
        UPDATE endpoints SET auth_mode = :auth_mode, description = :description, tags = :tags, updated_at = :now
        WHERE workspace_id = :ws AND endpoint_seq = :seq
        """,
        seq=endpoint.endpoint_seq,
        auth_mode=auth_mode,
        description=description,
        tags=_encoded(tags),
    )
    tx.record(Change("endpoint", endpoint.name, "update"))


def delete(tx: Tx, endpoint: Endpoint) -> None:
    """Delete the endpoint and its deployments.  The controller ends their replicas."""
    tx.run("DELETE FROM deployments WHERE workspace_id = :ws AND endpoint_seq = :seq", seq=endpoint.endpoint_seq)
    tx.run("DELETE FROM endpoints WHERE workspace_id = :ws AND endpoint_seq = :seq", seq=endpoint.endpoint_seq)
    tx.run("DELETE FROM request_logs WHERE workspace_id = :ws AND endpoint_seq = :seq", seq=endpoint.endpoint_seq)
    traffic_store.forget(tx, endpoint.name)
    uses.release(tx, USE, endpoint.name)
    tx.record(Change("endpoint", endpoint.name, "delete"))


def set_keys(tx: Tx, endpoint: Endpoint, **columns: Any) -> None:
    """Set `primary_key` and `primary_hash`, or those of the secondary key."""
    for which in ("primary", "secondary"):
        if f"{which}_key" in columns:
            tx.run(
                f"""
                UPDATE endpoints SET {which}_key = :sealed, {which}_hash = :hash, updated_at = :now
                WHERE workspace_id = :ws AND endpoint_seq = :seq
                """,
                seq=endpoint.endpoint_seq,
                sealed=columns[f"{which}_key"],
                hash=columns[f"{which}_hash"],
            )
            tx.record(Change("endpoint", endpoint.name, f"regenerate-{which}-key"))


def sealed_keys(tx: Tx, endpoint: Endpoint) -> tuple[bytes | None, bytes | None]:
    row = tx.one(
        "SELECT primary_key, secondary_key FROM endpoints WHERE workspace_id = :ws AND endpoint_seq = :seq",
        seq=endpoint.endpoint_seq,
    )
    assert row is not None
    primary, secondary = row
    return (None if primary is None else bytes(primary)), (None if secondary is None else bytes(secondary))


def put_deployment(tx: Tx, endpoint: Endpoint, name: str, model: Model, spec: Spec, *, traffic: int = 0) -> None:
    """Create a deployment, or replace its model and spec: its generation increases, and the old values are kept.

    A deployment that failed gets a new generation also with the same values, so that it is retried."""
    encoded_model, encoded_spec = _encoded(model), _encoded(spec)
    before = find_deployment(tx, endpoint, name)
    is_other = before is not None and (before.model, before.spec) != (model, spec)
    if before is not None and (is_other or before.state is State.FAILED):
        tx.run(
            """
            UPDATE deployments SET previous = COALESCE(:previous, previous), model = :model, spec = :spec,
                generation = generation + 1, state = :state, reason = 'An update was asked for.', updated_at = :now
            WHERE workspace_id = :ws AND deployment_seq = :seq
            """,
            seq=before.deployment_seq,
            previous=f"{_encoded(before.model)}\n{_encoded(before.spec)}" if is_other else None,
            model=encoded_model,
            spec=encoded_spec,
            state=State.TRANSITIONING,
        )
    if before is None:
        tx.run(
            """
            INSERT INTO deployments (workspace_id, endpoint_seq, name, traffic, mirror, model, spec, generation, state, reason,
                created_at, updated_at)
            VALUES (:ws, :endpoint, :name, :traffic, 0, :model, :spec, 1, :state, 'The deployment was created.', :now, :now)
            """,
            endpoint=endpoint.endpoint_seq,
            name=name,
            traffic=traffic,
            model=encoded_model,
            spec=encoded_spec,
            state=State.TRANSITIONING,
        )
    _use(tx, endpoint)
    tx.record(
        Change(
            "endpoint", endpoint.name, "deploy", msgspec.json.encode({"deployment": name, "model": model.uri}).decode()
        )
    )


def previous(tx: Tx, endpoint: Endpoint, name: str) -> tuple[Model, Spec] | None:
    """Return the model and spec from before the deployment's last update."""
    row = tx.one(
        "SELECT previous FROM deployments WHERE workspace_id = :ws AND endpoint_seq = :endpoint AND name = :name",
        endpoint=endpoint.endpoint_seq,
        name=name,
    )
    if row is None or row[0] is None:
        return None
    model, _, spec = row[0].partition("\n")
    return msgspec.json.decode(model, type=Model), msgspec.json.decode(spec, type=Spec)


def delete_deployment(tx: Tx, endpoint: Endpoint, name: str) -> None:
    if not tx.run(
        "DELETE FROM deployments WHERE workspace_id = :ws AND endpoint_seq = :endpoint AND name = :name",
        endpoint=endpoint.endpoint_seq,
        name=name,
    ):
        raise NotFound(f"Deployment with name={name} of endpoint {endpoint.name} not found")
    _use(tx, endpoint)
    tx.record(
        Change("endpoint", endpoint.name, "delete-deployment", msgspec.json.encode({"deployment": name}).decode())
    )


def set_traffic(tx: Tx, endpoint: Endpoint, traffic: dict[str, int], mirror: dict[str, int]) -> None:
    tx.many(
        """
        UPDATE deployments SET traffic = :traffic, mirror = :mirror, updated_at = :now
        WHERE workspace_id = :ws AND endpoint_seq = :endpoint AND name = :name
        """,
        [{"traffic": share, "mirror": mirror.get(name, 0), "name": name} for name, share in traffic.items()],
        endpoint=endpoint.endpoint_seq,
    )
    detail = msgspec.json.encode({"traffic": traffic, "mirror_traffic": mirror}).decode()
    tx.record(Change("endpoint", endpoint.name, "traffic", detail))


def deployments_of(tx: Tx, endpoint: Endpoint) -> list[Deployment]:
    rows = tx.all(
        f"""
        SELECT {_DEPLOYMENT} FROM deployments d JOIN endpoints e ON e.endpoint_seq = d.endpoint_seq
        WHERE d.workspace_id = :ws AND d.endpoint_seq = :endpoint ORDER BY d.name
        """,
        endpoint=endpoint.endpoint_seq,
    )
    return [_deployment(row) for row in rows]


def deployments_between(tx: Tx, first: str, last: str) -> list[Deployment]:
    """Return the deployments of the endpoints with names from `first` to `last`."""
    rows = tx.all(
        f"""
        SELECT {_DEPLOYMENT} FROM deployments d JOIN endpoints e ON e.endpoint_seq = d.endpoint_seq
        WHERE d.workspace_id = :ws AND e.workspace_id = :ws AND e.name BETWEEN :first AND :last ORDER BY d.name
        """,
        first=first,
        last=last,
    )
    return [_deployment(row) for row in rows]


def find_deployment(tx: Tx, endpoint: Endpoint, name: str) -> Deployment | None:
    return next((each for each in deployments_of(tx, endpoint) if each.name == name), None)


def get_deployment(tx: Tx, endpoint: Endpoint, name: str) -> Deployment:
    found = find_deployment(tx, endpoint, name)
    if found is None:
        raise NotFound(f"Deployment with name={name} of endpoint {endpoint.name} not found")
    return found


def workspaces_with_any(tx: Tx) -> list[int]:
    """Return the workspaces with deployments or replicas, of the whole server."""
    rows = tx.all("SELECT workspace_id FROM deployments UNION SELECT workspace_id FROM replicas ORDER BY 1")
    return [ws for (ws,) in rows]


def workspaces_with_endpoints(tx: Tx) -> list[int]:
    """Return the workspaces with endpoints, with or without deployments, of the whole server."""
    return [ws for (ws,) in tx.all("SELECT DISTINCT workspace_id FROM endpoints ORDER BY 1")]


def wanted(tx: Tx) -> list[Deployment]:
    rows = tx.all(
        f"""
        SELECT {_DEPLOYMENT} FROM deployments d JOIN endpoints e ON e.endpoint_seq = d.endpoint_seq
        WHERE d.workspace_id = :ws ORDER BY d.deployment_seq
        """
    )
    return [_deployment(row) for row in rows]


def set_state(tx: Tx, deployment: Deployment, state: State, reason: str) -> None:
    """Store the controller's result, unless the deployment was changed meanwhile."""
    changed = tx.run(
        """
        UPDATE deployments SET state = :state, reason = :reason
        WHERE workspace_id = :ws AND deployment_seq = :seq AND generation = :generation AND (state <> :state OR reason <> :reason)
        """,
        seq=deployment.deployment_seq,
        generation=deployment.generation,
        state=state,
        reason=reason,
    )
    if changed and state != deployment.state:
        detail = msgspec.json.encode({"deployment": deployment.name, "state": state, "reason": reason}).decode()
        tx.record(Change("endpoint", deployment.endpoint, "state", detail))


def replicas(tx: Tx) -> list[Replica]:
    rows = tx.all(f"SELECT {_REPLICA} FROM replicas WHERE workspace_id = :ws ORDER BY started_at, replica_id")
    return [_replica(row) for row in rows]


def replicas_of(tx: Tx, endpoint: Endpoint) -> list[Replica]:
    rows = tx.all(
        f"""
        SELECT {_REPLICA} FROM replicas WHERE workspace_id = :ws AND deployment_seq IN
            (SELECT deployment_seq FROM deployments WHERE workspace_id = :ws AND endpoint_seq = :endpoint)
        ORDER BY started_at, replica_id
        """,
        endpoint=endpoint.endpoint_seq,
    )
    return [_replica(row) for row in rows]


def replicas_between(tx: Tx, first: str, last: str) -> list[Replica]:
    """Return the replicas of the endpoints with names from `first` to `last`."""
    rows = tx.all(
        f"""
        SELECT {_REPLICA} FROM replicas WHERE workspace_id = :ws AND deployment_seq IN
            (SELECT d.deployment_seq FROM endpoints e JOIN deployments d ON d.endpoint_seq = e.endpoint_seq
                WHERE d.workspace_id = :ws AND e.workspace_id = :ws AND e.name BETWEEN :first AND :last)
        ORDER BY started_at, replica_id
        """,
        first=first,
        last=last,
    )
    return [_replica(row) for row in rows]


def put_replica(tx: Tx, replica: Replica) -> None:
    tx.run(
        """
        INSERT INTO replicas (replica_id, workspace_id, deployment_seq, generation, holder, address, pid, state, reason,
            started_at)
        VALUES (:id, :ws, :deployment, :generation, :holder, :address, :pid, :state, :reason, :started)
        ON CONFLICT (replica_id) DO UPDATE SET holder = excluded.holder, address = excluded.address, pid = excluded.pid,
            state = excluded.state, reason = excluded.reason
        """,
        id=replica.replica_id,
        deployment=replica.deployment_seq,
        generation=replica.generation,
        holder=replica.holder,
        address=replica.address,
        pid=replica.pid,
        state=replica.state,
        reason=replica.reason,
        started=replica.started_at,
    )


def drop_replicas(tx: Tx, replica_ids: Sequence[str]) -> None:
    tx.run("DELETE FROM replicas WHERE workspace_id = :ws AND replica_id IN :ids", ids=list(replica_ids))


def hashes(tx: Tx) -> dict[str, tuple[AuthMode, tuple[str, ...]]]:
    """Return the authentication mode and the hashes of the keys of each endpoint."""
    rows = tx.all("SELECT name, auth_mode, primary_hash, secondary_hash FROM endpoints WHERE workspace_id = :ws")
    return {
        name: (AuthMode(mode), tuple(each for each in (primary, secondary) if each))
        for name, mode, primary, secondary in rows
    }


def _use(tx: Tx, endpoint: Endpoint) -> None:
    """Record in the registry which versions the endpoint serves, so that they cannot be deleted."""
    versions = {(d.model.name, int(d.model.version)) for d in deployments_of(tx, endpoint) if d.model.version}
    if versions:
        uses.put(tx, USE, endpoint.name, versions)
    else:
        uses.release(tx, USE, endpoint.name)


def _encoded(value: Model | Spec | dict[str, str]) -> str:
    return msgspec.json.encode(value).decode()


def _endpoint(row: Row) -> Endpoint:
    seq, name, auth_mode, description, created_by, created_at, updated_at, tags, properties = row
    return Endpoint(
        endpoint_seq=seq,
        name=name,
        auth_mode=AuthMode(auth_mode),
        description=description,
        created_by=created_by,
        created_at=created_at,
        updated_at=updated_at,
        tags=msgspec.json.decode(tags, type=dict[str, str]),
        properties=msgspec.json.decode(properties, type=dict[str, str]),
    )


def _deployment(row: Row) -> Deployment:
    seq, ws, endpoint_seq, endpoint, name, traffic, mirror, model, spec, generation, state, reason, created, updated = (
        row
    )
    return Deployment(
        deployment_seq=seq,
        workspace_id=ws,
        endpoint_seq=endpoint_seq,
        endpoint=endpoint,
        name=name,
        traffic=traffic,
        mirror=mirror,
        model=msgspec.json.decode(model, type=Model),
        spec=msgspec.json.decode(spec, type=Spec),
        generation=generation,
        state=State(state),
        reason=reason,
        created_at=created,
        updated_at=updated,
    )


def _replica(row: Row) -> Replica:
    replica_id, ws, seq, generation, holder, address, pid, state, reason, started = row
    return Replica(
        replica_id=replica_id,
        workspace_id=ws,
        deployment_seq=seq,
        generation=generation,
        holder=holder,
        address=address,
        pid=pid,
        state=ReplicaState(state),
        reason=reason,
        started_at=started,
    )


def replicas_by_deployment(found: Iterable[Replica]) -> dict[int, list[Replica]]:
    grouped: dict[int, list[Replica]] = {}
    for replica in found:
        grouped.setdefault(replica.deployment_seq, []).append(replica)
    return grouped

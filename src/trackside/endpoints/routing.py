"""The routing table in memory: which replica gets a request.

The table is replaced as a whole, so readers need no lock.  Counters of requests under way are kept beside it.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound, Unavailable
from trackside.endpoints import store
from trackside.endpoints.model import AuthMode, Deployment, ReplicaState
from trackside.endpoints.request_log import store as request_logs
from trackside.endpoints.request_log.model import LogSettings

RETRY_AFTER = [(b"retry-after", b"2")]


class Target(Struct, frozen=True):
    """A deployment with the addresses of its ready replicas."""

    workspace_id: int
    deployment_seq: int
    name: str
    header: bytes  # the name, for a header of the answer
    traffic: int
    mirror: int
    addresses: tuple[str, ...]
    generations: dict[str, int]  # by address
    generation: int
    model_uri: str  # of that generation
    timeout_s: float
    max_body_bytes: int
    state: str
    reason: str


class EndpointRoute(Struct, frozen=True):
    """An endpoint in the routing table."""

    name: str
    auth_mode: AuthMode
    hashes: tuple[str, ...]
    targets: tuple[Target, ...]
    endpoint_seq: int = 0
    log: LogSettings | None = None  # of the request log, if it is on


Table = dict[tuple[int, str], EndpointRoute]


class Database(Protocol):
    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Routing:
    """`choose_float` returns numbers from 0 to 1, for the traffic split.  `token_of` returns secrets by purpose, such as the one
    for a replica on a network."""

    def __init__(
        self,
        db: Database,
        choose_float: Callable[[], float] = random.random,
        token_of: Callable[[str], str] = str,
    ) -> None:
        self._db = db
        self.token_of = token_of
        self._choose = choose_float
        self._table: Table = {}
        self._lock = threading.Lock()
        self._active: Counter[str] = Counter()  # requests under way by address
        self._waiting: Counter[int] = (
            Counter()
        )  # requests without a ready replica, by deployment: they scale it up from zero

    def refresh(self) -> bool:
        """Read the table from the store.  Return False: the next step can wait."""
        with self._lock:
            table: Table = {}
            with self._db.read(0) as tx:
                found = store.workspaces_with_endpoints(tx)
            for ws in found:
                with self._db.read(ws) as tx:
                    hashes, wanted, replicas = store.hashes(tx), store.wanted(tx), store.replicas(tx)
                    logs = request_logs.all_of_workspace(tx)
                ready: dict[int, dict[str, int]] = {}
                for replica in replicas:
                    if replica.state is ReplicaState.READY:
                        ready.setdefault(replica.deployment_seq, {})[replica.address] = replica.generation
                for name, (mode, keys) in hashes.items():
                    deployments = [each for each in wanted if each.endpoint == name]
                    targets = tuple(_target(each, ready.get(each.deployment_seq, {})) for each in deployments)
                    seq = deployments[0].endpoint_seq if deployments else 0
                    table[ws, name] = EndpointRoute(name, mode, keys, targets, seq, logs.get(seq))
            self._table = table
        return False

    def recall(self, ws: int, name: str) -> EndpointRoute | None:
        """Return the endpoint from the table; None if it is not in it."""
        return self._table.get((ws, name))

    def find(self, ws: int, name: str) -> EndpointRoute:
        """Return the endpoint from the store, since another server may have just created it.  Raise NotFound."""
        self.refresh()
        found = self._table.get((ws, name))
        if found is None:
            raise NotFound(f"Endpoint with name={name} not found").because("missing", kind="endpoint", name=name)
        return found

    def keys_of(self, ws: int, name: str) -> tuple[AuthMode, tuple[str, ...]]:
        """Return the authentication mode of an endpoint, and the hashes of its keys; none for a deleted endpoint."""
        try:
            way = self.find(ws, name)
        except NotFound:
            return AuthMode.KEY, ()
        return way.auth_mode, way.hashes

    def choose(self, way: EndpointRoute, pinned: str = "") -> Target:
        """Return the deployment for a request: the one that the caller names, otherwise one by the traffic split.

        It may have no ready replica: see `check_ready`.  Raise NotFound, Invalid."""
        if pinned:
            named = next((target for target in way.targets if target.name == pinned), None)
            if named is None:
                raise Invalid(
                    f"azureml-model-deployment is {pinned[:100]!r}, which is not a deployment of endpoint {way.name}."
                )
            return named
        sharing = [target for target in way.targets if target.traffic]
        if not sharing:
            raise NotFound(f"Endpoint {way.name} has no deployment with traffic.")
        ready = [target for target in sharing if target.addresses]
        if len(ready) == 1:
            return ready[0]
        if not ready:
            return sharing[0]
        # The share of a deployment without replicas goes to the others: a wrong split is better than an error.
        place = self._choose() * sum(target.traffic for target in ready)
        for target in ready:
            place -= target.traffic
            if place < 0:
                return target
        return ready[-1]

    def renewed(self, target: Target) -> Target:
        """Return the current state of the same deployment."""
        ways = self._table.values()
        seq = target.deployment_seq
        return next((each for now in ways for each in now.targets if each.deployment_seq == seq), target)

    def mirrored(self, way: EndpointRoute) -> Target | None:
        """Return the deployment that gets a copy of this request; None if there is none."""
        for target in way.targets:
            if target.mirror and target.addresses and self._choose() * 100 < target.mirror:
                return target
        return None

    def pick(self, target: Target, without: Sequence[str] = ()) -> str | None:
        """Return the address with the fewest requests under way, except those in `without`."""
        if len(target.addresses) == 1 and not without:
            return target.addresses[0]
        usable = [address for address in target.addresses if address not in without]
        return min(usable, key=lambda address: self._active[address], default=None)

    def begin(self, address: str) -> None:
        self._active[address] += 1

    def end(self, address: str) -> None:
        self._active[address] -= 1
        if not self._active[address]:
            del self._active[address]

    def active(self, deployment_seq: int) -> int:
        """Return the number of a deployment's requests that are under way, or found no replica since the last call."""
        addresses = {
            a
            for way in self._table.values()
            for t in way.targets
            if t.deployment_seq == deployment_seq
            for a in t.addresses
        }
        return sum(self._active[address] for address in addresses) + self._waiting.pop(deployment_seq, 0)

    def check_ready(self, way: EndpointRoute, target: Target) -> None:
        """Raise Unavailable with Retry-After if no replica of the deployment is ready."""
        if target.addresses:
            return
        self._waiting[target.deployment_seq] += 1
        raise Unavailable(
            f"Deployment {target.name} of endpoint {way.name} has no replica that is ready ({target.state}: {target.reason})",
            headers=RETRY_AFTER,
        )


def _target(deployment: Deployment, ready: dict[str, int]) -> Target:
    return Target(
        workspace_id=deployment.workspace_id,
        deployment_seq=deployment.deployment_seq,
        name=deployment.name,
        header=deployment.name.encode(),
        traffic=deployment.traffic,
        mirror=deployment.mirror,
        addresses=tuple(ready),
        generations=ready,
        generation=deployment.generation,
        model_uri=deployment.model.uri,
        timeout_s=deployment.spec.request_timeout_s,
        max_body_bytes=deployment.spec.max_body_mb << 20,
        state=deployment.state,
        reason=deployment.reason,
    )

"""Starts and stops replicas until they equal the desired state.  `step` may run at any time, twice, or after a crash.

The server that holds the lease controls the replicas of the store.  Replicas that another server, or this one before a restart,
started have ended with that server, and their rows are deleted.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from trackside.artifacts.roots import Roots
from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.core.work import leases
from trackside.endpoints import plan as plans
from trackside.endpoints import sources, store
from trackside.endpoints.backends.chosen import Backends
from trackside.endpoints.backends.port import Prepared
from trackside.endpoints.environments import Environments
from trackside.endpoints.model import Deployment, Replica, ReplicaState, State
from trackside.endpoints.plan import History, Load, Preparation
from trackside.workspaces import store as workspaces

log = logging.getLogger("trackside.endpoints")

LEASE = "endpoints"
LEASE_S = 10.0
STUCK_FACTOR = 3.0  # a replica whose evaluation takes this many times its request timeout is replaced


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Controller:
    """`folder` has models and environments; `threads` prepare them; `local_python` serves models with env local; `on_change` is
    called when replicas or states changed; `active` returns the number of requests under way of a deployment."""

    def __init__(
        self,
        db: Database,
        roots: Roots,
        backend: Backends,
        folder: Path,
        threads: Executor,
        *,
        local_python: str = "",
        on_change: Callable[[], object] = lambda: None,
        active: Callable[[int], int] = lambda _: 0,
        clock: Callable[[], float] = time.monotonic,
        start: str = "",
    ) -> None:
        self._db = db
        self._roots = roots
        self._backend = backend
        self._models = folder / "models"
        self._environments = Environments(folder / "environments", local_python)
        self._threads = threads
        self._on_change = on_change
        self._active = active
        self._clock = clock
        self._holder = leases.new_holder(start)
        self._holds = False  # the lease, at the last step
        self._preparations: dict[int, Preparation] = {}
        self._prepared: dict[int, Prepared] = {}
        self._histories: dict[int, History] = {}
        self._loads: dict[int, Load] = {}
        self.is_needed = False  # whether the store had an endpoint in the last step
        self._is_swept = False
        self._lock = threading.Lock()  # for the data that the preparing threads share with `step`

    def step(self) -> bool:
        """Run the next actions.  Return whether the next step should follow soon."""
        with self._db.read(0) as tx:
            found, is_shared = store.workspaces_with_any(tx), tx.dialect == "postgresql"
        self.is_needed = bool(found)
        if not found:
            self._sweep_once()
            return False
        if is_shared:
            self._holds = self._db.writer.submit(0, self._hold).result()
            if not self._holds:
                self._backend.close()  # another server holds the lease now
                return False
        leaving: list[Replica] = []
        changed = [self._step_of(ws, leaving) for ws in found]
        if any(changed):
            self._on_change()
        # only now: the router sends them no more requests
        for replica in leaving:
            self._backend.stop(replica.replica_id)
        self._sweep_once()
        return any(changed)

    def _sweep_once(self) -> None:
        """After the first step, which adopted running replicas: end leftovers of earlier servers."""
        if not self._is_swept:
            self._is_swept = True
            self._backend.sweep()

    def close(self) -> None:
        """End the replicas, then release the lease, so that the next server starts its own at once."""
        self._backend.close()
        if self._holds:
            with suppress(Fault, OSError, RuntimeError):  # the lease expires by itself
                self._db.writer.submit(0, partial(leases.release, name=LEASE, holder=self._holder)).result()

    def _hold(self, tx: Tx) -> bool:
        return leases.hold(tx, LEASE, self._holder, LEASE_S)

    def _step_of(self, ws: int, leaving: list[Replica]) -> bool:
        with self._db.read(ws) as tx:
            wanted, replicas = store.wanted(tx), store.replicas(tx)
        before = {replica.replica_id: replica for replica in replicas}
        by_seq = {d.deployment_seq: d for d in wanted}
        own = [self._adopted(r, by_seq.get(r.deployment_seq)) for r in replicas]
        foreign = [before_it.replica_id for before_it, found in zip(replicas, own, strict=True) if found is None]
        seen = self._observe([r for r in own if r is not None], by_seq)
        now = self._clock()
        with self._lock:
            preparations = dict(self._preparations)
        targets = {d.deployment_seq: self._target(d, seen, now) for d in wanted}
        actions = plans.plan(wanted, seen, preparations, self._histories, targets, now)
        after = {r.replica_id: r for r in seen}
        gone = list(foreign)
        states: list[plans.SetState] = []
        for action in actions:
            match action:
                case plans.Prepare(deployment):
                    self._prepare(ws, deployment)
                case plans.Start(deployment):
                    replica = self._start(ws, deployment)
                    if replica is not None:
                        after[replica.replica_id] = replica
                case plans.Stop(replica, why):
                    self._stop(replica, why, after, gone, leaving)
                case plans.SetState():
                    states.append(action)
        gone += [r.replica_id for r in after.values() if r.state is ReplicaState.STOPPING and not self._is_alive(r)]
        for replica_id in gone:
            after.pop(replica_id, None)
            self._backend.forget(replica_id)
        return self._write(ws, before, after, gone, states)

    def _adopted(self, replica: Replica, deployment: Deployment | None) -> Replica | None:
        """Return the replica as this server's own; None if it ended with the server that started it."""
        if replica.holder == self._holder:
            return replica
        if deployment is None or not self._backend.adopt(replica.replica_id, deployment):
            return None
        return replace(replica, holder=self._holder)

    def _observe(self, replicas: Iterable[Replica], wanted: dict[int, Deployment]) -> list[Replica]:
        seen = []
        for replica in replicas:
            if replica.state is ReplicaState.STOPPING:
                seen.append(replica)
                continue
            found = self._backend.observe(replica.replica_id)
            deployment = wanted.get(replica.deployment_seq)
            stuck_s = found.stuck_s
            limit_s = deployment.spec.request_timeout_s * STUCK_FACTOR if deployment is not None else stuck_s
            if not found.is_alive:
                replica = replace(replica, state=ReplicaState.FAILED, reason=found.reason)
                self._note_failure(replica)
            elif stuck_s > limit_s:
                reason = f"An evaluation has been running for {stuck_s:.0f} s."
                replica = replace(replica, state=ReplicaState.FAILED, reason=reason)
                self._note_failure(replica)
            elif found.is_ready and replica.state is not ReplicaState.READY:
                address = found.address or replica.address
                replica = replace(replica, state=ReplicaState.READY, reason="", pid=found.pid, address=address)
                self._histories[replica.deployment_seq] = History(replica.generation, was_ready=True)
            elif replica.state is ReplicaState.READY:
                replica = replace(replica, pid=found.pid)
            else:
                state = ReplicaState.STARTING if found.is_placed else ReplicaState.PENDING
                replica = replace(replica, state=state, reason=found.reason, pid=found.pid)
            seen.append(replica)
        return seen

    def _note_failure(self, replica: Replica) -> None:
        log.warning("replica %s of deployment %d: %s", replica.replica_id, replica.deployment_seq, replica.reason)
        before = self._history(replica)
        self._histories[replica.deployment_seq] = replace(
            before, failures=before.failures + 1, last_failure_at=self._clock(), last_reason=replica.reason
        )

    def _note_refusal(self, replica: Replica, reason: str) -> None:
        log.warning("replica %s of deployment %d: %s", replica.replica_id, replica.deployment_seq, reason)
        before = self._history(replica)
        self._histories[replica.deployment_seq] = replace(
            before, refusals=before.refusals + 1, last_failure_at=self._clock(), last_reason=reason
        )

    def _history(self, replica: Replica) -> History:
        found = self._histories.get(replica.deployment_seq)
        return found if found is not None and found.generation == replica.generation else History(replica.generation)

    def _target(self, deployment: Deployment, replicas: Iterable[Replica], now: float) -> int:
        seq = deployment.deployment_seq
        if self._backend.scales_itself(deployment):
            return min(deployment.spec.most, 1)
        running = sum(r.deployment_seq == seq and r.state is ReplicaState.READY for r in replicas)
        active = self._active(seq)
        before = self._loads.get(seq, Load(idle_since=now))
        is_low = plans.target(deployment.spec, 0, Load(active=active), now) < running
        load = Load(active=active, idle_since=before.idle_since if is_low else now)
        self._loads[seq] = load
        return plans.target(deployment.spec, running, load, now)

    def _prepare(self, ws: int, deployment: Deployment) -> None:
        with self._lock:
            self._preparations[deployment.deployment_seq] = Preparation(deployment.generation)
        self._threads.submit(self._prepare_in_thread, ws, deployment)

    def _prepare_in_thread(self, ws: int, deployment: Deployment) -> None:
        seq, generation = deployment.deployment_seq, deployment.generation

        def say(step: str) -> None:
            with self._lock:
                self._preparations[seq] = Preparation(generation, step=step)

        try:
            folder = self._models / f"{seq}-{generation}"
            say("Copying the files of the model.")
            with self._db.read(ws) as tx:
                workspace = workspaces.current(tx)
            sources.fetch(self._roots, workspace, workspace.default_artifact_root, deployment.model, folder)
            python = self._python(deployment, folder, say)
            done = Preparation(generation, is_ready=True)
            with self._lock:
                self._prepared[seq] = Prepared(str(folder), python)
        except Fault as fault:
            done = Preparation(generation, failure=fault.message)
        except Exception as error:
            log.exception("deployment %d cannot be prepared", seq)
            done = Preparation(generation, failure=f"The model cannot be prepared: {error}")
        with self._lock:
            self._preparations[seq] = done

    def _python(self, deployment: Deployment, folder: Path, say: Callable[[str], None]) -> str:
        if self._backend.brings_environment(deployment):
            return ""
        return self._environments.python(deployment.spec.env, folder, say)

    def _start(self, ws: int, deployment: Deployment) -> Replica | None:
        with self._lock:
            prepared = self._prepared[deployment.deployment_seq]
        replica = Replica(
            replica_id=secrets.token_hex(6),
            workspace_id=ws,
            deployment_seq=deployment.deployment_seq,
            generation=deployment.generation,
            holder=self._holder,
            address="",
            pid=None,
            state=ReplicaState.STARTING,
            reason="",
            started_at=time.time_ns() // 1_000_000,
        )
        try:
            address = self._backend.start(replica.replica_id, deployment, prepared)
        except OSError as error:
            self._note_refusal(replica, f"The process cannot be started: {error.strerror or error}")
            return None
        self._histories[replica.deployment_seq] = replace(self._history(replica), refusals=0)
        return replace(replica, address=address)

    def _stop(
        self, replica: Replica, why: str, after: dict[str, Replica], gone: list[str], leaving: list[Replica]
    ) -> None:
        if replica.state is ReplicaState.FAILED:
            gone.append(replica.replica_id)
            return
        log.info("replica %s is stopped: %s", replica.replica_id, why)
        leaving.append(replica)
        after[replica.replica_id] = replace(replica, state=ReplicaState.STOPPING, reason=why)

    def _is_alive(self, replica: Replica) -> bool:
        return self._backend.observe(replica.replica_id).is_alive

    def _write(
        self,
        ws: int,
        before: dict[str, Replica],
        after: dict[str, Replica],
        gone: list[str],
        states: list[plans.SetState],
    ) -> bool:
        changed = [r for r in after.values() if before.get(r.replica_id) != r]
        news = [s for s in states if (s.deployment.state, s.deployment.reason) != (s.state, s.reason)]
        gone = [replica_id for replica_id in gone if replica_id in before]
        if not changed and not gone and not news:
            return False

        def write(tx: Tx) -> None:
            for replica in changed:
                store.put_replica(tx, replica)
            if gone:
                store.drop_replicas(tx, gone)
            for each in news:
                store.set_state(tx, each.deployment, each.state, each.reason)

        self._db.writer.submit(ws, write).result()
        return bool(changed or gone or any(each.state is not State.FAILED for each in news))

"""Plans the next actions from the desired and the actual state.  Pure: no clock, no process, no database."""

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from trackside.endpoints.model import Deployment, Replica, ReplicaState, Spec, State

MOST_FAILED_STARTS = 3
FIRST_BACKOFF_S, MOST_BACKOFF_S = 1.0, 60.0
SHRINK_AFTER_S = 60.0
LIVE = (ReplicaState.PENDING, ReplicaState.STARTING, ReplicaState.READY)


class Preparation(Struct, frozen=True):
    """The state of a model's files and environment.  `failure` is the reason if they cannot be prepared."""

    generation: int
    is_ready: bool = False
    failure: str = ""
    step: str = "Preparing the model."


class History(Struct, frozen=True):
    """The failures of the replicas of one generation of a deployment."""

    generation: int
    failures: int = 0  # in a row, since a replica was last ready
    refusals: int = 0  # consecutive starts that the backend refused, for example without its cluster
    was_ready: bool = False
    last_failure_at: float = 0.0  # s, monotonic
    last_reason: str = ""


class Load(Struct, frozen=True):
    """The current load of a deployment, from the router."""

    active: int = 0  # requests under way or waiting
    idle_since: float = 0.0  # s, monotonic: since when fewer replicas could have carried the load


class Prepare(Struct, frozen=True):
    deployment: Deployment


class Start(Struct, frozen=True):
    deployment: Deployment


class Stop(Struct, frozen=True):
    replica: Replica
    why: str


class SetState(Struct, frozen=True):
    deployment: Deployment
    state: State
    reason: str


Action = Prepare | Start | Stop | SetState


def plan(
    wanted: Sequence[Deployment],
    replicas: Sequence[Replica],
    preparations: Mapping[int, Preparation],
    histories: Mapping[int, History],
    targets: Mapping[int, int],
    now: float,
) -> list[Action]:
    """Return the next actions.  The mappings are by `deployment_seq`; `targets` has the desired numbers of replicas.

    The replicas of an older generation serve until enough of the new one are ready, so that an update has no downtime."""
    by_deployment: dict[int, list[Replica]] = {}
    for replica in replicas:
        by_deployment.setdefault(replica.deployment_seq, []).append(replica)
    known = {deployment.deployment_seq for deployment in wanted}
    actions: list[Action] = [
        Stop(replica, "its deployment was deleted")
        for seq, group in by_deployment.items()
        if seq not in known
        for replica in group
        if replica.state is not ReplicaState.STOPPING
    ]
    for deployment in wanted:
        seq = deployment.deployment_seq
        actions += _of_deployment(
            deployment,
            by_deployment.get(seq, []),
            _current(preparations.get(seq), deployment),
            _history(histories.get(seq), deployment),
            targets.get(seq, deployment.spec.replicas),
            now,
        )
    return actions


def backoff_s(failures: int) -> float:
    """Return the delay before the next start after a number of consecutive failures."""
    if failures == 0:
        return 0.0
    return float(min(MOST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(failures - 1, 16)))


def target(spec: Spec, running: int, load: Load, now: float) -> int:
    """Return the number of replicas for a load, by Azure's rule: utilization is busy over all, and its target a percentage.

    Replicas are added at once and removed after SHRINK_AFTER_S of low load, because starting one takes seconds."""
    if spec.most <= spec.replicas:
        return spec.replicas
    needed = math.ceil(load.active / spec.threads / (spec.target_utilization / 100))
    bounded = min(max(needed, spec.replicas), spec.most)
    if bounded >= running:
        return bounded
    return bounded if now - load.idle_since >= SHRINK_AFTER_S else max(running, spec.replicas)


def _current(preparation: Preparation | None, deployment: Deployment) -> Preparation | None:
    return preparation if preparation is not None and preparation.generation == deployment.generation else None


def _history(history: History | None, deployment: Deployment) -> History:
    if history is None or history.generation != deployment.generation:
        return History(deployment.generation)
    return history


def _of_deployment(
    deployment: Deployment,
    replicas: Sequence[Replica],
    preparation: Preparation | None,
    history: History,
    wanted: int,
    now: float,
) -> list[Action]:
    live = [r for r in replicas if r.state in LIVE]
    current = [r for r in live if r.generation == deployment.generation]
    older = [r for r in live if r.generation != deployment.generation]
    ready = [r for r in current if r.state is ReplicaState.READY]
    actions: list[Action] = [Stop(r, r.reason or "it failed") for r in replicas if r.state is ReplicaState.FAILED]
    given_up = not history.was_ready and history.failures >= MOST_FAILED_STARTS
    if preparation is None:
        actions.append(Prepare(deployment))
    elif preparation.is_ready and not given_up:
        may_start = now - history.last_failure_at >= backoff_s(history.failures + history.refusals)
        if may_start:
            actions += [Start(deployment) for _ in range(wanted - len(current))]
    # Starting ones first: they have no requests under way.
    surplus = sorted(current, key=lambda r: r.state is ReplicaState.READY)[: max(0, len(current) - wanted)]
    actions += [Stop(r, "fewer replicas are needed") for r in surplus]
    if len(ready) >= max(wanted, 1) or wanted == 0:
        actions += [Stop(r, "a newer generation is ready") for r in older]
    else:  # replicas without requests only take room from the new ones
        actions += [Stop(r, "a newer generation starts") for r in older if r.state is not ReplicaState.READY]
    state, reason = _state(wanted, current, len(ready), len(older), preparation, history, given_up=given_up)
    actions.append(SetState(deployment, state, reason))
    return actions


def _state(
    wanted: int,
    current: Sequence[Replica],
    ready: int,
    older: int,
    preparation: Preparation | None,
    history: History,
    *,
    given_up: bool,
) -> tuple[State, str]:
    serving = " The previous generation still serves." if older else ""
    if preparation is not None and preparation.failure:
        return State.FAILED, preparation.failure + serving
    if given_up:
        return State.FAILED, f"No replica became ready in {history.failures} starts: {history.last_reason}" + serving
    if preparation is None or not preparation.is_ready:
        return State.TRANSITIONING, (preparation.step if preparation else "The model will be prepared.") + serving
    if ready >= wanted:
        return State.HEALTHY, f"{ready} of {wanted} replicas are ready." if wanted else "Scaled to zero."
    pending = next((r.reason for r in current if r.state is ReplicaState.PENDING), "")
    if pending:
        return State.UNSCHEDULABLE, f"{ready} of {wanted} replicas are ready. {pending}" + serving
    if history.refusals:  # retried without a limit: the model is not at fault
        return State.UNSCHEDULABLE, f"{ready} of {wanted} replicas are ready. {history.last_reason}" + serving
    if history.failures:
        words = f"{ready} of {wanted} replicas are ready. The last failure: {history.last_reason}" + serving
        return State.UNHEALTHY, words
    return State.TRANSITIONING, f"{ready} of {wanted} replicas are ready, {len(current) - ready} start." + _waits(
        current
    ) + serving


def _waits(replicas: Sequence[Replica]) -> str:
    reason = next((r.reason for r in replicas if r.state is ReplicaState.STARTING and r.reason), "")
    return f" {reason}" if reason else ""

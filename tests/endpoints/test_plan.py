"""The actions of the controller for each relevant state."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.endpoints.model import Deployment, Model, Replica, ReplicaState, Spec, State
from trackside.endpoints.plan import (
    MOST_FAILED_STARTS,
    SHRINK_AFTER_S,
    Action,
    History,
    Load,
    Preparation,
    Prepare,
    SetState,
    Start,
    Stop,
    backoff_s,
    plan,
    target,
)

NOW = 1000.0
PENDING = ReplicaState.PENDING
READY, STARTING, STOPPING, FAILED = (
    ReplicaState.READY,
    ReplicaState.STARTING,
    ReplicaState.STOPPING,
    ReplicaState.FAILED,
)


def deployment(generation: int = 1, **spec: Any) -> Deployment:
    return Deployment(
        deployment_seq=7,
        workspace_id=1,
        endpoint_seq=3,
        endpoint="adder",
        name="blue",
        traffic=100,
        mirror=0,
        model=Model(uri="models:/sum/1", files_uri="mlflow-artifacts:/0/r/artifacts/model"),
        spec=Spec(**spec),
        generation=generation,
        state=State.TRANSITIONING,
        reason="",
        created_at=0,
        updated_at=0,
    )


def replica(state: ReplicaState, generation: int = 1, seq: int = 7, number: int = 0) -> Replica:
    return Replica(
        replica_id=f"{seq}-{generation}-{state}-{number}",
        workspace_id=1,
        deployment_seq=seq,
        generation=generation,
        holder="h",
        address="/s",
        pid=None,
        state=state,
        reason="",
        started_at=0,
    )


def actions(wanted: list[Deployment], replicas: list[Replica], **more: Any) -> list[Action]:
    prepared = {d.deployment_seq: Preparation(d.generation, is_ready=True) for d in wanted}
    targets = {d.deployment_seq: d.spec.replicas for d in wanted}
    return plan(
        wanted,
        replicas,
        more.get("preparations", prepared),
        more.get("histories", {}),
        more.get("targets", targets),
        NOW,
    )


def kinds(found: list[Action]) -> list[str]:
    return [type(action).__name__ for action in found if not isinstance(action, SetState)]


def state_of(found: list[Action]) -> tuple[State, str]:
    (only,) = [action for action in found if isinstance(action, SetState)]
    return only.state, only.reason


def test_a_new_deployment_is_prepared_then_started_then_healthy() -> None:
    new = deployment()

    assert kinds(actions([new], [], preparations={})) == ["Prepare"]
    assert kinds(actions([new], [], preparations={7: Preparation(1)})) == []
    assert kinds(actions([new], [])) == ["Start"]
    assert state_of(actions([new], [replica(STARTING)]))[0] is State.TRANSITIONING
    assert state_of(actions([new], [replica(READY)]))[0] is State.HEALTHY


def test_the_old_generation_serves_until_the_new_one_is_ready() -> None:
    old = replica(READY, 1)

    starting = actions([deployment(2)], [old, replica(STARTING, 2)])
    ready = actions([deployment(2)], [old, replica(READY, 2)])

    assert kinds(starting) == []
    assert [action for action in ready if isinstance(action, Stop)] == [Stop(old, "a newer generation is ready")]


def test_a_preparation_that_fails_leaves_the_old_generation_alone() -> None:
    found = actions([deployment(2)], [replica(READY, 1)], preparations={7: Preparation(2, failure="no such file")})

    assert kinds(found) == []
    assert state_of(found) == (State.FAILED, "no such file The previous generation still serves.")


def test_replicas_of_a_deleted_deployment_are_stopped_once() -> None:
    assert kinds(actions([], [replica(READY), replica(STOPPING)])) == ["Stop"]


def test_a_start_that_fails_repeatedly_is_given_up() -> None:
    history = {7: History(1, failures=MOST_FAILED_STARTS, last_failure_at=0.0, last_reason="no memory")}

    found = actions([deployment()], [], histories=history)

    assert kinds(found) == []
    assert state_of(found) == (State.FAILED, f"No replica became ready in {MOST_FAILED_STARTS} starts: no memory")


def test_a_start_that_the_backend_cannot_begin_is_retried_without_a_limit() -> None:
    """An unavailable cluster is not an error of the model."""
    history = {7: History(1, refusals=50, last_failure_at=0.0, last_reason="The cluster cannot be reached.")}

    found = actions([deployment()], [], histories=history)

    assert kinds(found) == ["Start"]
    assert state_of(found) == (State.UNSCHEDULABLE, "0 of 1 replicas are ready. The cluster cannot be reached.")


def test_a_deployment_that_was_ready_is_never_given_up() -> None:
    history = {7: History(1, failures=50, was_ready=True, last_failure_at=0.0, last_reason="killed")}

    found = actions([deployment()], [], histories=history)

    assert kinds(found) == ["Start"]
    assert state_of(found)[0] is State.UNHEALTHY


def test_a_start_waits_after_a_failure() -> None:
    history = {7: History(1, failures=2, last_failure_at=NOW - backoff_s(2) / 2)}

    assert kinds(actions([deployment()], [], histories=history)) == []


def test_a_history_of_another_generation_does_not_count() -> None:
    history = {7: History(1, failures=50, last_failure_at=NOW)}

    assert kinds(actions([deployment(2)], [], histories=history)) == ["Start"]


def test_scaling_down_stops_starting_replicas_first() -> None:
    found = actions([deployment()], [replica(READY), replica(STARTING)])

    assert [action.replica.state for action in found if isinstance(action, Stop)] == [STARTING]


@given(
    wanted=st.integers(0, 4),
    states=st.lists(st.tuples(st.sampled_from(list(ReplicaState)), st.integers(1, 2)), max_size=6),
    failures=st.integers(0, 5),
)
def test_doing_what_is_planned_reaches_the_target(
    wanted: int, states: list[tuple[ReplicaState, int]], failures: int
) -> None:
    """From any state, with replicas that become ready, the plan ends at the wanted number and changes nothing more."""
    one = deployment(2, replicas=wanted)
    replicas = [replica(state, generation, number=i) for i, (state, generation) in enumerate(states)]
    history = {7: History(2, failures=failures, was_ready=True, last_failure_at=0.0)}
    for turn in range(6):
        found = actions([one], replicas, histories=history)
        stopped = {action.replica.replica_id for action in found if isinstance(action, Stop)}
        started = [
            replica(READY, 2, number=100 * turn + i) for i, action in enumerate(found) if isinstance(action, Start)
        ]
        replicas = [r for r in replicas if r.replica_id not in stopped and r.state not in (STOPPING, FAILED)]
        replicas = [replica(READY, r.generation, number=i) for i, r in enumerate(replicas)] + started

    assert kinds(actions([one], replicas, histories=history)) == []
    assert len(replicas) == wanted
    assert all(r.generation == 2 for r in replicas)


@pytest.mark.parametrize(
    ("active", "running", "idle_for", "expected"),
    [(0, 1, 0, 1), (7, 1, 0, 10), (1, 1, 0, 2), (0, 5, 1, 5), (0, 5, SHRINK_AFTER_S, 1), (100, 1, 0, 10)],
)
def test_the_target_follows_the_utilization(active: int, running: int, idle_for: float, expected: int) -> None:
    spec = Spec(replicas=1, max_replicas=10, target_utilization=70)

    assert target(spec, running, Load(active=active, idle_since=NOW - idle_for), NOW) == expected


def test_a_scale_to_zero_deployment_starts_for_a_request() -> None:
    spec = Spec(replicas=0, max_replicas=1)

    assert [target(spec, 0, Load(active=active), NOW) for active in (0, 1)] == [0, 1]


def test_an_update_is_prepared_again() -> None:
    found = actions([deployment(3)], [replica(READY, 2)], preparations={7: Preparation(2, is_ready=True)})

    assert [action for action in found if isinstance(action, Prepare)] != []


def test_a_replica_without_a_node_makes_the_deployment_unschedulable() -> None:
    waits = msgspec.structs.replace(replica(PENDING), reason="The cluster has 0 free CPUs.")

    actions = plan([deployment()], [waits], {7: Preparation(1, is_ready=True)}, {}, {7: 1}, NOW)

    assert [action for action in actions if isinstance(action, SetState)] == [
        SetState(deployment(), State.UNSCHEDULABLE, "0 of 1 replicas are ready. The cluster has 0 free CPUs.")
    ]
    assert not [action for action in actions if isinstance(action, Start | Stop)]


def test_an_older_generation_that_serves_nothing_is_stopped() -> None:
    old = [replica(PENDING, 1), replica(STARTING, 1), replica(READY, 1)]

    actions = plan([deployment(2)], old, {7: Preparation(2, is_ready=True)}, {}, {7: 1}, NOW)

    assert [action.replica for action in actions if isinstance(action, Stop)] == old[:2]

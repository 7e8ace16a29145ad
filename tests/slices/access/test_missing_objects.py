"""Assignments and denials at missing objects, and at names of future objects."""

import pytest

from support.people import OURS, People
from support.registry import Registry

MISSING = [
    ("/ws/default/experiments/987654", "No Experiment with id=987654 exists"),
    (f"/ws/default/experiments/{'9' * 19}", f"No Experiment with id={'9' * 19} exists"),
    ("/ws/default/models/none", "Registered Model with name=none not found"),
    ("/ws/default/onlineEndpoints/none", "Endpoint with name=none not found"),
    ("/ws/nowhere", "Workspace 'nowhere' not found"),
    ("/ws/nowhere/models/none", "Workspace 'nowhere' not found"),
]


@pytest.mark.both
@pytest.mark.parametrize("what", ["role-assignments", "deny-assignments"])
def test_an_assignment_at_a_missing_object_is_refused(people: People, what: str) -> None:
    people.add("bo")

    refused = {
        scope: people.admin.ask("POST", f"{OURS}/{what}", {"principal": "bo", "role": "Reader", "scope": scope})
        for scope, _ in MISSING
    }

    assert {scope: (reply.status, reply.json["message"]) for scope, reply in refused.items()} == {
        scope: (404, message) for scope, message in MISSING
    }


def test_roles_can_be_assigned_to_deleted_objects_and_all_objects_and_future_groups(people: People) -> None:
    people.add("bo")
    gone = people.admin.new_experiment("gone")
    people.admin.post("experiments/delete", experiment_id=gone)

    for scope in (
        f"/ws/default/experiments/{gone}",
        "/ws/default/models/*",
        "/subscriptions/00000000-0000-0000-0000-000000000001",
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coming",
    ):
        assert people.grant("bo", "Reader", scope)


def test_a_caller_without_the_right_to_assign_learns_no_name(people: People) -> None:
    bo = people.add("bo", "Contributor")
    people.admin.post("registered-models/create", name="there")

    refused = [
        bo.fault(f"{OURS}/deny-assignments", principal="bo", role="Reader", scope=f"/ws/default/models/{name}")
        for name in ("there", "none")
    ]

    assert refused[0] == refused[1] == (403, "PERMISSION_DENIED", "Permission denied.")


def test_a_model_can_get_a_name_at_which_mlflows_call_gave_the_same_right(people: People) -> None:
    people.add("bo")
    Registry(people.admin).new_model("old")
    for name in ("old", "new"):  # MLflow's call takes names to come, as stock MLflow does
        people.admin.post("registered-models/permissions/create", name=name, username="bo", permission="READ")

    Registry(people.admin).call("POST", "registered-models/rename", name="old", new_name="new")

    assert [each["scope"] for each in people.admin.get(f"{OURS}/role-assignments", principal="bo")["assignments"]] == [
        "/ws/default/models/new"
    ]

"""`trackside_mlflow.Workspace` against the server that it is made for."""

import uuid
from typing import Protocol

import pytest
import requests

from trackside_mlflow import Refused, Workspace, WorkspaceExists, WorkspaceNotFound


class Server(Protocol):
    url: str


@pytest.fixture(autouse=True)
def address(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSIDE_URL", server.url)
    monkeypatch.delenv("TRACKSIDE_TOKEN", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)


def unused() -> str:
    """A name that no other test of this session uses."""
    return f"Team_{uuid.uuid4().hex[:8]}"


def test_a_workspace_is_made_found_changed_and_deleted() -> None:
    name, subscription = unused(), str(uuid.uuid4())

    made = Workspace.create(name, None, subscription, "lab", location="here", tags={"a": "b"}, friendly_name="Ours")
    assert (made.subscription_id, made.resource_group, made.location) == (subscription, "lab", "here")
    assert (made.tags, made.friendly_name) == ({"a": "b"}, "Ours")
    assert Workspace.get(name, subscription_id=subscription.upper(), resource_group="LAB", id=made.workspace_id) == made
    assert Workspace.list(subscription) == {name: [made]}
    assert Workspace.list(subscription, resource_group="other") == {}

    details = made.update(description="changed", tags={})
    assert (details["description"], details["tags"], details["friendlyName"]) == ("changed", {}, "Ours")

    made.delete()
    with pytest.raises(WorkspaceNotFound, match=rf"^Workspace not found\. There is no workspace '{name}' on http"):
        Workspace.get(name)
    assert Workspace.create(name) != made


def test_the_default_workspace_exists_from_the_beginning() -> None:
    default = Workspace.get("default")

    assert default.subscription_id == "00000000-0000-0000-0000-000000000000"
    assert default.resource_group == "default"
    assert default.id == (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/default"
        "/providers/Microsoft.MachineLearningServices/workspaces/default"
    )
    assert Workspace.create("default", exist_ok=True) == default


def test_a_workspace_name_is_unique() -> None:
    made = Workspace.create(unused(), resource_group="one")

    with pytest.raises(WorkspaceExists):
        Workspace.create(made.name)
    with pytest.raises(WorkspaceNotFound, match=r"has the resource group 'one', not 'two'.* Omit that argument"):
        Workspace.create(made.name, resource_group="two", exist_ok=True)
    assert Workspace.create(made.name, exist_ok=True) == made


def test_a_workspace_with_experiments_is_deleted_only_with_them() -> None:
    made = Workspace.create(unused())
    create = f"{made.get_mlflow_tracking_uri()}/api/2.0/mlflow/experiments/create"
    requests.post(create, json={"name": "iris"}, timeout=120).raise_for_status()

    with pytest.raises(Refused, match=r"still holds .* In Python: delete\(delete_dependent_resources=True\)"):
        made.delete()
    made.delete(delete_dependent_resources=True)

    assert made.name not in Workspace.list()


@pytest.mark.parametrize("name", ["x", "-a", "with space", "a%2Fb", "ü", "a" * 64])
def test_an_invalid_workspace_name_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="not valid"):
        Workspace.create(name)
    with pytest.raises(WorkspaceNotFound):
        Workspace.get(name)

"""`trackside_mlflow.Workspace` against a server: calls, results and error messages."""

import socket
from pathlib import Path
from typing import Protocol

import pytest

from trackside_mlflow import (
    ConfigError,
    Refused,
    ServerUnreachable,
    Workspace,
    WorkspaceExists,
    WorkspaceNotFound,
)


class Peer(Protocol):
    """The stand-in server of conftest.py."""

    url: str
    workspaces: dict[str, dict[str, object]]
    requests: list[tuple[str, str, dict[str, str]]]
    answers: dict[str, tuple[int, bytes]]

    def add(self, name: str, **fields: object) -> dict[str, object]: ...


def test_get_returns_a_handle_on_the_workspace(peer: Peer) -> None:
    peer.add("team-a", subscription_id="S1", resource_group="R1", location="here", tags={"owner": "ana"})

    workspace = Workspace.get(name="team-a", subscription_id="S1", resource_group="R1", url=peer.url)

    assert (workspace.name, workspace.subscription_id, workspace.resource_group) == ("team-a", "S1", "R1")
    assert (workspace.location, workspace.tags, workspace.url) == ("here", {"owner": "ana"}, peer.url)
    assert repr(workspace) == "Workspace.create(name='team-a', subscription_id='S1', resource_group='R1')"


def test_the_tracking_uri_is_plain_http_with_the_workspace_in_its_path(peer: Peer) -> None:
    peer.add("My_Team")

    assert Workspace.get("My_Team", url=peer.url).get_mlflow_tracking_uri() == f"{peer.url}/ws/My_Team"


def test_the_constructor_takes_azuremls_order_of_arguments(peer: Peer) -> None:
    peer.add("team-a", subscription_id="S1", resource_group="R1")

    assert Workspace("S1", "R1", "team-a", url=peer.url) == Workspace.get("team-a", url=peer.url)


def test_the_constructor_takes_everything_that_azuremls_takes(peer: Peer) -> None:
    peer.add("team-a", subscription_id="S1", resource_group="R1", location="here", tags={"owner": "ana"})

    by_name = Workspace(
        "S1",
        "R1",
        "team-a",
        auth=None,
        _location="westeurope",
        _disable_service_check=True,
        _workspace_id=None,
        sku="enterprise",
        tags={"x": "y"},
        _cloud="AzureChinaCloud",
        url=peer.url,
    )
    by_place = Workspace(
        "S1", "R1", "team-a", None, "westeurope", True, None, "basic", None, "AzureCloud", url=peer.url
    )

    assert by_name == by_place == Workspace.get("team-a", url=peer.url)
    assert (by_name.location, by_name.tags, by_name.sku) == ("here", {"owner": "ana"}, "Basic")  # the workspace's own


def test_an_unknown_workspace_is_an_error_that_names_it_the_server_and_those_that_exist(peer: Peer) -> None:
    peer.add("team-b")
    peer.add("team-a")

    with pytest.raises(WorkspaceNotFound) as caught:
        Workspace.get("team-c", url=peer.url)

    assert str(caught.value) == (
        f"Workspace not found. There is no workspace 'team-c' on {peer.url}. Its workspaces: team-a, team-b. "
        "To create it: Workspace.create(name='team-c')."
    )


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"subscription_id": "S2"}, "has the subscription id 'S1', not 'S2'"),
        ({"resource_group": "R2"}, "has the resource group 'R1', not 'R2'"),
        ({"id": "another"}, "not 'another'"),
    ],
)
def test_a_workspace_of_another_group_is_not_returned(peer: Peer, wanted: dict[str, str], told: str) -> None:
    peer.add("team-a", subscription_id="S1", resource_group="R1")

    with pytest.raises(WorkspaceNotFound, match=told):
        Workspace.get("team-a", url=peer.url, **wanted)


def test_subscriptions_and_groups_are_compared_without_case(peer: Peer) -> None:
    peer.add("team-a", subscription_id="abc", resource_group="Group")

    assert (
        Workspace.get("team-a", subscription_id="ABC", resource_group="gROUP", url=peer.url).resource_group == "Group"
    )


def test_create_sends_its_arguments_and_returns_the_new_workspace(peer: Peer) -> None:
    workspace = Workspace.create(
        "team-a", subscription_id="S1", resource_group="R1", location="lab", tags={"a": "b"}, url=peer.url
    )

    sent = {"name": "team-a", "subscription_id": "S1", "resource_group": "R1", "location": "lab", "tags": {"a": "b"}}
    assert sent.items() <= peer.workspaces["team-a"].items()
    assert workspace == Workspace.get("team-a", url=peer.url)


def test_create_refuses_a_name_that_is_taken(peer: Peer) -> None:
    peer.add("team-a")

    with pytest.raises(WorkspaceExists, match=r"'team-a' already exists on .*exist_ok=True"):
        Workspace.create("team-a", url=peer.url)


def test_create_with_exist_ok_returns_an_existing_workspace(peer: Peer) -> None:
    peer.add("team-a", description="the old one")

    assert Workspace.create("team-a", description="new", exist_ok=True, url=peer.url).description == "the old one"


def test_create_with_exist_ok_does_not_take_a_workspace_of_another_group(peer: Peer) -> None:
    peer.add("team-a", resource_group="R1")

    with pytest.raises(WorkspaceNotFound, match="R1"):
        Workspace.create("team-a", resource_group="R2", exist_ok=True, url=peer.url)


def test_create_warns_about_arguments_that_only_azure_has(peer: Peer) -> None:
    with pytest.warns(UserWarning, match="ignored: key_vault, storage_account"):
        Workspace.create("team-a", storage_account="s", key_vault="k", app_insights=None, url=peer.url)


def test_create_does_not_ignore_a_link(peer: Peer) -> None:
    with pytest.raises(ConfigError, match="adb_workspace"):
        Workspace.create("team-a", adb_workspace="/subscriptions/x", url=peer.url)

    assert peer.workspaces == {}


def test_create_refuses_a_misspelt_argument(peer: Peer) -> None:
    with pytest.raises(TypeError, match=r"create\(\) got an unexpected keyword argument 'tag'"):
        Workspace.create("team-a", tag="x", url=peer.url)


def test_list_returns_lists_by_name(peer: Peer) -> None:
    peer.add("team-a", subscription_id="S1", resource_group="R1")
    peer.add("team-b", subscription_id="S1", resource_group="R2")
    peer.add("team-c", subscription_id="S2", resource_group="R1")

    found = Workspace.list("S1", url=peer.url)

    assert {name: [ws.resource_group for ws in each] for name, each in found.items()} == {
        "team-a": ["R1"],
        "team-b": ["R2"],
    }
    assert list(Workspace.list("S1", resource_group="R2", url=peer.url)) == ["team-b"]
    assert list(Workspace.list(url=peer.url)) == ["team-a", "team-b", "team-c"]


def test_update_changes_given_fields_and_returns_the_details(peer: Peer) -> None:
    peer.add("team-a", description="old", friendly_name="A")

    details = Workspace.get("team-a", url=peer.url).update(description="new", tags={"x": "y"})

    assert (details["description"], details["friendlyName"], details["tags"]) == ("new", "A", {"x": "y"})


def test_details_have_azuremls_names(peer: Peer) -> None:
    record = peer.add("team-a", friendly_name="Team A")

    details = Workspace.get("team-a", url=peer.url).get_details()

    assert details["id"] == record["id"]
    assert details["workspaceid"] == record["workspace_id"]
    assert details["creationTime"] == "2020-09-13T12:26:40+00:00"
    assert details["type"] == "Microsoft.MachineLearningServices/workspaces"
    assert details["mlFlowTrackingUri"] == f"{peer.url}/ws/team-a"
    only_azures = ("keyVault", "applicationInsights", "storageAccount", "containerRegistry", "discoveryUrl")
    assert [details[name] for name in only_azures] == [None] * 5
    assert (details["sku"], details["provisioningState"], details["friendlyName"]) == ("Basic", "Succeeded", "Team A")


def test_delete_deletes_on_the_server(peer: Peer) -> None:
    peer.add("team-a")

    Workspace.get("team-a", url=peer.url).delete()

    assert peer.workspaces == {}


def test_delete_removes_contents_only_on_request(peer: Peer) -> None:
    workspace = Workspace.create("team-a", url=peer.url)
    peer.answers["/api/trackside/v1/workspaces/team-a"] = (
        400,
        b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "It still holds runs."}',
    )

    with pytest.raises(Refused, match=r"still holds runs\. In Python: delete\(delete_dependent_resources=True\)"):
        workspace.delete()
    peer.answers.clear()
    workspace.delete(delete_dependent_resources=True)

    assert [path for method, path, _ in peer.requests if method == "DELETE"] == [
        "/api/trackside/v1/workspaces/team-a",
        "/api/trackside/v1/workspaces/team-a?mode=CASCADE",
    ]


def test_a_workspace_created_again_is_another_one(peer: Peer) -> None:
    peer.add("team-a")
    first = Workspace.get("team-a", url=peer.url)
    first.delete()

    second = Workspace.create("team-a", url=peer.url)

    assert first != second
    assert len({first, second, Workspace.get("team-a", url=peer.url)}) == 2


def test_the_address_may_come_from_the_environment_also_as_tracking_uri(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.add("team-a")
    monkeypatch.setenv("TRACKSIDE_URL", f"{peer.url}/ws/other/")

    assert Workspace.get("team-a").url == peer.url


def test_the_token_comes_from_the_argument_or_the_environment(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    class AzureStyle:
        def get_authentication_header(self) -> dict[str, str]:
            return {"Authorization": "Bearer from-object"}

    monkeypatch.setenv("TRACKSIDE_TOKEN", "from-environment")
    for auth in (None, "from-argument", AzureStyle()):
        Workspace.list(auth=auth, url=peer.url)

    sent = [headers["Authorization"] for _, _, headers in peer.requests]
    assert sent == ["Bearer from-environment", "Bearer from-argument", "Bearer from-object"]


def test_an_unreachable_server_is_reported_with_a_remedy() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(ServerUnreachable, match=rf"No answer from {url} .*trackside server.*TRACKSIDE_URL"):
            Workspace.get("team-a", url=url)


@pytest.mark.parametrize(
    "answer",
    [
        (404, b"<html>mlflow</html>"),
        (404, b'{"error_code": "ENDPOINT_NOT_FOUND"}'),
        (200, b"<html>"),
        (200, b"{}"),
        (302, b"http://elsewhere/login"),
    ],
)
def test_a_server_of_another_kind_is_recognised(peer: Peer, answer: tuple[int, bytes]) -> None:
    peer.answers["/api/trackside/v1/workspaces/team-a"] = answer

    with pytest.raises(ServerUnreachable, match="is not a Trackside server"):
        Workspace.get("team-a", url=peer.url)


def test_a_refusal_has_the_servers_message(peer: Peer) -> None:
    peer.answers["/api/trackside/v1/workspaces"] = (403, b'{"error_code": "PERMISSION_DENIED", "message": "Not yours"}')

    with pytest.raises(Refused, match="refused: Not yours") as caught:
        Workspace.list(url=peer.url)

    assert (caught.value.status, caught.value.error_code) == (403, "PERMISSION_DENIED")


def test_an_invalid_server_uri_is_refused(subtests: pytest.Subtests) -> None:
    cases = ["localhost:5000", "file:///etc/passwd", "https://", "databricks"]
    for url in cases:
        with subtests.test(url=url), pytest.raises(ConfigError, match="it must be like http://"):
            Workspace.get("team-a", url=url)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_an_invalid_workspace_name_is_refused_by_the_client(peer: Peer, name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        Workspace.get(name, url=peer.url)

    assert peer.requests == []


def test_a_name_stays_one_segment_of_the_path(peer: Peer) -> None:
    with pytest.raises(WorkspaceNotFound):
        Workspace.get("a?b#c%2F", url=peer.url)

    assert peer.requests[0][1] == "/api/trackside/v1/workspaces/a%3Fb%23c%252F"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TRACKSIDE_TOKEN", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def shown(peer: Peer, auth: object = None) -> str | None:
    """What the server is shown as `Authorization`."""
    Workspace.list(auth=auth, url=peer.url)
    return peer.requests[-1][2].get("Authorization")


def test_credentials_come_from_the_argument_the_environment_and_two_files_in_this_order(
    peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    basic = "Basic YW5hOndvb2Rlbi1rZXR0bGUtNDE="  # ana:wooden-kettle-41
    assert shown(peer) is None

    (home / ".mlflow").mkdir()
    (home / ".mlflow" / "credentials").write_text(
        "[mlflow]\nmlflow_tracking_username = ana\nmlflow_tracking_password = wooden-kettle-41\n"
    )
    assert shown(peer) == basic
    (home / ".trackside").mkdir()
    kept = home / ".trackside" / "credentials"
    kept.write_text(f"[{peer.url}]\nusername = ana\ntoken = kept\n[http://other.example]\ntoken = others\n")
    kept.chmod(0o600)
    assert shown(peer) == "Bearer kept"
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "mlflows")
    assert shown(peer) == "Bearer mlflows"
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ana")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wooden-kettle-41")
    assert shown(peer) == basic
    monkeypatch.setenv("TRACKSIDE_TOKEN", "ours")
    assert shown(peer) == "Bearer ours"
    assert shown(peer, auth=("ana", "wooden-kettle-41")) == basic
    assert shown(peer, auth="given") == "Bearer given"


def test_a_file_of_tokens_that_others_may_read_is_refused(peer: Peer, home: Path) -> None:
    (home / ".trackside").mkdir()
    kept = home / ".trackside" / "credentials"
    kept.write_text(f"[{peer.url}]\ntoken = kept\n")
    kept.chmod(0o644)

    with pytest.raises(ConfigError, match="chmod 600"):
        Workspace.list(url=peer.url)


def test_a_token_in_the_keyring_is_found_there(peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "keyring.py").write_text("def get_password(service, user):\n    return f'{service} of {user}'\n")
    monkeypatch.syspath_prepend(str(home))
    (home / ".trackside").mkdir()
    kept = home / ".trackside" / "credentials"
    kept.write_text(f"[{peer.url}]\nusername = ana\nkeyring = yes\n")
    kept.chmod(0o600)

    assert shown(peer) == f"Bearer trackside {peer.url} of ana"

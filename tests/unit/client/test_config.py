"""`Workspace.from_config` and `write_config`: the file that is found, its forms, and its location."""

import json
from pathlib import Path
from typing import Protocol

import pytest

from trackside_mlflow import ConfigError, Workspace

AZURE_SCOPE = "/subscriptions/S1/resourceGroups/R1/providers/Microsoft.MachineLearningServices/workspaces"


class Peer(Protocol):
    """The stand-in server of conftest.py."""

    url: str

    def add(self, name: str, **fields: object) -> dict[str, object]: ...


@pytest.fixture
def filed(peer: Peer) -> Peer:
    """A server with team-a and team-b in subscription S1, resource group R1."""
    peer.add("team-a", subscription_id="S1", resource_group="R1")
    peer.add("team-b", subscription_id="S1", resource_group="R1")
    return peer


def write(path: Path, **content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    "content",
    [
        {"subscription_id": "S1", "resource_group": "R1", "workspace_name": "team-a"},
        {"Id": None, "Scope": f"{AZURE_SCOPE}/team-a"},
        {"workspace_name": "team-a"},
    ],
)
def test_every_form_of_the_file_is_read(filed: Peer, nowhere: Path, content: dict[str, object]) -> None:
    write(nowhere / ".azureml" / "config.json", url=filed.url, **content)

    assert Workspace.from_config() == Workspace.get("team-a", url=filed.url)


@pytest.mark.parametrize("folder", [".trackside", ".azureml", "aml_config", "."])
def test_the_file_is_searched_upward_in_each_of_its_folders(filed: Peer, nowhere: Path, folder: str) -> None:
    write(nowhere / folder / "config.json", workspace_name="team-a", url=filed.url)
    start = nowhere / "notebooks" / "deep"
    start.mkdir(parents=True)

    assert Workspace.from_config(start).name == "team-a"


def test_tracksides_file_comes_before_azures_and_a_nearer_before_a_farther_one(filed: Peer, nowhere: Path) -> None:
    write(nowhere / ".azureml" / "config.json", workspace_name="of-azure", url=filed.url)
    write(nowhere / ".trackside" / "config.json", workspace_name="team-a", url=filed.url)
    write(nowhere / "near" / "config.json", workspace_name="team-b", url=filed.url)

    assert Workspace.from_config(nowhere).name == "team-a"
    assert Workspace.from_config(nowhere / "near").name == "team-b"


def test_a_file_can_be_named(filed: Peer, nowhere: Path) -> None:
    path = write(nowhere / "any.json", workspace_name="team-a", url=filed.url)

    assert Workspace.from_config(str(path)).name == "team-a"


def test_argument_and_environment_take_precedence_over_the_file(
    filed: Peer, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(nowhere / "config.json", workspace_name="team-a", url="http://127.0.0.1:1")

    assert Workspace.from_config(url=filed.url).name == "team-a"
    monkeypatch.setenv("TRACKSIDE_URL", filed.url)
    assert Workspace.from_config().name == "team-a"


def test_a_config_json_of_another_program_is_ignored(filed: Peer, nowhere: Path) -> None:
    write(nowhere / "config.json", workspace_name="team-a", url=filed.url)
    write(nowhere / "package" / "config.json", compilerOptions={})

    assert Workspace.from_config(nowhere / "package").name == "team-a"


def test_a_missing_file_is_an_error_with_an_example(nowhere: Path) -> None:
    write(nowhere / "config.json", compilerOptions={})

    with pytest.raises(ConfigError) as caught:
        Workspace.from_config()

    assert str(nowhere / "config.json") + " names no workspace" in str(caught.value)
    assert '"workspace_name": "team-a"' in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"subscription_id": "S1"}', 'has neither "workspace_name" nor "Scope"'),
        ('{"workspace_name": 3}', "'workspace_name' is 3; it must be text"),
        ('{"Scope": "/subscriptions/S1"}', "is not the scope of a workspace"),
    ],
)
def test_an_invalid_file_is_an_error(nowhere: Path, text: str, told: str) -> None:
    write(nowhere / ".azureml" / "config.json").write_text(text)

    with pytest.raises(ConfigError, match=told):
        Workspace.from_config()


def test_a_path_that_is_not_there_is_an_error(nowhere: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent does not exist"):
        Workspace.from_config(nowhere / "absent")


def test_a_written_file_can_be_read(filed: Peer, nowhere: Path) -> None:
    workspace = Workspace.get("team-a", url=filed.url)

    workspace.write_config()
    workspace.write_config(nowhere / "elsewhere", file_name="other.json")

    content = json.loads((nowhere / ".azureml" / "config.json").read_text())
    assert content == {"Id": None, "Scope": f"{AZURE_SCOPE}/team-a", "url": filed.url}
    assert Workspace.from_config() == workspace
    assert Workspace.from_config(nowhere / "elsewhere", _file_name="other.json") == workspace


def test_a_file_of_azure_is_kept_and_tracksides_is_found_first(filed: Peer, nowhere: Path) -> None:
    azures = write(nowhere / ".azureml" / "config.json", Id=None, Scope=f"{AZURE_SCOPE}/in-the-cloud")
    before = azures.read_text()

    Workspace.get("team-a", url=filed.url).write_config()

    assert azures.read_text() == before
    assert Workspace.from_config().name == "team-a"


def test_a_file_in_our_own_folder_is_written_again(filed: Peer, nowhere: Path) -> None:
    write(nowhere / ".trackside" / "config.json", workspace_name="team-b", url=filed.url)

    Workspace.get("team-a", url=filed.url).write_config()

    assert not (nowhere / ".azureml").exists()
    assert Workspace.from_config().name == "team-a"

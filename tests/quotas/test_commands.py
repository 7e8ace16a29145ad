"""`trackside quota`, and `Workspace`, against a running server."""

from pathlib import Path

import pytest

from support.processes.servers import Server, trackside
from trackside.cli.output import Stop
from trackside.cli.quotas.commands import limit_of
from trackside_mlflow import Workspace


def test_a_quota_is_set_listed_shown_and_deleted(server: Server, tmp_path: Path) -> None:
    def quota(*words: str) -> str:
        code, said, complaints = trackside("quota", *words, "--server", server.url, cwd=tmp_path)
        assert code == 0, complaints
        return said

    server.api.new_run()
    assert quota("set", "runs", "2k") == "quota of workspace: 2,000 runs, 1 used\n"
    assert quota("set", "bytes", "1.5GiB", "--each-user") == "quota of each user: 1.5 GiB, 0 B used\n"
    assert quota("set", "runs", "5k", "--all-workspaces") == "quota of all workspaces: 5,000 runs, 1 used\n"
    assert quota("set", "points", "10", "--experiment", "Default") == "quota of experiment 0: 10 points, 0 used\n"

    assert [line.split() for line in quota("list").splitlines()[1:]] == [
        ["workspace", "runs", "1", "2,000", "0%"],
        ["all", "workspaces", "runs", "1", "5,000", "0%"],
        ["experiment", "0", "points", "0", "10", "0%"],
        ["each", "user", "bytes", "0", "B", "1.5", "GiB", "0%"],
    ]
    assert quota("show", "--all-workspaces").count("\n") == 2
    assert quota("show", "--experiment", "0").count("\n") == 2
    quota("delete", "points", "--experiment", "0")
    assert "points" not in quota("list", "--json")


def test_the_workspace_of_the_client_package_sets_quotas(server: Server) -> None:
    workspace = Workspace.get(name="default", url=server.url)

    workspace.set_quota("runs", 3)
    workspace.set_quota("runs", 1, user="ann")
    workspace.set_quota("runs", 9, all_workspaces=True)

    assert [(each["scope"], each["subject"], each["limit"]) for each in workspace.quotas()] == [
        ("workspace", "", 3),
        ("user", "ann", 1),
        ("server", "", 9),
    ]
    workspace.delete_quota("runs", user="ann")
    workspace.delete_quota("runs", all_workspaces=True)
    assert [each["scope"] for each in workspace.quotas()] == ["workspace"]
    with pytest.raises(ValueError, match="set only one of user, experiment_id and all_workspaces"):
        workspace.set_quota("runs", 1, user="ann", all_workspaces=True)


@pytest.mark.parametrize(
    ("text", "limit"),
    [("0", 0), ("1000", 1000), ("50M", 50_000_000), ("1.5k", 1500), ("10GiB", 10 << 30), ("2 kb", 2000)],
)
def test_a_limit_may_have_a_unit(text: str, limit: int) -> None:
    assert limit_of(text) == limit


@pytest.mark.parametrize("text", ["", "-1", "ten", "10 XB", "1e6", "1.k"])
def test_a_limit_that_is_not_a_number_is_refused(text: str) -> None:
    with pytest.raises(Stop, match="LIMIT is"):
        limit_of(text)

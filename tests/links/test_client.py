"""Links by the Python client."""

import pytest

from support.links import settle, url_of
from support.processes.servers import Server
from trackside_mlflow import Workspace
from trackside_mlflow.errors import Refused


def test_a_workspace_is_linked_checked_and_unlinked(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    run = here.new_run(tags=[{"key": "k", "value": "v"}])
    workspace = Workspace.get("north", url=server.url)

    added = workspace.add_link("l", url_of(server, "south"), experiments=["*"])
    settle(here, "l")
    same = workspace.check_link("l", verify=True)
    workspace.pause_link("l")
    paused = workspace.link("l")["state"]
    workspace.resume_link("l")
    there.post("runs/set-tag", run_id=run, key="k", value="w")
    differs = workspace.check_link("l")
    workspace.sync_link("l")
    settle(here, "l")
    mended = there.tags(run)["k"]
    logged = workspace.link_log("l")
    workspace.remove_link("l")

    assert (added["name"], added["kind"]) == ("l", "trackside")
    assert same == []
    assert paused == "paused"
    assert differs[0]["what"] == ["tag k is 'v' in this workspace and 'w' on the remote"]
    assert mended == "v"
    assert [each["message"] for each in logged] == [
        "the tag k of the remote copy was changed to 'w'; it was reset to 'v'"
    ]
    assert workspace.links() == []
    with pytest.raises(Refused, match="Link 'l' not found"):
        workspace.link("l")

"""The life of a workspace by azureml-core: created, found, changed, written to a file and read from it, deleted."""

import sys
import tempfile

from azureml.core import Workspace  # type: ignore[import-not-found]  # in the environment of the test alone
from azureml.exceptions import ProjectSystemException, WorkspaceException  # type: ignore[import-not-found]

(subscription,) = sys.argv[1:]
here = {"subscription_id": subscription, "resource_group": "another"}


def refusal(error: type[Exception], make: object, *args: object, **kwargs: object) -> str:
    assert callable(make)
    try:
        make(*args, **kwargs)
    except error as raised:
        return str(raised)
    raise AssertionError(f"{make} raised nothing")


ws = Workspace.create("made-here", location="eastus", tags={"a": "b"}, **here)
assert ws.get_details()["tags"]["a"] == "b", ws.get_details()
assert ws.location == "eastus"
assert "already exists" in refusal(WorkspaceException, Workspace.create, "made-here", location="eastus", **here)
assert Workspace.create("made-here", exist_ok=True, **here).get_details()["id"] == ws.get_details()["id"]
databricks = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Databricks/workspaces/z"
said = refusal(WorkspaceException, Workspace.create, "linked", location="eastus", adb_workspace=databricks, **here)
assert "trackside link create" in said, said

ws.update(friendly_name="Made here", description="By azureml-core")
found = Workspace.get("made-here", **here).get_details()
assert (found["friendlyName"], found["description"]) == ("Made here", "By azureml-core"), found
assert set(Workspace.list(subscription, resource_group="another")) == {"made-here"}
assert {"made-here", "team"} <= set(Workspace.list(subscription))

folder = tempfile.mkdtemp()
ws.write_config(path=folder, file_name="ours")
assert Workspace.from_config(folder + "/.azureml/ours.json").get_details()["id"] == found["id"]

ws.delete()
assert "not found" in refusal(ProjectSystemException, Workspace.get, "made-here", **here).lower()
assert "made-here" not in Workspace.list(subscription)
print("done")

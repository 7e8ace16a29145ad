"""The deletion of a workspace and of a resource group: preview, typed name, job, and what stays."""

import json
import re
from typing import Any

import pytest

from slices.cleanup.test_command import Said, said
from slices.cleanup.test_rights import people
from support.client import Api
from support.links import until
from support.people import OURS, People
from support.processes.servers import Server
from trackside import tenants
from trackside.core.db.migrate import migrations
from trackside.core.errors import NotFound
from trackside.workspaces import store as workspaces

__all__ = ["people", "said"]
DELETIONS = f"{OURS}/workspace-deletions"


def filled(team: Api, name: str, *, size: int = 1000) -> str:
    """A run with points, a param and a file, and a registered model, in a workspace."""
    run_id = team.new_run(team.new_experiment("churn"))
    points = [{"key": "loss", "value": 1.0, "timestamp": step, "step": step} for step in range(300)]
    team.post("runs/log-batch", run_id=run_id, metrics=points, params=[{"key": "lr", "value": "1"}])
    target = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/model/weights.bin"
    assert team.transport.send("PUT", target, {"x-mlflow-workspace": name}, b"x" * size).status == 200
    team.post("registered-models/create", name="net")
    return run_id


def files(server: Server) -> list[str]:
    store = server.data / "artifacts"
    return [str(path.relative_to(store)) for path in store.glob("[!.]*/**/*") if path.is_file()]


def ended(api: Api, job_id: str) -> Any:
    until(lambda: api.get(f"{DELETIONS}/{job_id}")["state"] not in ("queued", "running"), "the job to end")
    return api.get(f"{DELETIONS}/{job_id}")


@pytest.mark.both
def test_a_workspace_disappears_at_once_and_a_job_removes_rows_and_files(any_server: Server) -> None:
    api = any_server.api
    team, other = api.new_workspace("team"), api.new_workspace("other")
    filled(team, "team"), filled(other, "other")
    fields = {"name": "twin", "to": "http://127.0.0.1:9", "kind": "mlflow", "mode": "push", "backfill": "none"}
    team.post(f"{OURS}/links", fields)

    shown = api.post(f"{DELETIONS}/preview", name="team")
    wrong = api.ask("POST", DELETIONS, {"name": "team", "confirm": "Team"})
    begun = api.post(DELETIONS, name="team", confirm="team", token=shown["token"])

    assert (shown["confirm"], shown["file_bytes"], shown.get("obstacles", [])) == ("team", 1000, [])
    assert {noun: shown["counts"][noun] for noun in ("experiments", "runs", "points", "models", "links", "files")} == {
        "experiments": 1, "runs": 1, "points": 300, "models": 1, "links": 1, "files": 1
    }  # fmt: skip
    assert "the link twin of team ends; the remote keeps its items" in shown["kept"]
    assert (wrong.status, "it must be 'team'" in str(wrong.json)) == (400, True)
    assert api.ask("GET", f"{OURS}/workspaces/team").status == 404
    assert team.ask("GET", "experiments/get?experiment_id=0").status == 404
    done = ended(api, begun["job_id"])
    assert (done["state"], done["workspaces"][0]["file_bytes"]) == ("succeeded", 1000)
    assert done["workspaces"][0]["row_count"] > 0
    assert len(files(any_server)) == 1
    assert other.get("registered-models/get", name="net")
    again = api.new_workspace("team")  # the name is free
    assert again.ask("GET", "registered-models/get?name=net").status == 404


def test_a_resource_group_is_deleted_by_its_name_and_others_stay(server: Server) -> None:
    api = server.api
    north, south = (api.new_workspace(name, resource_group="lab") for name in ("north", "south"))
    filled(north, "north"), filled(south, "south")
    api.new_workspace("east", resource_group="prod")

    shown = api.post(f"{DELETIONS}/preview", resource_group="LAB")
    assert sorted(shown["workspaces"]) == ["north", "south"]
    begun = api.post(DELETIONS, resource_group="LAB", confirm="LAB", token=shown["token"])

    assert ended(api, begun["job_id"])["state"] == "succeeded"
    assert [each["name"] for each in api.get(f"{OURS}/workspaces")["workspaces"]] == ["default", "east"]
    assert files(server) == []


def test_an_obstacle_in_one_workspace_blocks_the_whole_group(api: Api) -> None:
    north, south = (api.new_workspace(name, resource_group="lab") for name in ("north", "south"))
    run_id = north.new_run()
    north.post("runs/set-tag", run_id=run_id, key="trackside.protected", value="paper")
    south.post(f"{OURS}/holds", kind="workspace", reason="case 7")

    shown = api.post(f"{DELETIONS}/preview", resource_group="lab")
    refused = api.ask("POST", DELETIONS, {"resource_group": "lab", "confirm": "lab"})

    assert sorted(each["kind"] for each in shown["obstacles"]) == ["held", "protected"]
    assert (refused.status, "case 7" in str(refused.json)) == (400, True)
    assert len(api.get(f"{OURS}/workspaces")["workspaces"]) == 3
    assert north.run(run_id)


def test_an_outdated_preview_is_refused(api: Api) -> None:
    team = api.new_workspace("team")
    token = api.post(f"{DELETIONS}/preview", name="team")["token"]
    team.new_run()

    refused = api.ask("POST", DELETIONS, {"name": "team", "confirm": "team", "token": token})

    assert (refused.status, "out of date" in str(refused.json)) == (409, True)
    assert team.ask("GET", "experiments/get?experiment_id=0").status == 200


def test_a_target_without_a_workspace_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"confirm": "x"}, 400, "Give either name"),
        ({"name": "team", "resource_group": "lab", "confirm": "team"}, 400, "Give either name"),
        ({"name": "nowhere", "confirm": "nowhere"}, 404, "not found"),
        ({"name": ".x", "confirm": ".x"}, 404, "not found"),
        ({"resource_group": "nowhere", "confirm": "nowhere"}, 404, "no workspaces"),
        ({"name": "default", "confirm": "default"}, 400, "default workspace cannot be deleted"),
    ]

    for body, status, words in cases:
        with subtests.test(body=body):
            refused = api.ask("POST", DELETIONS, body)

            assert (refused.status, words in str(refused.json)) == (status, True)


def test_deleting_a_group_needs_the_right_at_each_workspace(people: People) -> None:
    for name in ("north", "south"):
        people.admin.new_workspace(name, resource_group="lab")
    owner = people.add("ann", "owner", "/ws/north")
    people.grant("ann", "reader", "/ws/south")
    stranger = people.add("eve")

    refused = owner.ask("POST", DELETIONS, {"resource_group": "lab", "confirm": "lab"})
    hidden = stranger.ask("POST", f"{DELETIONS}/preview", {"name": "north"})
    begun = owner.ask("POST", DELETIONS, {"name": "north", "confirm": "north"})

    assert (refused.status, hidden.status, begun.status) == (403, 404, 200)
    assert owner.ask("GET", f"{DELETIONS}/{begun.json['job_id']}").status == 200
    assert stranger.ask("GET", f"{DELETIONS}/{begun.json['job_id']}").status == 404
    assert people.admin.ask("GET", f"{OURS}/workspaces/south").status == 200


@pytest.mark.slow
def test_a_deletion_is_completed_after_a_kill(server: Server) -> None:
    api = server.api
    team = api.new_workspace("team")
    filled(team, "team")
    folder = server.data / "artifacts" / "workspaces" / "team"
    for number in range(12_000):  # so many that the server is killed before all are gone
        (folder / f"many{number % 50}").mkdir(exist_ok=True)
        (folder / f"many{number % 50}" / f"{number}.bin").write_bytes(b"x" * 10)
    job_id = api.post(DELETIONS, name="team", confirm="team")["job_id"]
    until(lambda: len(list(folder.iterdir())) < 51, "the first folder to go", pauses=False)

    server.kill9()
    api = server.start().api

    done = ended(api, job_id)
    assert (done["state"], folder.exists()) == ("succeeded", False)
    assert done["workspaces"][0]["file_bytes"] >= 117_600  # what was being deleted at that moment is not counted


@pytest.mark.slow
def test_the_command_asks_for_the_name_and_prints_the_freed_bytes(server: Server, said: Said) -> None:
    filled(server.api.new_workspace("team", resource_group="lab"), "team", size=2048)

    code, out, _ = said("delete", "workspace", "team", "--preview")
    assert (code, "2.0 KiB of files" in out, "300 points" in out) == (0, True, True)
    assert said("delete", "workspace", "team")[0] == 2  # nobody can be asked
    code, out, _ = said("delete", "resource-group", "lab", "--yes", "--json")
    assert (code, json.loads(out)["workspaces"][0]["file_bytes"]) == (0, 2048)
    assert said("delete", "workspace", "team", "--yes")[0] == 2
    assert said("delete", "workspace", "default", "--yes")[0] == 1


def test_a_deletion_empties_every_table_of_the_workspace() -> None:
    """A new table must be added to one of the lists of `tenants`."""
    made = set()
    for each in migrations():
        for found in re.finditer(r"CREATE TABLE (\w+) \((.*?)\n\)", each.text, re.DOTALL):
            if re.search(r"\bworkspace_id BIGINT\b", found[2]):
                made.add(found[1])
    listed = {*tenants.TABLES, *tenants.AT_ONCE}
    own = {"workspaces", "workspace_deletions", "changes", "jobs"}
    by_others = ("alert_", "job_", "link", "orphan", "quota", "storage_")
    left = {name for name in made - listed - own if not name.startswith(by_others)}
    assert left == set()


@pytest.mark.both
def test_a_running_import_is_not_removed_and_a_removed_one_cannot_continue(db: Any) -> None:
    former = {"uid": "u-1", "subscription_id": "s", "resource_group": "g", "location": "", "friendly_name": "",
              "description": "", "tags": "{}", "creation_time": 1}  # fmt: skip
    with db.write(workspaces.DEFAULT_WORKSPACE_ID) as tx:
        made = workspaces.hidden(tx, "archive", "team", former, "u-2")
        before = tx.now

    with db.write(workspaces.DEFAULT_WORKSPACE_ID) as tx:
        early = workspaces.abandoned_imports(tx, before)
        late = workspaces.abandoned_imports(tx, before + 1)
        workspaces.renew_import(tx, made)
        is_ended_early = workspaces.end_import(tx, made, before)
        is_ended = workspaces.end_import(tx, made, tx.now + 1)

    assert (early, [each.workspace_id for each in late]) == ([], [made.workspace_id])
    assert (is_ended_early, is_ended) == (False, True)
    with db.write(workspaces.DEFAULT_WORKSPACE_ID) as tx, pytest.raises(NotFound, match="Run the import again"):
        workspaces.show(tx, made, "team")

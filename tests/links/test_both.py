"""Links in both directions: data of either side reaches both, and conflicts are resolved."""

import pytest

from support.client import Api
from support.links import add, all_runs, check, everything, get_file, link, log, put_file, settle, until, url_of
from support.processes.servers import Server

LINK = "twin"


def test_a_pull_link_copies_existing_and_new_runs(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    experiment = there.new_experiment("/far/away")
    old = there.new_run(experiment, user_id="bea", start_time=7)
    there.post("runs/log-batch", run_id=old, params=[{"key": "p", "value": "1"}])
    mine = here.new_run()
    add(here, LINK, url_of(server, "south"), mode="pull")
    until(lambda: len(all_runs(here)) == 2, "the old run to come")

    metrics = [{"key": "m", "value": i, "timestamp": i, "step": i} for i in range(900)]
    there.post("runs/log-batch", run_id=old, metrics=metrics)
    put_file(there, old, "a/b.txt", b"far")
    there.post("runs/update", run_id=old, status="FINISHED", end_time=99)
    there.post("runs/delete", run_id=old)
    until(lambda: here.run(old)["info"]["lifecycle_stage"] == "deleted", "the deletion to come")
    until(lambda: check(here, LINK) == [], "both to be the same:", said=lambda: check(here, LINK))

    assert everything(here, old) == everything(there, old)
    assert get_file(here, old, "a/b.txt") == b"far"
    assert {run["info"]["run_id"] for run in all_runs(there)} == {old}
    assert here.run(mine)["info"]["lifecycle_stage"] == "active"


@pytest.mark.slow
def test_a_pull_link_from_now_on_copies_no_older_runs(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    there.new_run()
    add(here, LINK, url_of(server, "south"), mode="pull", backfill="none")

    new = there.new_run()
    until(lambda: len(all_runs(here)) > 0, "the new run to come")

    assert {run["info"]["run_id"] for run in all_runs(here)} == {new}


def test_both_sides_converge_after_both_changed_a_field(any_server: Server) -> None:
    server = any_server
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    run = here.new_run(tags=[{"key": "color", "value": "red"}])
    add(here, LINK, url_of(server, "south"), mode="both")
    until(lambda: len(all_runs(there)) == 1, "the run to arrive")
    settle(here, LINK)
    here.post(f"/api/trackside/v1/links/{LINK}/pause")

    here.post("runs/set-tag", run_id=run, key="color", value="blue")
    there.post("runs/set-tag", run_id=run, key="color", value="green")
    there.post("runs/set-tag", run_id=run, key="only", value="there")
    here.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1, step=1)
    there.post("runs/log-metric", run_id=run, key="m", value=2, timestamp=2, step=2)
    here.post("runs/update", run_id=run, status="RUNNING")
    there.post("runs/update", run_id=run, status="FAILED", end_time=5)
    here.post(f"/api/trackside/v1/links/{LINK}/resume")
    until(lambda: everything(here, run) == everything(there, run), "both to be the same")
    settle(here, LINK)  # the log is written when a round ends

    assert here.tags(run)["color"] == there.tags(run)["color"] == "green"
    assert here.tags(run)["only"] == "there"
    assert here.history(run, "m") == [(1, 1, 1), (2, 2, 2)]
    assert here.run(run)["info"]["status"] == "FAILED"
    conflicts = [entry["message"] for entry in log(here, LINK) if entry["kind"] == "conflict"]
    assert conflicts == ["both sides changed tag color: 'blue' in this workspace, 'green' on the remote; kept 'green'"]


@pytest.mark.slow
def test_what_was_deleted_before_the_link_was_added_stays_deleted(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    experiment = here.new_experiment("gone")
    inside, run = here.new_run(experiment), here.new_run()
    here.post("experiments/delete", experiment_id=experiment)
    here.post("runs/delete", run_id=run)

    add(here, LINK, url_of(server, "south"), mode="both")
    until(lambda: len(all_runs(there)) == 2, "the runs to arrive")
    settle(here, LINK)

    for api in (here, there):
        assert {api.run(each)["info"]["lifecycle_stage"] for each in (inside, run)} == {"deleted"}
        found = api.get("experiments/get-by-name", experiment_name="gone")["experiment"]
        assert found["lifecycle_stage"] == "deleted"
    assert log(here, LINK) == []


def test_a_cycle_of_links_converges(server: Server) -> None:
    """Each of three workspaces links to the next in both directions."""
    names = ("north", "south", "west")
    apis = [server.api.new_workspace(name) for name in names]
    for i, api in enumerate(apis):
        add(api, LINK, url_of(server, names[(i + 1) % 3]), mode="both")
    runs = [api.new_run() for api in apis]
    for api, run in zip(apis, runs, strict=True):
        api.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1, step=1)

    until(lambda: all(len(all_runs(api)) == 3 for api in apis), "all runs to be everywhere")
    until(lambda: all(_is_quiet(api) for api in apis), "the links to come to rest")
    sent = [link(api, LINK)["sent_items"] for api in apis]
    for api in apis:
        assert check(api, LINK) == []
        assert len({str(everything(each, run)) for run in runs for each in apis}) == 3

    assert [link(api, LINK)["sent_items"] for api in apis] == sent


def test_removing_a_link_keeps_or_deletes_its_copies(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    first = here.new_run()
    theirs = there.new_run()
    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)
    here.ask("DELETE", f"/api/trackside/v1/links/{LINK}")
    kept = there.run(first)["info"]["lifecycle_stage"]
    add(here, LINK, url_of(server, "south"))
    second = here.new_run()
    until(lambda: len(all_runs(there)) == 3, "the second run to arrive")
    settle(here, LINK)

    here.ask("DELETE", f"/api/trackside/v1/links/{LINK}", arguments={"copies": "remove"})
    until(lambda: here.get("/api/trackside/v1/links").get("links", []) == [], "the link to go")

    stages = {run["info"]["run_id"]: run["info"]["lifecycle_stage"] for run in all_runs(there)}
    assert kept == "active"
    assert stages == {first: "active", second: "deleted", theirs: "active"}
    assert {run["info"]["lifecycle_stage"] for run in all_runs(here)} == {"active"}


def test_deleting_a_workspace_unlinks_it_and_leaves_the_other_side_alone(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    run = here.new_run()
    add(here, LINK, url_of(server, "south"))
    settle(here, LINK)

    server.api.ask("DELETE", "/api/3.0/mlflow/workspaces/north?mode=CASCADE")
    again = server.api.new_workspace("north")

    assert again.get("/api/trackside/v1/links").get("links", []) == []
    assert there.run(run)["info"]["lifecycle_stage"] == "active"


def _is_quiet(api: Api) -> bool:
    return bool(link(api, LINK)["lag_items"] == 0)

"""Offloaded spans with copies and other locations: backups, archives, links, roots of workspaces."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from slices.backup.conftest import Said, said
from slices.backup.test_backup import store_of
from slices.cleanup.test_jobs import ended
from slices.cleanup.test_orphans import age, listed
from slices.cleanup.test_workspaces import DELETIONS
from slices.cleanup.test_workspaces import ended as workspace_ended
from slices.traces.test_offload import fill, large, moved
from support.client import Api
from support.links import add, check, settle, until, url_of
from support.people import OURS
from support.processes.servers import Server
from support.traces import Sent, export, names, spans_of, trace_id
from trackside.traces.storage.bodies import MOST_FILE_BYTES

__all__ = ["said"]
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
SMALL = ("--trace-inline-kib", "64")


def found(folder: Path) -> list[Path]:
    return sorted(folder.glob("**/trace-spans/*/spans.zst"))


def again(api: Api, number: int) -> None:
    """Spans that come after others moved replace those, and are the last ones also after they moved."""
    sent = large(number)
    export(api, Sent(2, trace=number, parent=1, name="later", start=2), *sent[2:])


@pytest.mark.slow
@pytest.mark.both
def test_a_backup_has_spans_that_moved_and_they_go_on_in_the_restored_store(
    small: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    fill(small.api, *large(1))
    before = spans_of(small.api)
    moved(small, 1)
    small.api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(1)])

    assert said("backup", "create", *store_of(small), "--to", tmp_path / "kept")[0] == 0
    assert said("backup", "verify", tmp_path / "kept", "--restore")[0] == 0
    code, _, err = said("backup", "restore", "--data", tmp_path / "again", tmp_path / "kept")

    assert code == 0, err
    restored = start(*SMALL, data=tmp_path / "again", interval_factor=0.003).api
    restored.post(f"{OURS}/trash/restore", {"kind": "trace", "id": trace_id(1)})
    assert spans_of(restored) == before
    again(restored, 1)
    again(restored, 1)
    assert [span["name"] for span in spans_of(restored)] == ["part-1", "later", "part-3"]


@pytest.mark.slow
@pytest.mark.both
def test_an_archive_has_spans_that_moved_and_an_import_moves_those_that_had_not(
    any_server: Server, small: Server, start: Callable[..., Server], said: Said, tmp_path: Path
) -> None:
    team = small.api.new_workspace("team")
    fill(team, *large(1))
    until(lambda: len(found(small.data)) == 1)
    small.stop()
    small.options = (*small.options[:-1], "100000")
    team = small.start().api.within("team")
    fill(team, *large(2))
    team.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(2)])
    before = spans_of(team)

    code, _, err = said("backup", "export", "team", *store_of(small), "--to", tmp_path / "kept", "--json")
    assert code == 0, err
    other = start(*SMALL, interval_factor=0.003)
    code, _, err = said("backup", "import", "--data", other.data, tmp_path / "kept")

    assert code == 0, err
    there = other.api.within("team")
    assert spans_of(there) == before
    until(lambda: len(found(other.data)) == 2, "the spans of the second trace to move")
    there.post(f"{OURS}/trash/restore", {"kind": "trace", "id": trace_id(2)})
    assert [span["name"] for span in spans_of(there, 2)] == ["part-1", "part-2", "part-3"]
    assert ended(there, "orphan-search")["result"]["missing"] == 0


@pytest.mark.slow
@pytest.mark.both
def test_a_link_brings_spans_that_moved_and_they_move_on_the_other_side_too(small: Server) -> None:
    here, there = small.api.new_workspace("north"), small.api.new_workspace("south")
    fill(here, *large(1), *large(2))
    until(lambda: len(found(small.data)) == 2)

    add(here, "twin", url_of(small, "south"), mode="both")
    settle(here, "twin")

    until(lambda: len(found(small.data)) == 4, "the spans to move there")
    assert [spans_of(there, number) for number in (1, 2)] == [spans_of(here, number) for number in (1, 2)]
    again(there, 1)
    until(lambda: names(here, "span.name = 'later'") == [1], "the change to come back")
    settle(here, "twin")
    assert [span["name"] for span in spans_of(here)] == ["part-1", "later", "part-3"]
    assert check(here, "twin") == []


@pytest.mark.slow
@pytest.mark.parametrize("spelling", ["{}/own", "{}/own/", "file://{}/o%77n"])
def test_a_workspace_with_its_own_root_has_spans_there_and_its_deletion_leaves_none(
    start: Callable[..., Server], tmp_path: Path, spelling: str
) -> None:
    server = start(*SMALL, "--allowed-artifact-roots", f"{tmp_path}/own", interval_factor=0.003)
    root = spelling.format(tmp_path)
    reply = server.api.ask("POST", f"{OURS}/workspaces", {"name": "north", "default_artifact_root": root})
    assert reply.status == 201, reply
    north = server.api.within("north")
    fill(north, *large(1))
    until(lambda: len(found(tmp_path / "own")) == 1)
    until(lambda: ended(north, "orphan-search")["result"]["missing"] == 0)
    age(tmp_path, "own")

    assert ended(north, "orphan-search")["result"]["orphans"] == 0
    assert listed(north) == []
    assert len(spans_of(north)) == 3
    begun = server.api.post(DELETIONS, name="north", confirm="north")
    workspace_ended(server.api, begun["job_id"])

    assert found(tmp_path / "own") == []


def test_files_of_spans_are_no_artifacts_of_clients(start: Callable[..., Server]) -> None:
    server = start(*SMALL, interval_factor=0.003)
    api = server.api
    fill(api, *large(1))
    (file,) = moved(server, 1)
    path = f"{PROXY}/0/trace-spans/{file.parent.name}"

    calls = [("GET", f"{path}/spans.zst"), ("PUT", f"{path}/spans.zst"), ("DELETE", f"{path}/spans.zst")]
    calls += [("DELETE", path), ("DELETE", f"{PROXY}/0/trace-spans"), ("GET", f"{PROXY}?path=0/trace-spans")]
    calls += [("PUT", f"{PROXY}/0/TRACE-SPANS/x/spans.zst"), ("GET", f"{path.replace('spans', '%73pans')}/spans.zst")]
    assert [api.ask(method, each, b"x" if method == "PUT" else None).status for method, each in calls] == [403] * 8
    whole = api.ask("DELETE", f"{PROXY}/0")
    assert (whole.status, "has spans of traces" in whole.json["message"]) == (400, True)
    assert len(spans_of(api)) == 3
    for size_bytes in (7, MOST_FILE_BYTES + 1):
        file.write_bytes(b"no zstd")
        os.truncate(file, size_bytes)
        damaged = api.ask("GET", "/api/3.0/mlflow/traces/get", arguments={"trace_id": trace_id(1)})
        assert (damaged.status, "is damaged" in damaged.json["message"]) == (503, True)


def test_traces_in_the_trash_count_in_the_quota_of_their_experiment(start: Callable[..., Server]) -> None:
    server = start(interval_factor=0.003)
    api = server.api
    fill(api, *large(1))
    api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(1)])
    quota = {"scope": "experiment", "subject": "0", "measure": "bytes", "limit": 1 << 30}
    assert api.ask("PUT", f"{OURS}/quotas", quota).status == 200

    until(lambda: api.get(f"{OURS}/quotas")["quotas"][0]["used"] > 100_000, "the spans to count")

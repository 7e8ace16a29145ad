"""Creation and update of many runs at once: each call has its own answer, and later calls see the results of earlier ones."""

from typing import Any

import pytest

from trackside.core.db import tombstones
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, Invalid, NotFound
from trackside.experiments import store as experiments
from trackside.runs import lifecycle, limits
from trackside.runs import model as m
from trackside.runs import store as runs
from trackside.runs.lifecycle import NewRun, RunUpdate
from trackside.runs.model import Status

WS = 1


def new(run_id: str | None = None, name: str = "n", experiment: str = "0", **tags: str) -> NewRun:
    return NewRun(
        experiment_id=experiment, run_name=name, user_id="u", start_time=3, tags={**tags, "z": "1"}, run_id=run_id
    )


def changes(tx: Tx, *run_ids: str) -> list[tuple[str, str, str | None]]:
    rows = tx.all(
        """
        SELECT entity_id, action, detail FROM changes
        WHERE workspace_id = :ws AND entity = 'run' AND entity_id IN :ids ORDER BY seq
        """,
        ids=list(run_ids),
    )
    return [(run_id, action, detail) for run_id, action, detail in rows]


def write(db: Any, work: Any) -> Any:
    return db.writer.submit(WS, work).result()


def message(answer: Any) -> str:
    assert isinstance(answer, Fault)
    return answer.message


def test_each_new_run_has_its_answer_and_failed_ones_leave_nothing(db: Any) -> None:
    def make(tx: Tx) -> list[Any]:
        experiments.create(tx, "other", "s3://bucket/x")
        tombstones.add(tx, "run", "gone")
        tag = {"mlflow.runName": "tagged"}
        return lifecycle.create_all(
            tx,
            [
                new("a", "first"),
                new("b", "", **tag),
                new("c", "tagged", "1", **tag),
                new("d", "other", **tag),
                new("gone"),
                new("e", experiment="99"),
                new("f", experiment="99"),
                new(None, ""),
            ],
        )

    a, b, c, d, gone, e, f, unnamed = write(db, make)

    assert "run_name='other', mlflow.runName='tagged'" in message(d)
    assert "The run gone was deleted permanently" in message(gone)
    assert "99" in message(e)
    assert message(f) == message(e)
    info = a.run.info
    assert (info.run_id, info.run_uuid, info.experiment_id, info.run_name) == ("a", "a", "0", "first")
    assert (info.user_id, info.status, info.start_time, info.lifecycle_stage) == ("u", Status.RUNNING, 3, "active")
    assert (b.run.info.run_name, c.run.info.run_name, c.run.info.experiment_id) == ("tagged", "tagged", "1")
    assert c.run.info.artifact_uri == "s3://bucket/x/1/c/artifacts"
    assert [(each.key, each.value) for each in a.run.data.tags] == [("mlflow.runName", "first"), ("z", "1")]
    assert len(unnamed.run.info.run_id) == 32
    assert unnamed.run.info.run_name.count("-") == 2
    with db.read(WS) as tx:
        for each in (a, b, c, unnamed):
            stored = runs.get(tx, each.run.info.run_id)
            assert (stored.info, stored.data.tags) == (each.run.info, each.run.data.tags)
        assert changes(tx, "a", "b", "d") == [("a", "create", None), ("b", "create", None)]
        assert runs.find_seqs(tx, ["d", "e", "gone"]) == {}


@pytest.mark.both
def test_each_update_has_its_answer_and_the_log_says_what_the_status_was(db: Any) -> None:
    write(db, lambda tx: lifecycle.create_all(tx, [new("a"), new("b"), new("deleted")]))
    write(db, lambda tx: runs.delete(tx, "deleted"))
    calls = [
        RunUpdate("a", Status.FINISHED, 5, "renamed"),
        RunUpdate("unknown", Status.FAILED, None, None),
        RunUpdate("deleted", Status.FAILED, None, None),
        RunUpdate("a", None, 9, None),
        RunUpdate("a", Status.FINISHED, None, None),
        RunUpdate("a", Status.KILLED, None, None),
        RunUpdate("b", None, None, "named"),
    ]

    first, unknown, deleted, *later, last_of_a, b = write(db, lambda tx: lifecycle.update_all(tx, calls))

    def shown(answer: Any) -> tuple[Any, ...]:
        info = answer.run_info
        return info.status, info.end_time, info.run_name

    assert shown(first) == (Status.FINISHED, 5, "renamed")
    assert list(map(shown, later)) == [(Status.FINISHED, 9, "renamed")] * 2
    assert shown(last_of_a) == (Status.KILLED, 9, "renamed")
    assert b.run_info.run_name == "named"
    assert isinstance(unknown, NotFound)
    assert message(unknown) == "Run with id=unknown not found"
    assert isinstance(deleted, Invalid)
    assert message(deleted) == "The run deleted must be in the 'active' state. Current state is deleted."
    with db.read(WS) as tx:
        stored = runs.get(tx, "a")
        told = changes(tx, "a", "b", "deleted")
    assert (stored.info.status, stored.info.end_time, stored.info.run_name) == (Status.KILLED, 9, "renamed")
    assert {tag.key: tag.value for tag in stored.data.tags} == {"mlflow.runName": "renamed", "z": "1"}
    assert told[4:] == [
        ("a", "update", '{"status":"FINISHED","before":"RUNNING"}'),
        ("a", "update", None),
        ("a", "update", None),
        ("a", "update", '{"status":"KILLED","before":"FINISHED"}'),
        ("b", "update", None),
    ]


def test_one_run_at_a_time_raises_what_fails(db: Any) -> None:
    def work(tx: Tx) -> None:
        made = lifecycle.create(tx, "0", run_name="n", user_id="u", start_time=3, tags={"z": "1"}, run_id="a")
        lifecycle.update(tx, made, Status.FAILED, 7, "m")
        with pytest.raises(NotFound):
            lifecycle.update(tx, "unknown", None, None, None)
        with pytest.raises(NotFound):
            lifecycle.create(tx, "99", run_name=None, user_id="", start_time=0, tags={})
        lifecycle.create(tx, "0", run_name=None, user_id="v", start_time=0, tags={}, run_id="b")

    write(db, work)

    with db.read(WS) as tx:
        a, b = runs.some(tx, ["a", "b", "unknown"])
    assert (a.info.user_id, a.info.start_time, a.info.status, a.info.end_time, a.info.run_name) == (
        "u",
        3,
        "FAILED",
        7,
        "m",
    )
    assert (b.info.user_id, b.info.start_time, b.info.status) == ("v", 0, "RUNNING")
    with pytest.raises(Invalid, match="run_id is "):
        new("a/b")


def test_each_call_yields_the_requested_run() -> None:
    long = "x" * 9000
    tag = m.GivenTag("k", "v")

    assert lifecycle.new_run(m.CreateRun("5", "u", "n", 3, [tag])) == NewRun(
        experiment_id="5", run_name="n", user_id="u", start_time=3, tags={"k": "v"}
    )
    empty = lifecycle.new_run(m.CreateRun(user_id=long))
    assert (empty.experiment_id, empty.run_name, empty.start_time, empty.tags) == ("0", "", 0, {})
    assert empty.user_id == "x" * limits.MAX_USER_ID
    asked = m.UpdateRun(run_id="r", status="FAILED", end_time=3, run_name=long)
    assert lifecycle.run_update(asked) == RunUpdate("r", Status.FAILED, 3, "x" * 8000)
    assert lifecycle.run_update(m.UpdateRun(run_id="r", run_name="")) == RunUpdate("r", None, None, None)


@pytest.mark.parametrize(
    ("location", "uri"),
    [
        ("s3://b", "s3://b/r/artifacts"),
        ("s3://b//", "s3://b/r/artifacts"),
        ("s3://b/a/?x=/", "s3://b/a/r/artifacts?x=/"),
    ],
)
def test_the_artifact_uri_of_a_run(location: str, uri: str) -> None:
    assert lifecycle.artifact_uri(location, "r") == uri

"""Every write, and nothing else, records its changes in the same transaction; on both databases."""

from typing import Any

import pytest

from support.client import Api

pytestmark = pytest.mark.both


class Log:
    """What the change log says of a workspace since it was last asked."""

    def __init__(self, application: Any, workspace_id: int = 1) -> None:
        self._database = application.asgi._database
        self._workspace_id = workspace_id
        self._seen = 0
        self.news()

    def news(self) -> list[tuple[str, str, str]]:
        """(entity, entity_id, action) in their order."""
        with self._database.read(self._workspace_id) as tx:
            rows = tx.all(
                """
                SELECT seq, entity, entity_id, action FROM changes WHERE workspace_id = :ws AND seq > :seen ORDER BY seq
                """,
                seen=self._seen,
            )
        if rows:
            self._seen = rows[-1][0]
        return [(entity, entity_id, action) for _, entity, entity_id, action in rows]


def test_each_write_records_what_it_changed(application: Any, api: Api) -> None:
    log = Log(application)

    experiment = api.new_experiment("iris")
    assert log.news() == [("experiment", experiment, "create")]
    api.post("experiments/update", experiment_id=experiment, new_name="flowers")
    assert log.news() == [("experiment", experiment, "rename")]
    api.post("experiments/set-experiment-tag", experiment_id=experiment, key="k", value="v")
    api.post("experiments/delete-experiment-tag", experiment_id=experiment, key="k")
    assert log.news() == [("experiment", experiment, "set-tag"), ("experiment", experiment, "delete-tag")]

    run_id = api.new_run(experiment)
    assert log.news() == [("run", run_id, "create")]
    for path, fields in (
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"key": "p", "value": "1"}),
        ("runs/set-tag", {"key": "t", "value": "1"}),
        ("runs/log-batch", {"metrics": [{"key": "m", "value": 2, "timestamp": 2, "step": 0}]}),
    ):
        api.post(path, {"run_id": run_id, **fields})
    assert set(log.news()) == {("run", run_id, "log")}
    api.post("runs/delete-tag", run_id=run_id, key="t")
    api.post("runs/update", run_id=run_id, status="FINISHED", end_time=5)
    assert [(entity, which) for entity, which, _ in log.news()] == [("run", run_id)] * 2

    api.post("experiments/delete", experiment_id=experiment)
    assert sorted(log.news()) == [("experiment", experiment, "delete"), ("run", run_id, "delete")]
    api.post("experiments/restore", experiment_id=experiment)
    assert sorted(log.news()) == [("experiment", experiment, "restore"), ("run", run_id, "restore")]
    api.post("runs/delete", run_id=run_id)
    api.post("runs/restore", run_id=run_id)
    assert log.news() == [("run", run_id, "delete"), ("run", run_id, "restore")]


def test_logging_is_announced_again_after_another_change(application: Any, api: Api) -> None:
    """A reader that has read all entries of a run must be notified of data that is logged afterwards."""
    log = Log(application)
    run_id = api.new_run()
    log.news()

    for step in range(3):
        api.post("runs/log-metric", run_id=run_id, key="m", value=1, timestamp=1, step=step)
        api.post("runs/update", run_id=run_id, status="RUNNING")
        assert {action for _, _, action in log.news()} >= {"log"}


def test_a_refused_write_records_nothing(application: Any, api: Api) -> None:
    log = Log(application)
    experiment, run_id = api.new_experiment("iris"), api.new_run()
    api.post("runs/log-parameter", run_id=run_id, key="p", value="1")
    log.news()

    for path, fields in (
        ("experiments/create", {"name": "iris"}),
        ("experiments/update", {"experiment_id": "0", "new_name": "iris"}),
        ("experiments/delete", {"experiment_id": "99"}),
        ("runs/create", {"experiment_id": "99"}),
        ("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "2"}),
        ("runs/log-batch", {"run_id": run_id, "params": [{"key": "p", "value": "2"}, {"key": "q", "value": "1"}]}),
        ("runs/log-batch", {"run_id": run_id, "metrics": [{"key": "m", "value": 1, "timestamp": -1, "step": 0}]}),
        ("runs/log-metric", {"run_id": "0" * 32, "key": "m", "value": 1, "timestamp": 1}),
        ("runs/delete-tag", {"run_id": run_id, "key": "none"}),
        ("runs/update", {"run_id": "0" * 32, "status": "FINISHED"}),
        ("runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": {"name": "half"}}]}),
        ("registered-models/create", {"name": ""}),
    ):
        assert api.ask("POST", path, fields).status in (400, 404), path
    assert experiment

    assert log.news() == []


def test_a_read_records_nothing(application: Any, api: Api) -> None:
    log = Log(application)
    run_id = api.new_run()
    log.news()

    api.run(run_id)
    api.post("runs/search", experiment_ids=["0"])
    api.post("experiments/search", max_results=5)
    api.history(run_id, "m")

    assert log.news() == []


def test_each_workspace_has_its_own_changes(application: Any, api: Api) -> None:
    north = api.new_workspace("north")
    ours, theirs = Log(application, 1), Log(application, 2)

    run_id = north.new_run()

    assert ours.news() == []
    assert theirs.news() == [("run", run_id, "create")]

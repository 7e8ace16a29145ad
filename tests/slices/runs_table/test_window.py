"""A window of the table of runs, as a page sees it; on both databases."""

from typing import Any

import pytest

from support.client import Api

TABLE = "/api/trackside/v1/runs/table"
MOST = 1.7976931348623157e308


@pytest.fixture
def experiment(api: Api) -> str:
    return api.new_experiment("tuning")


def log(
    api: Api,
    experiment: str,
    name: str,
    *,
    start: int = 1,
    metrics: dict[str, list[Any]] | None = None,
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> str:
    run_id = api.new_run(experiment, run_name=name, start_time=start)
    api.post(
        "runs/log-batch",
        run_id=run_id,
        metrics=[
            {"key": key, "value": value, "timestamp": 10 + step, "step": step}
            for key, values in (metrics or {}).items()
            for step, value in enumerate(values)
        ],
        params=[{"key": key, "value": value} for key, value in (params or {}).items()],
        tags=[{"key": key, "value": value} for key, value in (tags or {}).items()],
    )
    return run_id


def table(api: Api, *experiments: str, **more: Any) -> Any:
    return api.post(TABLE, experiment_ids=list(experiments), **more)


@pytest.mark.both
def test_a_row_has_its_attributes_and_only_the_columns_that_were_asked_for(api: Api, experiment: str) -> None:
    run_id = log(
        api, experiment, "a", start=5, metrics={"loss": [3.0, 1.0, 2.0]}, params={"lr": "0.1"}, tags={"t": "x"}
    )
    api.post("runs/update", run_id=run_id, status="FINISHED", end_time=9)
    names = ["metrics.loss", "min(metrics.loss)", "max(metrics.loss)", "mean(metrics.loss)", "first(metrics.loss)"]
    names += ["count(metrics.loss)", "params.lr", "tags.t", "duration", "params.none", "metrics.none"]

    found = table(api, experiment, columns=names)

    snapshot = found.pop("snapshot")
    assert len(snapshot) == 32
    assert found == {
        "matching": 1,
        "matching_runs": 1,
        "total": 1,
        "offset": 0,
        "next_page_token": None,
        "runs": {
            "run_id": [run_id],
            "run_name": ["a"],
            "experiment_id": [experiment],
            "status": ["FINISHED"],
            "lifecycle_stage": ["active"],
            "user_id": [""],
            "start_time": [5],
            "end_time": [9],
            "parent_run_id": [None],
            "parent_run_name": [None],
            "children": [0],
            "matches": [True],
        },
        "columns": [[2.0], [1.0], [3.0], [2.0], [3.0], [3], ["0.1"], ["x"], [4], [None], [None]],
    }


def test_nan_and_infinities_are_returned_as_text(api: Api, experiment: str) -> None:
    log(api, experiment, "a", metrics={"m": ["NaN"], "p": ["Infinity"], "n": ["-Infinity"]})

    found = table(api, experiment, columns=["metrics.m", "min(metrics.m)", "mean(metrics.m)", "metrics.p", "metrics.n"])

    assert found["columns"] == [["NaN"], ["NaN"], ["NaN"], ["Infinity"], ["-Infinity"]]


@pytest.mark.both
def test_rows_are_filtered_and_ordered_by_several_keys(api: Api, experiment: str) -> None:
    for name, lr, loss in (("a", "10", 1.0), ("b", "9", 1.0), ("c", "0.5", 3.0), ("d", "many", 0.5), ("e", "9", 9.0)):
        log(api, experiment, name, params={"lr": lr}, metrics={"loss": [loss]})
    log(api, experiment, "f")

    by_number = table(api, experiment, order_by=["number(params.lr) DESC", "metrics.loss DESC"])
    by_text = table(api, experiment, order_by=["params.lr", "run_name"], filter="metrics.loss < 9")

    assert by_number["runs"]["run_name"] == ["a", "e", "b", "c", "d", "f"]
    assert by_text["runs"]["run_name"] == ["c", "a", "b", "d"]
    assert (by_text["matching"], by_text["total"]) == (4, 6)


def test_windows_by_offset_keep_the_order_of_their_snapshot(api: Api, experiment: str) -> None:
    runs = [log(api, experiment, f"r{i}", metrics={"m": [float(i)]}) for i in range(6)]
    wanted: dict[str, Any] = {"order_by": ["metrics.m DESC"], "max_results": 2}
    first = table(api, experiment, **wanted)
    second = table(api, experiment, **wanted, offset=2, snapshot=first["snapshot"])
    api.post("runs/log-metric", run_id=runs[0], key="m", value=99.0, timestamp=50, step=5)
    api.post("runs/delete", run_id=runs[1])

    third = table(api, experiment, **wanted, offset=4, snapshot=first["snapshot"])
    again = table(api, experiment, **wanted, offset=0)

    assert first["runs"]["run_name"] == ["r5", "r4"]
    assert second["runs"]["run_name"] == ["r3", "r2"]
    assert third["runs"]["run_name"] == ["r1", "r0"]
    assert third["runs"]["lifecycle_stage"] == ["deleted", "active"]
    assert again["runs"]["run_name"] == ["r0", "r5"]


@pytest.mark.both
def test_pages_by_token_have_each_row_once(api: Api, experiment: str) -> None:
    for i in range(5):
        log(api, experiment, f"r{i}", start=i)
    names: list[str] = []
    token = None

    while True:
        page = table(api, experiment, max_results=2, page_token=token)
        names += page["runs"]["run_name"]
        token = page["next_page_token"]
        if token is None:
            break

    assert names == ["r4", "r3", "r2", "r1", "r0"]


def test_a_snapshot_of_another_search_is_not_used(api: Api, experiment: str) -> None:
    for i in range(4):
        log(api, experiment, f"r{i}", metrics={"m": [float(i)]})
    first = table(api, experiment, order_by=["metrics.m"], offset=1)

    other = table(api, experiment, order_by=["metrics.m DESC"], offset=1, snapshot=first["snapshot"])

    assert other["runs"]["run_name"] == ["r2", "r1", "r0"]


def test_a_table_has_runs_of_several_experiments(api: Api, experiment: str) -> None:
    other = api.new_experiment("other")
    log(api, experiment, "a", params={"p": "1"}, start=1)
    log(api, other, "b", params={"p": "2"}, start=2)

    found = table(api, experiment, other, columns=["params.p"])

    assert found["runs"]["run_name"] == ["b", "a"]
    assert found["runs"]["experiment_id"] == [other, experiment]
    assert found["columns"] == [["2", "1"]]


def test_the_lifecycle_stage_selects_rows(api: Api, experiment: str) -> None:
    gone = log(api, experiment, "gone", start=1)
    log(api, experiment, "here", start=2)
    api.post("runs/delete", run_id=gone)

    assert table(api, experiment)["runs"]["run_name"] == ["here"]
    assert table(api, experiment, lifecycle="deleted")["runs"]["run_name"] == ["gone"]
    assert table(api, experiment, lifecycle="all")["runs"]["run_name"] == ["here", "gone"]


@pytest.mark.both
def test_rows_are_refreshed_by_their_ids(api: Api, experiment: str) -> None:
    runs = [log(api, experiment, f"r{i}", metrics={"m": [float(i)]}) for i in range(4)]

    found = table(api, experiment, run_ids=[runs[3], runs[1], "f" * 32], filter="metrics.m < 3", columns=["metrics.m"])
    alone = api.post(TABLE, run_ids=[runs[2]], columns=["metrics.m"])

    assert (found["runs"]["run_id"], found["columns"], found["matching"]) == ([runs[1]], [[1.0]], 1)
    assert (alone["runs"]["run_id"], alone["columns"]) == ([runs[2]], [[2.0]])


def test_a_tree_has_top_rows_and_children(api: Api, experiment: str) -> None:
    top = log(api, experiment, "top", start=1)
    child = log(api, experiment, "child", start=2, tags={"mlflow.parentRunId": top})
    log(api, experiment, "grandchild", start=3, tags={"mlflow.parentRunId": child})
    log(api, experiment, "alone", start=4, tags={"mlflow.parentRunId": "0" * 32})

    roots = table(api, experiment, parent="")
    children = table(api, experiment, parent=top, snapshot=roots["snapshot"])
    flat = table(api, experiment)

    assert roots["runs"]["run_name"] == ["alone", "top"]
    assert roots["runs"]["children"] == [0, 1]
    assert (children["runs"]["run_name"], children["runs"]["children"]) == (["child"], [1])
    assert children["runs"]["parent_run_id"] == [top]
    assert dict(zip(flat["runs"]["run_name"], flat["runs"]["parent_run_name"], strict=True)) == {
        "top": None,
        "child": "top",
        "grandchild": "child",
        "alone": None,
    }
    assert (flat["matching"], roots["matching"], children["matching"]) == (4, 2, 1)
    assert [found["matching_runs"] for found in (flat, roots, children)] == [4, 4, 4]


def test_a_tree_of_runs_that_are_not_nested_costs_no_more_than_a_list(api: Api, experiment: str) -> None:
    first, second = (log(api, experiment, name, start=start) for start, name in enumerate(("first", "second")))

    listed = table(api, experiment, max_results=1)
    roots = table(api, experiment, parent="", max_results=1)
    log(api, experiment, "later", start=9)
    rest = table(api, experiment, parent="", offset=1, snapshot=roots["snapshot"])
    children = table(api, experiment, parent=first)

    assert (roots["runs"], roots["matching"], roots["next_page_token"]) == (listed["runs"], 2, None)
    assert children["runs"]["run_id"] == []
    assert (children["matching"], children["matching_runs"]) == (0, 3)
    # The first window made no snapshot, so the second one has the newest runs.
    assert rest["runs"]["run_id"] == [second, first]


@pytest.mark.parametrize(
    "nested", [(), ((1, 0), (2, 0), (3, 2)), ((5, 4), (4, 3), (0, 3)), ((1, 2), (2, 1), (3, 1), (6, 6))]
)
def test_the_first_window_of_a_tree_equals_that_of_the_whole_tree(
    api: Api, experiment: str, nested: tuple[tuple[int, int], ...]
) -> None:
    made = [log(api, experiment, str(number), start=1 + number * 5 % 7) for number in range(8)]
    for child, parent in nested:
        api.post("runs/set-tag", run_id=made[child], key="mlflow.parentRunId", value=made[parent])
    for gone in (api.new_run(experiment, tags=[{"key": "mlflow.parentRunId", "value": made[0]}]), made[7]):
        api.post("runs/delete", run_id=gone)
    later = table(api, experiment, parent="", offset=1, max_results=1)
    whole = table(api, experiment, parent="", snapshot=later["snapshot"])

    for most in range(1, 9):
        first = table(api, experiment, parent="", max_results=most)
        assert first["runs"]["run_id"] == whole["runs"]["run_id"][:most]
        assert (first["matching"], first["next_page_token"]) == (whole["matching"], None)


@pytest.mark.both
def test_a_filter_on_a_tree_keeps_the_ancestors_of_what_matches(api: Api, experiment: str) -> None:
    top = log(api, experiment, "top", start=1)
    log(api, experiment, "good", start=2, tags={"mlflow.parentRunId": top}, metrics={"acc": [0.9]})
    log(api, experiment, "bad", start=3, tags={"mlflow.parentRunId": top}, metrics={"acc": [0.1]})
    log(api, experiment, "other", start=4)

    roots = table(api, experiment, parent="", filter="metrics.acc > 0.5")
    children = table(api, experiment, parent=top, filter="metrics.acc > 0.5")

    assert (roots["runs"]["run_name"], roots["runs"]["matches"]) == (["top"], [False])
    assert (children["runs"]["run_name"], children["runs"]["matches"]) == (["good"], [True])
    assert [found["matching_runs"] for found in (roots, children)] == [1, 1]


def test_runs_with_a_cycle_of_parents_are_listed(api: Api, experiment: str) -> None:
    a = log(api, experiment, "a")
    b = log(api, experiment, "b", tags={"mlflow.parentRunId": a})
    api.post("runs/set-tag", run_id=a, key="mlflow.parentRunId", value=b)

    roots = table(api, experiment, parent="")

    assert roots["matching"] == 1


def test_a_parent_tag_of_any_length_is_stored(api: Api, experiment: str) -> None:
    log(api, experiment, "a", tags={"mlflow.parentRunId": "p" * 5000})

    found = table(api, experiment)

    assert found["runs"]["parent_run_id"] == ["p" * 5000]


def test_an_invalid_value_is_quoted(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"columns": ["metric.x.y", "nothing.x"]}, "nothing"),
        ({"columns": ["dataset.name"]}, "'dataset.name' cannot be a column; use 'datasets'"),
        ({"order_by": ["datasets"]}, "datasets"),
        ({"columns": ["params.a params.b"]}, "params.a params.b"),
        ({"columns": ["params.a"] * 201}, "201"),
        ({"filter": "metrics.loss <"}, "a value is expected"),
        ({"order_by": ["number(metrics.a)"]}, "number()"),
        ({"lifecycle": "dead"}, "dead"),
        ({"max_results": 0}, "0"),
        ({"max_results": 5001}, "5001"),
        ({"offset": -1}, "-1"),
        ({"snapshot": "x"}, "'x'"),
        ({"page_token": "eA==", "offset": 1}, "page_token"),
        ({"experiment_ids": []}, "experiment_ids"),
        ({"experiment_ids": ["x"]}, "x"),
    ]

    for fields, word in cases:
        with subtests.test(fields=fields):
            status, code, message = api.fault(TABLE, {"experiment_ids": ["0"], **fields})

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert word in message


def test_the_datasets_of_runs_are_a_column(api: Api, experiment: str) -> None:
    plain = log(api, experiment, "a", start=1)
    trained = log(api, experiment, "b", start=2)
    iris, wine = ({"name": name, "digest": "1f", "source_type": "local", "source": "s"} for name in ("iris", "wine"))
    tags = [{"key": "mlflow.data.context", "value": "train"}, {"key": "other", "value": "x"}]
    api.post("runs/log-inputs", run_id=trained, datasets=[{"dataset": iris, "tags": tags}])
    api.post("runs/log-inputs", run_id=trained, datasets=[{"dataset": wine}])

    found = table(api, experiment, columns=["params.none", "datasets"])

    assert found["runs"]["run_id"] == [trained, plain]
    used = [
        {"name": "iris", "digest": "1f", "context": "train"},
        {"name": "wine", "digest": "1f", "context": None},
    ]
    assert found["columns"] == [[None, None], [used, None]]


def test_an_experiment_that_does_not_exist_has_no_runs(api: Api) -> None:
    found = table(api, "4711", columns=["params.a"], order_by=["metrics.b"])

    assert (found["matching"], found["total"], found["runs"]["run_id"], found["columns"]) == (0, 0, [], [[]])
    assert table(api, "4711", parent="", offset=3)["matching"] == 0


def test_the_largest_numbers_are_returned_unchanged(api: Api, experiment: str) -> None:
    run_id = api.new_run(experiment, start_time=2**62)
    api.post("runs/log-metric", run_id=run_id, key="m", value=MOST / 2, timestamp=2**62, step=2**62)

    found = table(api, experiment, columns=["metrics.m", "start_time"])

    assert found["columns"] == [[MOST / 2], [2**62]]

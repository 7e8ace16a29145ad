"""Profiles of models: the settings that follow from what was measured, the requests that are sent, the job and the command."""

import json
from pathlib import Path
from typing import Any

import pytest

from endpoints.conftest import COLUMNS
from scoring.conftest import JOBS, ended, table
from support.processes.servers import Server, trackside
from trackside.core.errors import Invalid
from trackside.scorer import profile as process
from trackside.scorer.batch.order import OrderError
from trackside.scoring.profile import Level, Measured, Profile, check, recommend
from trackside_mlflow import Workspace
from trackside_mlflow.serving.models import Model


def level(callers: int, rate: float, p95_ms: float, *, failed: int = 0, cores: float = 0.5) -> Level:
    return Level(
        callers=callers,
        requests=100,
        failed=failed,
        requests_per_s=rate,
        mean_ms=p95_ms / 2,
        p50_ms=p95_ms / 2,
        p90_ms=p95_ms,
        p95_ms=p95_ms,
        p99_ms=p95_ms,
        cpu_ms_per_request=1.0,
        cores=cores,
        reason="The model raised ValueError." if failed else "",
    )


def measured(*levels: Level, **sizes: Any) -> Measured:
    return Measured(load_s=1.0, levels=list(levels), **sizes)


def test_the_number_of_replicas_serves_the_rate_at_seventy_percent_load() -> None:
    found = recommend(measured(level(1, 50.0, 20.0), level(2, 100.0, 20.0)), rate=200.0)

    assert (found.replicas, found.requests_per_s, found.callers) == (3, 100.0, 2)  # 200 / (100 x 0.7) = 2.86


def test_only_levels_within_the_latency_count() -> None:
    levels = (level(1, 50.0, 20.0), level(2, 80.0, 30.0), level(8, 100.0, 90.0))

    in_time, too_slow = (recommend(measured(*levels), rate=100.0, latency_ms=ms) for ms in (40.0, 10.0))

    assert (in_time.requests_per_s, in_time.replicas, in_time.meets_latency) == (80.0, 2, True)
    assert (too_slow.requests_per_s, too_slow.meets_latency) == (50.0, False)  # the least latency that there is


def test_a_level_with_failed_requests_recommends_nothing() -> None:
    found = recommend(measured(level(1, 50.0, 20.0), level(2, 900.0, 1.0, failed=3)))

    assert found.requests_per_s == 50.0


def test_more_callers_that_only_wait_for_each_other_are_not_recommended() -> None:
    found = recommend(measured(level(1, 50.0, 20.0), level(2, 95.0, 21.0), level(4, 100.0, 40.0)))

    assert (found.callers, found.requests_per_s) == (2, 100.0)


def test_memory_and_cores_have_a_reserve() -> None:
    found = recommend(
        measured(
            level(1, 50.0, 20.0, cores=0.31), level(2, 50.0, 40.0, cores=0.98), peak_mb=300.0, address_space_mb=1000.0
        )
    )

    assert (found.cores, found.memory_gb, found.memory_mb) == (1.0, 0.4, 1280)


def test_an_invalid_order_is_refused(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"concurrency": ()}, "concurrency has 0 numbers; it must have 1 to 20"),
        ({"concurrency": (1, 0)}, "concurrency is 0; it must be between 1 and 256"),
        ({"seconds": 0.0}, "seconds is 0; it must be between 0.1 and 600"),
        ({"env": "conda"}, "env is 'conda'; it must be one of auto, uv, local"),
        (
            {"rows": 10},
            "rows and input_format belong to input, which is empty: the model's input example is one request",
        ),
        (
            {"input": "/t/rows"},
            "the format of '/t/rows' is not clear from its name: give input_format, one of parquet, csv, jsonl",
        ),
    ]
    for values, said in cases:
        with subtests.test(values=values, said=said):
            with pytest.raises(Invalid) as refused:
                check(Profile(model="models:/sum/1", **values))

            assert refused.value.message == said


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_requests_have_the_rows_of_the_table_in_turn(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"rows.{kind}"
    frame = table(5)
    match kind:
        case "parquet":
            frame.to_parquet(file)
        case "csv":
            frame.to_csv(file, index=False)
        case "jsonl":
            frame.to_json(file, orient="records", lines=True)
    order = {"model": "", "inputs": [str(file)], "input_format": kind, "rows": 2}

    bodies = [json.loads(body)["dataframe_split"] for body in process.requests(order)]

    assert [body["columns"] for body in bodies] == [["id", *COLUMNS]] * 2
    assert [[row[0] for row in body["data"]] for body in bodies] == [
        [0, 1],
        [2, 3],
    ]  # the fifth row is no request of two


def test_values_of_the_table_have_the_types_that_scoring_gives_them(tmp_path: Path) -> None:
    signature = json.dumps([{"name": "x", "type": "double"}, {"name": "code", "type": "string"}])
    (tmp_path / "MLmodel").write_text(json.dumps({"signature": {"inputs": signature}}))
    csv, lines = tmp_path / "rows.csv", tmp_path / "rows.jsonl"
    csv.write_text("x,code,zip,count,date\n1,7,00123,3,2026-01-01\n,8,00124,,2026-01-02\n")
    lines.write_text('{"x": 1, "code": "7", "date": "2026-01-01"}\n{"x": null, "code": "8", "date": "2026-01-02"}\n')

    def sent(file: Path, kind: str) -> Any:
        (body,) = process.requests({"model": str(tmp_path), "inputs": [str(file)], "input_format": kind, "rows": 2})
        return json.loads(body)["dataframe_split"]["data"]

    assert sent(csv, "csv") == [[1.0, "7", "00123", 3, "2026-01-01"], [None, "8", "00124", None, "2026-01-02"]]
    assert sent(lines, "jsonl") == [[1.0, "7", "2026-01-01"], [None, "8", "2026-01-02"]]


def test_a_model_without_an_example_needs_a_table(tmp_path: Path) -> None:
    with pytest.raises(OrderError, match="logged without an input example"):
        list(process.requests({"model": str(tmp_path), "inputs": [], "rows": 1}))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_model_is_measured_and_the_run_has_the_figures(scoring: Server, tables: Path) -> None:
    table(100).drop(columns="id").to_parquet(tables / "rows.parquet")
    params = {"model": "models:/sum/2", "env": "local", "input": str(tables / "rows.parquet"), "rows": 10}

    body = {"kind": "profile", "params": {**params, "concurrency": [1, 3], "seconds": 0.5, "rate": 1.0}}
    job = ended(scoring.api, scoring.api.post(JOBS, body)["job"]["job_id"])

    assert job["state"] == "succeeded", job["reason"]
    result = job["result"]
    assert [(each["callers"], each["failed"]) for each in result["levels"]] == [(1, 0), (3, 0)]
    for each in result["levels"]:
        assert each["requests"] > 0
        assert 0 < each["p50_ms"] <= each["p90_ms"] <= each["p95_ms"] <= each["p99_ms"]
    assert (result["recommended"]["replicas"], result["rows_per_request"]) == (1, 10)
    assert 0 < result["idle_mb"] <= result["peak_mb"] < result["recommended"]["memory_mb"]
    run = scoring.api.run(result["run_id"])
    assert run["info"]["status"] == "FINISHED"
    assert scoring.api.tags(result["run_id"])["trackside.run_type"] == "profile"
    history = scoring.api.get("metrics/get-history", run_id=result["run_id"], metric_key="p95_ms")["metrics"]
    assert [each["step"] for each in history] == [1, 3]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_command_sends_a_table_and_says_what_to_do(scoring: Server, tmp_path: Path) -> None:
    table(10).drop(columns="id").to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "wrong.csv").write_text("c,d\n1,2\n")
    words = (
        "profile",
        "models:/sum/1",
        "--env",
        "local",
        "--server",
        scoring.url,
        "--seconds",
        "0.3",
        "--concurrency",
        "2",
    )

    code, said, _ = trackside(*words, "--input", "rows.csv", "--rate", "10", cwd=tmp_path)
    slow, _, complaint = trackside(*words, "--input", "rows.csv", "--latency-ms", "0.0001", cwd=tmp_path)
    _, for_programs, _ = trackside(*words, "--input", "rows.csv", "--json", cwd=tmp_path)
    wrong, _, reason = trackside(*words, "--input", "wrong.csv", cwd=tmp_path)

    assert (code, slow, wrong) == (0, 1, 1)
    assert "recommended for 10 requests/s: replicas 1, memory_mb " in said
    assert json.loads(for_programs)["model"] == "models:/sum/1"
    assert complaint == "trackside: 95 % of the requests took longer than 0.0001 ms for each number of callers\n"
    assert "the model answers the first request with 400" in reason


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_azures_profile_of_a_frame_has_azures_names(scoring: Server) -> None:
    workspace = Workspace.get("default", url=scoring.url)

    profile = Model.profile(
        workspace, "sum-profile", [Model(workspace, "sum", version=2)], input_dataset=table(3).drop(columns="id")
    )
    profile.wait_for_completion()

    details = profile.get_details()
    assert details["state"] == "Succeeded"
    assert details["successQueries"] == details["totalQueries"] > 0
    assert details["latencyPercentile50InMs"] <= details["latencyPercentile99InMs"]
    assert (details["recommendedCpu"], details["recommendedMemoryInGB"]) == (
        profile.recommended_cpu,
        profile.recommended_memory,
    )
    assert scoring.api.run(profile.job.result["run_id"])["info"]["status"] == "FINISHED"

"""The storage of traces: counted, limited by quotas, and freed by rules and by the deletion of their experiment."""

import json
import random
from typing import Any

import pytest

from slices.cleanup.test_command import Said, said
from slices.cleanup.test_deletions import preview
from slices.cleanup.test_jobs import ended
from support.client import Api
from support.links import until
from support.people import OURS
from support.processes.servers import Server
from support.traces import Sent, export, info, names, post, request, spans_of, trace_id

__all__ = ["said"]
QUOTAS = f"{OURS}/quotas"
DAY_MS = 86_400_000


def random_text(seed: int, size: int) -> str:
    """It takes `size` bytes when it is compressed."""
    return random.Random(seed).randbytes(size).hex()


def fill(api: Api, *numbers: int, experiment: str = "0") -> None:
    """Traces of 3 kB each, one a day: the higher the number, the newer."""
    spans = [
        Sent(
            1,
            trace=number,
            start=number * DAY_MS,
            end=number * DAY_MS + 5,
            attributes={"text": random_text(number, 3_000)},
        )
        for number in numbers
    ]
    export(api, *spans, experiment_id=experiment)


def stored(api: Api) -> int:
    return sum(each["row_bytes"] for each in lines(api, by="kind") if each["key"] == "traces")


def lines(api: Api, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"{OURS}/storage", **asked)["lines"]
    return found


@pytest.mark.both
def test_the_storage_of_traces_is_counted_by_experiment_and_day(working_api: Api) -> None:
    api = working_api
    shop = api.new_experiment("shop")
    fill(api, 1, 2, experiment=shop)
    fill(api, 3)

    counted = ended(api, "storage-count")["result"]

    by_item = {each["key"]: each for each in lines(api, by="item")}
    assert set(by_item) == {
        f"traces:{shop}/2023-11-15", f"traces:{shop}/2023-11-16", "traces:0/2023-11-17"
    }  # fmt: skip
    assert all(3_000 < each["row_bytes"] < 6_000 for each in by_item.values())
    by_experiment = {each["key"]: each["row_bytes"] for each in lines(api)}
    assert by_experiment[shop] > by_experiment["0"] > 3_000
    assert counted["row_bytes"] == sum(by_experiment.values()) == stored(api)


@pytest.mark.both
def test_a_rule_deletes_by_age_and_count_in_each_experiment_and_frees_what_was_counted(working_api: Api) -> None:
    api = working_api
    shop = api.new_experiment("shop")
    fill(api, *range(1, 11), experiment=shop)
    fill(api, 20, 21)
    ended(api, "storage-count")
    before = stored(api)

    refused = ended(api, "trace-retention", keep_last=4)
    done = ended(api, "trace-retention", keep_last=4, most_percent=60)
    again = ended(api, "trace-retention", keep_last=4, most_percent=60)

    assert (refused["state"], "6 of 12 traces (50 %)" in refused["reason"]) == ("failed", True)
    assert done["result"]["items"] == 6
    assert again["result"]["items"] == 0
    assert names(api, experiments=[shop]) == [10, 9, 8, 7]
    assert names(api) == [21, 20]
    ended(api, "storage-count")
    assert before - stored(api) == done["result"]["row_bytes"] > 6 * 3_000
    old = ended(api, "trace-retention", older_than_days=30, experiments="shop", most_percent=100)
    assert (old["result"]["items"], names(api, experiments=[shop]), names(api)) == (4, [], [21, 20])


def test_held_and_protected_experiments_keep_their_traces(server: Server, said: Said) -> None:
    api = server.api
    held, kept = api.new_experiment("held"), api.new_experiment("protected")
    for experiment, numbers in ((held, (1, 2)), (kept, (3, 4)), ("0", (5, 6))):
        fill(api, *numbers, experiment=experiment)
    api.post(f"{OURS}/holds", kind="experiment", id=held, reason="audit")
    api.post("experiments/set-experiment-tag", experiment_id=kept, key="trackside.protected", value="yes")

    code, out, _ = said("retention", "traces", "--keep-last", "1", "--preview", "--json", "--most-percent", "100")
    done = ended(api, "trace-retention", keep_last=1, most_percent=100)

    shown = {each["name"]: (each["traces"], bool(each["obstacle"])) for each in json.loads(out)["experiments"]}
    assert (code, shown) == (0, {"Default": (1, False), "held": (1, True), "protected": (1, True)})
    assert (done["result"]["items"], len(done["result"]["kept"])) == (1, 2)
    assert [names(api, experiments=[each]) for each in (held, kept, "0")] == [[2, 1], [4, 3], [6]]


def test_a_rule_for_traces_is_run_and_scheduled_by_a_command(server: Server, said: Said) -> None:
    api = server.api
    fill(api, 1, 2)

    shown = said("retention", "traces", "--older-than", "30", "--preview")
    scheduled = said("retention", "traces", "--older-than", "30", "--schedule", "old-traces", "--cron", "0 5 * * *")
    ran = said("retention", "traces", "--older-than", "30", "--most-percent", "100")
    until(lambda: names(api) == [], "the rule to delete the traces")

    assert (shown[0], "matches 2 of 2 traces" in shown[1], "would delete nothing" in shown[1]) == (1, True, True)
    assert (scheduled[0], ran[0]) == (0, 0)
    (schedule,) = api.get(f"{OURS}/job-schedules")["schedules"]
    assert (schedule["name"], schedule["kind"], schedule["cron"]) == ("old-traces", "trace-retention", "0 5 * * *")
    code, _, err = said("retention", "traces")
    assert (code, "--older-than or --keep-last" in err) == (2, True), err


@pytest.mark.both
def test_the_deletion_of_an_experiment_counts_and_frees_its_traces(working_api: Api) -> None:
    api = working_api
    shop = api.new_experiment("shop")
    fill(api, 1, 2, 3, experiment=shop)
    fill(api, 4)

    shown = preview(api, "experiment", experiment_id=shop)
    done = api.post(f"{OURS}/deletions", kind="experiment", experiment_id=shop, confirm="shop")

    assert (shown["counts"]["traces"], shown["row_bytes"] > 3 * 3_000) == (3, True)
    assert (done["is_done"], done["row_bytes"]) == (True, shown["row_bytes"])
    assert api.ask("GET", f"/api/3.0/mlflow/traces/tr-{1:032x}").status == 404
    assert names(api) == [4]


@pytest.mark.both
def test_a_quota_of_bytes_refuses_new_traces_and_no_span_of_one_that_is_there(working_api: Api) -> None:
    api = working_api
    fill(api, 1)
    put_quota(api, 20_000)
    one = use(api)  # what was there before is counted at once
    until(lambda: "counted_at" in api.get(QUOTAS), "the job to count")
    assert 3_000 < one == use(api) < 5_000
    fill(api, 2, 3)
    assert use(api) == pytest.approx(3 * one, rel=0.05)

    large = [Sent(1, trace=number, attributes={"t": random_text(number, 9_000)}) for number in (7, 8)]
    refused = post(api, request(*large).SerializeToString())
    put_quota(api, use(api))
    started = api.ask("POST", "/api/3.0/mlflow/traces", {"trace": {"trace_info": info(9)}})
    export(api, Sent(2, parent=1, trace=1))

    assert (refused.status, refused.json["error_code"]) == (403, "RESOURCE_LIMIT_EXCEEDED")
    assert "bytes of artifacts and traces" in refused.json["message"]
    assert (started.status, len(spans_of(api))) == (403, 2)
    assert sorted(names(api)) == [1, 2, 3]

    api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(2), trace_id(3)])
    ended(api, "empty-trash", older_than_days=0)
    until(lambda: use(api) < 2 * one, "the job to count again")


def put_quota(api: Api, limit: int) -> None:
    assert api.ask("PUT", QUOTAS, {"scope": "workspace", "measure": "bytes", "limit": limit}).status == 200


def use(api: Api) -> int:
    (quota,) = api.get(QUOTAS)["quotas"]
    found: int = quota["used"]
    return found

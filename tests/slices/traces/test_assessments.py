"""Feedback, expectations, and links to runs and prompts: created, overridden, updated, deleted and searched."""

import json
from typing import Any

import pytest

from support.client import Api
from support.traces import Sent, export, names, search, start, trace_id

HUMAN = {"source_type": "HUMAN", "source_id": "ada"}


def say(api: Api, number: int = 1, **fields: Any) -> dict[str, Any]:
    body = {"assessment_name": "quality", "source": HUMAN, **fields}
    made: dict[str, Any] = api.post(f"traces/{trace_id(number)}/assessments", assessment=body, version="3.0")[
        "assessment"
    ]
    return made


def change(api: Api, found: dict[str, Any], mask: str, **fields: Any) -> Any:
    path = f"traces/{trace_id(1)}/assessments/{found['assessment_id']}"
    return api.ask("PATCH", path, {"assessment": fields, "update_mask": mask}, version="3.0")


def test_feedback_is_returned_alone_and_with_its_trace(api: Api) -> None:
    start(api)

    made = say(api, feedback={"value": 4.5}, rationale="fine", metadata={"k": "v"}, create_time="2026-01-02T03:04:05Z")

    assert made == {
        "assessment_id": made["assessment_id"],
        "assessment_name": "quality",
        "trace_id": trace_id(1),
        "source": HUMAN,
        "create_time": "2026-01-02T03:04:05Z",
        "last_update_time": "2026-01-02T03:04:05Z",
        "feedback": {"value": 4.5},
        "rationale": "fine",
        "metadata": {"k": "v"},
        "valid": True,
    }
    assert api.get(f"traces/{trace_id(1)}/assessments/{made['assessment_id']}", version="3.0") == {"assessment": made}
    assert search(api)[0]["assessments"] == [made]


def test_an_expected_list_is_sent_as_json(api: Api) -> None:
    start(api)
    value = {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": json.dumps(["a", {"b": 1}])}}

    assert say(api, expectation=value)["expectation"] == value
    assert say(api, expectation={"value": "plain"})["expectation"] == {"value": "plain"}


@pytest.mark.both
def test_an_override_hides_the_one_before_until_it_is_deleted(api: Api) -> None:
    start(api)
    first = say(api, feedback={"value": "bad"})
    second = say(api, feedback={"value": "good"}, overrides=first["assessment_id"])

    assert [each["valid"] for each in search(api)[0]["assessments"]] == [False, True]
    assert (names(api, "feedback.quality = 'bad'"), names(api, "feedback.quality = 'good'")) == ([], [1])

    path = f"traces/{trace_id(1)}/assessments/{second['assessment_id']}"
    assert [api.ask("DELETE", path, version="3.0").status for _ in range(2)] == [200, 200]
    assert [each["valid"] for each in search(api)[0]["assessments"]] == [True]
    fault = api.fault(f"traces/{trace_id(1)}/assessments", assessment={**first, "overrides": "a-0"}, version="3.0")
    assert fault == (404, "RESOURCE_DOES_NOT_EXIST", f"Assessment with ID 'a-0' not found for trace '{trace_id(1)}'")


@pytest.mark.both
def test_an_update_changes_what_its_mask_names(api: Api) -> None:
    start(api)
    made = say(api, feedback={"value": 1}, metadata={"a": "1"}, rationale="old")

    after = change(
        api,
        made,
        "assessmentName,feedback,metadata",
        assessment_name="other",
        feedback={"value": 2},
        metadata={"b": "2"},
    ).json["assessment"]

    assert (after["assessment_name"], after["feedback"], after["rationale"]) == ("other", {"value": 2}, "old")
    assert after["metadata"] == {"a": "1", "b": "2"}
    refused = change(api, made, "expectation", expectation={"value": 1})
    assert refused.json["message"] == "Cannot update expectation value on a Feedback assessment."


@pytest.mark.both
def test_assessments_are_searched_by_value_and_by_session(api: Api) -> None:
    for number in (1, 2, 3):
        start(api, number, trace_metadata={"mlflow.trace.session": "s" if number < 3 else "t"})
    say(api, 3, feedback={"value": 0.5})
    say(api, 1, assessment_name="tone", feedback={"value": True}, metadata={"mlflow.trace.session": "s"})
    say(api, 2, assessment_name="answer", expectation={"value": "42"})

    found = {
        text: sorted(names(api, text))
        for text in (
            "feedback.quality >= 0.5",
            "feedback.quality > 0.5",
            "feedback.tone = 'true'",
            "feedback.tone IS NULL",
            "expectation.answer LIKE '%4%'",
            "expectation.answer IS NOT NULL OR feedback.quality < 1",
        )
    }

    assert list(found.values()) == [[3], [], [1, 2], [3], [2], [2, 3]]


def test_the_start_call_brings_assessments(api: Api) -> None:
    said = {"assessment_name": "judge", "source": {"source_type": "LLM_JUDGE"}, "feedback": {"value": "yes"}}

    first = start(api, assessments=[said])["assessments"][0]

    assert (first["assessment_name"], first["trace_id"], first["feedback"]) == ("judge", trace_id(1), {"value": "yes"})
    assert search(api, "feedback.judge = 'yes'")[0]["assessments"] == [first]


def test_an_invalid_assessment_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    bodies: list[dict[str, Any]] = [
        {"assessment_name": "q"},
        {"feedback": {"value": 1}},
        {"assessment_name": "q", "feedback": {"value": 1}, "source": {"source_type": "ORACLE"}},
        {"assessment_name": "q", "expectation": {"serialized_value": {"value": "{"}}},
        {"assessment_name": "q" * 251, "feedback": {"value": 1}},
    ]

    start(api)

    for body in bodies:
        with subtests.test(body=body):
            status, code, _ = api.fault(f"traces/{trace_id(1)}/assessments", assessment=body, version="3.0")

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.both
def test_traces_are_linked_to_runs_and_prompts_once(api: Api) -> None:
    export(api, *(Sent(1, trace=number) for number in (1, 2)))
    run_id = api.new_run()

    for _ in range(2):
        api.post("traces/link-to-run", trace_ids=[trace_id(1), trace_id(9)], run_id=run_id)
        api.post("traces/link-prompts", trace_id=trace_id(2), prompt_versions=[{"name": "ask", "version": "3"}])

    assert (names(api, f"run_id = '{run_id}'"), names(api, "prompt = 'ask/3'")) == ([1], [2])
    many = [trace_id(number) for number in range(101)]
    assert api.fault("traces/link-to-run", trace_ids=many, run_id=run_id)[2] == (
        "Cannot link more than 100 traces to a run in a single request. Provided 101 traces."
    )


@pytest.mark.both
def test_a_link_to_a_trace_is_kept_until_the_trace_arrives(api: Api) -> None:
    run_id = api.new_run()
    for _ in range(2):
        api.post("traces/link-to-run", trace_ids=[trace_id(7)], run_id=run_id)
    assert names(api, f"run_id = '{run_id}'") == []

    export(api, Sent(1, trace=7), Sent(1, trace=8))
    assert names(api, f"run_id = '{run_id}'") == [7]

    api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(7)])
    export(api, Sent(2, trace=7))  # a new trace with the id of the deleted one
    assert names(api, f"run_id = '{run_id}'") == []


def test_deleting_a_trace_deletes_all_of_its_rows(api: Api) -> None:
    start(api)
    export(api, Sent(1))
    say(api, feedback={"value": 1})

    gone = api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(1)], version="3.0")

    assert gone == {"traces_deleted": 1}
    assert (search(api), names(api, "feedback.quality = '1'")) == ([], [])
    assert api.fault(f"traces/{trace_id(1)}", method="GET", version="3.0")[0] == 404

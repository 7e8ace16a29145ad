"""CONTAINS in filters of traces finds a literal text, ignoring the case of ASCII letters."""

import pytest

from support.client import Api
from support.traces import Sent, export, names, start, trace_id

TEXTS = {1: "rate 50%_a", 2: "rate 50 Xa", 3: 'it\'s "so"', 4: "C:\\new", 5: "École"}
FIELDS = ("name", "tag.note", "metadata.note", "span.name", "span.attributes.note", "trace.text", "span.content")


@pytest.fixture
def traces(api: Api) -> Api:
    for number, text in TEXTS.items():
        start(api, number, tags={"mlflow.traceName": text, "note": text}, trace_metadata={"note": text})
        export(api, Sent(1, trace=number, name=text, attributes={"note": text}))
        assessment = {
            "assessment_name": "note",
            "source": {"source_type": "HUMAN", "source_id": "ada"},
            "feedback": {"value": text},
        }
        api.post(f"traces/{trace_id(number)}/assessments", assessment=assessment, version="3.0")
    return api


def written(text: str) -> str:
    """A text as a filter has it: in parentheses, where a quote can be escaped."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"('{escaped}')"


@pytest.mark.both
def test_a_text_is_found_as_it_is_written(traces: Api, subtests: pytest.Subtests) -> None:
    for field in (*FIELDS, "feedback.note"):
        with subtests.test(field=field):
            found = {
                part: sorted(names(traces, f"{field} CONTAINS {written(part)}"))
                for part in ("50%_A", "Rate", "'S \"s", "c:\\N", "École", "nothing", "%")
            }

            assert found == {
                "50%_A": [1],
                "Rate": [1, 2],
                "'S \"s": [3],
                "c:\\N": [4],
                "École": [5],
                "nothing": [],
                "%": [1],
            }


@pytest.mark.both
def test_not_contains_finds_the_others(traces: Api, subtests: pytest.Subtests) -> None:
    for field in FIELDS:
        with subtests.test(field=field):
            found = {
                part: sorted(names(traces, f"{field} NOT CONTAINS {written(part)}"))
                for part in ("50%_A", "'S \"s", "nothing")
            }

            assert found == {"50%_A": [2, 3, 4, 5], "'S \"s": [1, 2, 4, 5], "nothing": [1, 2, 3, 4, 5]}


def test_both_clauses_of_spans_meet_in_one_span(traces: Api) -> None:
    export(traces, Sent(2, trace=1, name="other", attributes={"note": "more"}))

    assert names(traces, "span.name CONTAINS 'RATE' AND span.attributes.note CONTAINS '50%'") == [1]
    assert names(traces, "span.name CONTAINS 'other' AND span.attributes.note CONTAINS '50%'") == []


def test_what_has_no_text_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ("timestamp_ms CONTAINS 'a'", "Invalid comparator 'CONTAINS' not one of '{'=', '!=', '<', '<=', '>', '>='}'"),
        ("prompt CONTAINS 'a/1'", "Invalid comparator 'CONTAINS' for prompts filter"),
        ("issue.id CONTAINS 'a'", "Invalid comparator 'CONTAINS'"),
        ("name CONTAINS 5", "Expected a quoted string value for tag"),
        (f"trace.text CONTAINS '{'a' * 2001}'", "The text of CONTAINS has 2001 characters; at most 2000 are allowed"),
    ]

    locations = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}]

    for text, said in cases:
        with subtests.test(text=text[:100]):
            reply = api.ask("POST", "/api/3.0/mlflow/traces/search", {"locations": locations, "filter": text})

            assert reply.status == 400
            assert said in reply.json["message"]

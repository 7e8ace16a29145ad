"""Issues: created, changed, and searched by status and run, the most severe first, with the number of their traces."""

from typing import Any

import pytest

from support.client import Api
from support.traces import start, trace_id


def create(api: Api, name: str = "slow", **fields: Any) -> Any:
    body = {"experiment_id": "0", "name": name, "description": "Answers take a minute.", **fields}
    reply = api.ask("POST", "issues", body, version="3.0")
    return reply.json["issue"] if reply.status == 200 else (reply.status, reply.json["message"])


def search(api: Api, filter_string: str = "", **fields: Any) -> list[Any]:
    found: list[Any] = api.post("issues/search", {"filter_string": filter_string, **fields}, version="3.0").get(
        "issues", []
    )
    return found


def names(api: Api, filter_string: str = "", **fields: Any) -> list[str]:
    return [each["name"] for each in search(api, filter_string, **fields)]


def test_an_issue_is_returned_as_it_was_created(api: Api) -> None:
    fields: dict[str, Any] = {
        "root_causes": ["no index"],
        "categories": ["latency"],
        "source_run_id": "r1",
        "created_by": "bo",
    }

    made = create(api, severity="high", **fields)

    assert made == {
        "issue_id": made["issue_id"],
        "experiment_id": "0",
        "name": "slow",
        "description": "Answers take a minute.",
        "status": "pending",
        "severity": "high",
        "created_timestamp": made["created_timestamp"],
        "last_updated_timestamp": made["created_timestamp"],
        **fields,
    }
    assert made["issue_id"].startswith("iss-")
    assert api.get(f"issues/{made['issue_id']}", version="3.0") == {"issue": made}


@pytest.mark.both
def test_an_update_changes_what_it_names(api: Api) -> None:
    issue_id = create(api)["issue_id"]

    reply = api.ask("PATCH", f"issues/{issue_id}", {"status": "resolved", "severity": "low"}, version="3.0")

    made = reply.json["issue"]
    assert (made["status"], made["severity"], made["name"]) == ("resolved", "low", "slow")


@pytest.mark.both
def test_issues_are_found_by_status_and_run_the_gravest_first(api: Api) -> None:
    other = api.new_experiment("other")
    create(api, "a", severity="low", source_run_id="r1")
    create(api, "b", severity="high", status="rejected")
    create(api, "c", experiment_id=other)

    assert names(api) == ["b", "a", "c"]
    assert names(api, experiment_id="0") == ["b", "a"]
    assert names(api, "status = 'pending' AND source_run_id = 'r1'") == ["a"]
    assert names(api, "status != 'pending' OR source_run_id IS NULL") == ["b", "c"]
    assert names(api, experiment_id="404") == []
    page = api.post("issues/search", max_results=1, include_trace_count=True, version="3.0")
    rest = api.post("issues/search", page_token=page["next_page_token"], include_trace_count=True, version="3.0")[
        "issues"
    ]
    assert [each["name"] for each in rest] == ["a", "c"]


@pytest.mark.both
def test_the_traces_of_an_issue_are_counted_once_each(api: Api) -> None:
    issue_id, other = create(api)["issue_id"], create(api, "rude")["issue_id"]
    for number, named in ((1, issue_id), (1, issue_id), (2, issue_id), (2, other)):
        start(api, number)
        said = {"assessment_name": named, "issue": {"issue_name": "slow"}, "source": {"source_type": "HUMAN"}}
        api.post(f"traces/{trace_id(number)}/assessments", assessment=said, version="3.0")

    counted = {each["issue_id"]: each["trace_count"] for each in search(api, include_trace_count=True)}

    assert counted == {issue_id: 2, other: 1}
    assert "trace_count" not in search(api)[0]


def test_an_invalid_issue_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"status": "open"}, 'status is "open"; it must be one of pending, rejected, resolved'),
        ({"severity": "huge"}, 'severity is "huge"; it must be one of not_an_issue, low, medium, high'),
        ({"name": "x" * 251}, "'name' exceeds the maximum length of 250 characters"),
        ({"description": None}, "Missing value for required parameter 'description'"),
        ({"categories": ["x"] * 101}, "categories has 101 entries; at most 100 are allowed"),
        ({"experiment_id": "404"}, "No Experiment with id=404 exists"),
    ]

    for fields, message in cases:
        with subtests.test(fields=fields):
            status, text = create(api, **fields)

            assert status in (400, 404)
            assert message in text


def test_a_filter_of_other_fields_is_refused(api: Api) -> None:
    status, code, message = api.fault("issues/search", filter_string="name = 'x'", version="3.0")

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert "Valid keys are '{'status', 'source_run_id'}'" in message

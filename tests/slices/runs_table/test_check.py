"""Filters are checked and completed while the user types."""

from typing import Any

import pytest

from support.client import Api

CHECK = "/api/trackside/v1/filters/check"


@pytest.fixture
def experiment(api: Api) -> str:
    found = api.new_experiment("typed")
    for value in ("adam", "adam", "it's"):
        run_id = api.new_run(found)
        api.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=[{"key": key, "value": 1.0, "timestamp": 1, "step": 1} for key in ("loss", "val loss")],
            params=[{"key": "optimizer", "value": value}],
        )
    return found


def check(api: Api, text: str, **more: Any) -> Any:
    return api.post(CHECK, filter=text, **more)


def complete(api: Api, experiment: str, text: str) -> tuple[str, str, list[str]]:
    """What kind of text is expected, what it replaces, and what there is."""
    found = check(api, text, cursor=len(text), experiment_ids=[experiment])["completions"]
    replaced = text[found["offset"] : found["offset"] + found["length"]]
    return found["kind"], replaced, [item["text"] for item in found["items"]]


def test_an_error_has_its_position_in_the_text(api: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ("metrics.loss <", 14, 0, "a value", "filter-syntax"),
        ("metrics.loss < 'x'", 0, 18, "", "filter-not-number"),
        ("params.a = 'b' AND nothing.x = 1", 19, 13, "", "filter-field"),
        ("params.a = 'b", 11, 2, "", "filter-syntax"),
        ("params.a ? 1", 9, 1, "", "filter-syntax"),
        ("tags.`😀` = '1' OR )", 19, 1, "a field", "filter-syntax"),
        ("(params.a = 1", 13, 0, "')'", "filter-syntax"),
        ("max(params.a) > 1", 0, 17, "", "filter-function"),
        ("metrics.loss LIKE 3", 0, 19, "", "filter-operator"),
        ("run_id IS NULL", 0, 14, "", "filter-null-test"),
        ("tags.a = b", 0, 10, "", "filter-not-quoted"),
        ("tags.a IN ('b' 2)", 15, 2, "", "filter-list"),
    ]

    for text, offset, length, expected, reason in cases:
        with subtests.test(text=text):
            found = check(api, text)

            assert found["ok"] is False
            error = found["error"]
            assert (error["offset"], error["length"], error["expected"]) == (offset, length, expected)
            assert error["message"]
            assert error["reason"]["key"] == reason


def test_a_valid_filter_has_no_error(api: Api, subtests: pytest.Subtests) -> None:
    for text in ("", "  ", "metrics.loss < 1 AND params.a = 'b'", "NOT tags.x IS NULL"):
        with subtests.test(text=text):
            assert check(api, text) == {"ok": True, "error": None, "completions": None}


def test_an_order_is_checked(api: Api) -> None:
    assert api.post(CHECK, order_by="min(metrics.loss) DESC")["ok"]
    assert not api.post(CHECK, order_by="metrics.loss DOWN")["ok"]
    assert api.post(CHECK, filter="name = 'x'", of="experiments")["ok"]
    assert not api.post(CHECK, filter="metrics.a > 1", of="experiments")["ok"]


def test_fields_are_completed(api: Api, experiment: str) -> None:
    assert complete(api, experiment, "metrics.lo") == ("field", "metrics.lo", ["metrics.loss", "metrics.`val loss`"])
    assert complete(api, experiment, "status = 'FAILED' AND optim") == ("field", "optim", ["params.optimizer"])
    assert complete(api, experiment, "metrics.`val l")[1:] == ("metrics.`val l", ["metrics.`val loss`"])


@pytest.mark.both
def test_operators_values_and_connectors_are_completed(api: Api, experiment: str) -> None:
    assert complete(api, experiment, "metrics.loss B") == ("operator", "B", ["BETWEEN"])
    assert complete(api, experiment, "params.optimizer = ") == ("value", "", ["'adam'", '"it\'s"'])
    assert complete(api, experiment, "params.optimizer = 'ad") == ("value", "'ad", ["'adam'"])
    assert complete(api, experiment, "status = 'FIN") == ("value", "'FIN", ["'FINISHED'"])
    assert complete(api, experiment, "metrics.loss > 1 ") == ("connector", "", ["AND", "OR"])


def test_a_word_is_completed_in_the_middle_of_a_filter(api: Api, experiment: str) -> None:
    text = "tags.`😀` = '1' AND metrics.l < 3"

    found = check(api, text, cursor=29, experiment_ids=[experiment])["completions"]

    assert (found["offset"], found["length"], found["kind"]) == (20, 9, "field")
    assert found["items"][0] == {"text": "metrics.loss", "label": "loss", "kind": "metric", "runs": None}


def test_a_wrong_call_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[dict[str, Any]] = [
        {"of": "planets"},
        {"filter": "a", "order_by": "b"},
        {"filter": "a", "cursor": -1},
        {"filter": "a" * 70_000},
    ]

    for fields in cases:
        with subtests.test(fields=fields):
            assert api.fault(CHECK, fields)[:2] == (400, "INVALID_PARAMETER_VALUE")

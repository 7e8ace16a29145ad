"""A filter is checked and completed while somebody types it."""

from typing import Any

import pytest

from support.client import Api

CHECK = "/api/trackside/v1/filters/check"

pytestmark = pytest.mark.both


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


@pytest.mark.parametrize(
    ("text", "offset", "length", "expected", "reason"),
    [
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
        ("tags.a IN ('b' 2)", 0, 17, "", "filter-list"),
    ],
)
def test_a_mistake_is_placed_in_the_text(
    api: Api, text: str, offset: int, length: int, expected: str, reason: str
) -> None:
    found = check(api, text)

    assert found["ok"] is False
    assert (found["error"]["offset"], found["error"]["length"], found["error"]["expected"]) == (
        offset,
        length,
        expected,
    )
    assert found["error"]["message"]
    assert found["error"]["reason"]["key"] == reason


@pytest.mark.parametrize("text", ["", "  ", "metrics.loss < 1 AND params.a = 'b'", "NOT tags.x IS NULL"])
def test_what_a_search_takes_is_right(api: Api, text: str) -> None:
    assert check(api, text) == {"ok": True, "error": None, "completions": None}


def test_an_order_is_checked_too(api: Api) -> None:
    assert api.post(CHECK, order_by="min(metrics.loss) DESC")["ok"]
    assert not api.post(CHECK, order_by="metrics.loss DOWN")["ok"]
    assert api.post(CHECK, filter="name = 'x'", of="experiments")["ok"]
    assert not api.post(CHECK, filter="metrics.a > 1", of="experiments")["ok"]


def test_fields_are_completed(api: Api, experiment: str) -> None:
    assert complete(api, experiment, "metrics.lo") == ("field", "metrics.lo", ["metrics.loss", "metrics.`val loss`"])
    assert complete(api, experiment, "status = 'FAILED' AND optim") == ("field", "optim", ["params.optimizer"])
    assert complete(api, experiment, "metrics.`val l")[1:] == ("metrics.`val l", ["metrics.`val loss`"])


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


@pytest.mark.parametrize(
    "fields",
    [{"of": "planets"}, {"filter": "a", "order_by": "b"}, {"filter": "a", "cursor": -1}, {"filter": "a" * 70_000}],
)
def test_a_wrong_call_is_refused(api: Api, fields: dict[str, Any]) -> None:
    assert api.fault(CHECK, fields)[:2] == (400, "INVALID_PARAMETER_VALUE")

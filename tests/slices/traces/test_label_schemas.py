"""Label schemas: the questions of an experiment, with one that is always there."""

from typing import Any

import pytest

from support.client import Api

PASS_FAIL = {"pass_fail": {"positive_label": "Right", "negative_label": "Wrong"}}


def create(api: Api, name: str = "correct?", **fields: Any) -> Any:
    body = {"experiment_id": "0", "name": name, "type": "FEEDBACK", "input": PASS_FAIL, **fields}
    reply = api.ask("POST", "label-schemas/create", body, version="3.0")
    return reply.json["label_schema"] if reply.status == 200 else (reply.status, reply.json["message"])


def ask(api: Api, method: str, path: str, **fields: Any) -> Any:
    reply = api.ask(method, f"label-schemas/{path}", fields, version="3.0")
    return reply.json if reply.status == 200 else (reply.status, reply.json["message"])


def listed(api: Api, experiment_id: str = "0") -> list[Any]:
    found: list[Any] = api.get("label-schemas/list", experiment_id=experiment_id, version="3.0")["label_schemas"]
    return found


@pytest.mark.both
def test_a_question_is_returned_by_id_and_by_name_and_in_the_list(api: Api) -> None:
    made = create(api, instruction="Compare with the source.", enable_comment=True)

    assert made == {
        "schema_id": made["schema_id"],
        "experiment_id": "0",
        "name": "correct?",
        "type": "FEEDBACK",
        "enable_comment": True,
        "input": PASS_FAIL,
        "created_at": made["created_at"],
        "last_updated_at": made["created_at"],
        "is_default": False,
        "instruction": "Compare with the source.",
    }
    assert api.get("label-schemas/get", schema_id=made["schema_id"], version="3.0")["label_schema"] == made
    arguments = {"experiment_id": "0", "name": "correct?"}
    assert api.get("label-schemas/get-by-name", version="3.0", **arguments)["label_schema"] == made
    assert listed(api)[0] == made


@pytest.mark.both
def test_each_experiment_has_a_default_question_that_stays(api: Api) -> None:
    other = api.new_experiment("other")
    (default,) = listed(api, other)

    assert (default["name"], default["input"], default["is_default"]) == ("Feedback", {"text": {}}, True)
    assert api.get("label-schemas/get", schema_id=default["schema_id"], version="3.0")["label_schema"] == default
    assert listed(api)[0]["schema_id"] != default["schema_id"]
    assert ask(api, "DELETE", "delete", schema_id=default["schema_id"]) == (
        400,
        "The experiment's default question cannot be deleted.",
    )
    assert ask(api, "PATCH", "update", schema_id=default["schema_id"], name="x") == (
        400,
        "The experiment's default question cannot be edited.",
    )
    assert "is reserved for" in create(api, " feedback")[1]


@pytest.mark.both
def test_pages_lead_through_all_questions(api: Api) -> None:
    for number in range(4):
        create(api, f"q{number}")

    names, token = [], None
    while True:
        page = api.get("label-schemas/list", experiment_id="0", max_results=2, page_token=token or "", version="3.0")
        names += [each["name"] for each in page["label_schemas"]]
        token = page.get("next_page_token")
        if token is None:
            break

    assert sorted(names) == ["Feedback", "q0", "q1", "q2", "q3"]


def test_an_update_changes_what_it_names_and_keeps_the_kind_of_answer(api: Api) -> None:
    schema_id = create(api, input={"categorical": {"options": ["a", "b"]}})["schema_id"]
    create(api, "taken")

    wanted = {"categorical": {"options": ["a", "c"]}}
    made = ask(api, "PATCH", "update", schema_id=schema_id, name="new", input=wanted)["label_schema"]

    assert (made["name"], made["input"], made["type"]) == ("new", wanted, "FEEDBACK")
    assert ask(api, "PATCH", "update", schema_id=schema_id, name="taken") == (
        400,
        "Label schema with name 'taken' already exists for experiment '0'.",
    )
    assert "cannot be changed after creation" in ask(api, "PATCH", "update", schema_id=schema_id, input=PASS_FAIL)[1]
    multiple = {"categorical": {"options": ["a"], "multi_select": True}}
    assert (
        "`InputCategorical.multi_select` cannot" in ask(api, "PATCH", "update", schema_id=schema_id, input=multiple)[1]
    )


@pytest.mark.both
def test_a_deleted_question_is_gone_and_deleting_it_twice_is_harmless(api: Api) -> None:
    schema_id = create(api)["schema_id"]

    assert [ask(api, "DELETE", "delete", schema_id=schema_id) for _ in range(2)] == [{}, {}]
    assert ask(api, "GET", f"get?schema_id={schema_id}")[0] == 404
    assert [each["name"] for each in listed(api)] == ["Feedback"]


def test_an_invalid_question_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "x" * 251}, "must be at most 250 characters; got 251"),
        ({"type": "OTHER"}, "`type` must be one of"),
        ({"type": None}, "`type` must be one of"),
        ({"instruction": "x" * 1001}, "`instruction` must be at most 1000 characters"),
        ({"input": None}, "exactly one of"),
        ({"input": {}}, "exactly one of"),
        ({"input": {**PASS_FAIL, "text": {}}}, "exactly one of"),
        ({"input": {"pass_fail": {"positive_label": "a", "negative_label": "a"}}}, "must be distinct"),
        (
            {"input": {"pass_fail": {"positive_label": "a"}}},
            "`InputPassFail.negative_label` must be a non-empty string",
        ),
        (
            {"input": {"pass_fail": {"positive_label": "a" * 65, "negative_label": "b"}}},
            "must be at most 64 characters",
        ),
        ({"input": {"categorical": {"options": []}}}, "must be a non-empty list"),
        ({"input": {"categorical": {"options": ["a"] * 2}}}, "must be deduplicated"),
        ({"input": {"categorical": {"options": [str(n) for n in range(11)]}}}, "must have at most 10 entries"),
        ({"input": {"numeric": {"min_value": 2, "max_value": 1}}}, "must be strictly less"),
        ({"input": {"numeric": {"min_value": "NaN"}}}, "must be finite"),
        ({"input": {"text": {"max_length": 0}}}, "`InputText.max_length` must be at least 1; got 0"),
    ]

    for fields, message in cases:
        with subtests.test(fields=fields):
            status, text = create(api, **fields)

            assert status == 400
            assert message in text

"""Scorers: registered, listed, read and deleted by version; those with code are refused."""

import json
from typing import Any

import pytest

from support.client import Api

JUDGE = json.dumps(
    {"name": "tone", "instructions_judge_pydantic_data": {"model": "openai:/gpt-5", "instructions": "?"}}
)


def register(api: Api, name: str = "tone", serialized: str = JUDGE, experiment_id: str = "0") -> Any:
    fields = {"experiment_id": experiment_id, "name": name, "serialized_scorer": serialized}
    return api.post("scorers/register", fields, version="3.0")


def ask(api: Api, method: str, path: str, **fields: Any) -> Any:
    reply = api.ask(method, f"scorers/{path}", {"experiment_id": "0", **fields}, version="3.0")
    return reply.json if reply.status == 200 else (reply.status, reply.json["error_code"], reply.json["message"])


def listed(api: Api, **arguments: Any) -> list[tuple[int, str, int]]:
    found = api.get("scorers/list", version="3.0", **arguments).get("scorers", [])
    return [(each["experiment_id"], each["scorer_name"], each["scorer_version"]) for each in found]


def test_each_registration_is_a_version_of_one_scorer(api: Api) -> None:
    first, second = register(api), register(api, serialized='{"name": "tone"}')

    assert first == {
        "version": 1,
        "scorer_id": first["scorer_id"],
        "experiment_id": "0",
        "name": "tone",
        "serialized_scorer": JUDGE,
        "creation_time": first["creation_time"],
    }
    assert (second["version"], second["scorer_id"]) == (2, first["scorer_id"])
    versions = api.get("scorers/versions", experiment_id="0", name="tone", version="3.0")["scorers"]
    assert [(each["scorer_version"], each["serialized_scorer"]) for each in versions] == [
        (1, JUDGE),
        (2, '{"name": "tone"}'),
    ]
    arguments = {"experiment_id": "0", "name": "tone"}
    assert api.get("scorers/get", version="3.0", **arguments)["scorer"] == versions[1]


@pytest.mark.both
def test_a_list_has_the_newest_version_of_each_scorer(api: Api) -> None:
    other = api.new_experiment("other")
    deleted = api.new_experiment("deleted")
    for name, experiment_id in (("tone", "0"), ("tone", "0"), ("length", "0"), ("tone", other), ("tone", deleted)):
        register(api, name, experiment_id=experiment_id)
    api.post("experiments/delete", experiment_id=deleted)

    assert listed(api, experiment_id="0") == [(0, "length", 1), (0, "tone", 2)]
    assert listed(api, experiment_ids=["0", other]) == [(0, "length", 1), (0, "tone", 2), (int(other), "tone", 1)]
    assert listed(api) == [(0, "length", 1), (0, "tone", 2), (int(other), "tone", 1)]


@pytest.mark.both
def test_a_version_is_deleted_alone_and_a_scorer_with_all_of_them(api: Api) -> None:
    for _ in range(3):
        register(api)

    assert ask(api, "DELETE", "delete", name="tone", version=2) == {}
    assert listed(api, experiment_id="0") == [(0, "tone", 3)]
    missing = "Scorer with name 'tone' and version 2 not found for experiment 0."
    assert ask(api, "DELETE", "delete", name="tone", version=2) == (404, "RESOURCE_DOES_NOT_EXIST", missing)
    assert ask(api, "DELETE", "delete", name="tone") == {}
    assert listed(api, experiment_id="0") == []
    assert ask(api, "DELETE", "delete", name="tone")[2] == "Scorer with name 'tone' not found for experiment 0."


def test_a_scorer_with_code_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ("{", "INVALID_PARAMETER_VALUE", "serialized_scorer must be valid JSON"),
        ("[1]", "INVALID_PARAMETER_VALUE", "serialized_scorer must be a JSON object, but is of type 'list'"),
        ("[" * 100_000, "INVALID_PARAMETER_VALUE", "serialized_scorer must be valid JSON"),
        (
            '{"call_source": "import os"}',
            "INVALID_PARAMETER_VALUE",
            "Custom scorer registration (using @scorer decorator)",
        ),
        (
            '{"ensemble_scorer_data": {"scorers": [{"call_source": "x"}]}}',
            "INVALID_PARAMETER_VALUE",
            "Custom scorer registration (using @scorer decorator)",
        ),
        (
            '{"builtin_scorer_pydantic_data": {"model": "gateway:/mine"}}',
            "RESOURCE_DOES_NOT_EXIST",
            "GatewayEndpoint not found (name='mine')",
        ),
        ('{"builtin_scorer_pydantic_data": {"model": 1}}', "INVALID_PARAMETER_VALUE", "Scorer model must be a string"),
    ]

    for serialized, code, message in cases:
        with subtests.test(serialized=serialized):
            fields = {"experiment_id": "0", "name": "tone", "serialized_scorer": serialized}

            status, found, text = api.fault("scorers/register", fields, version="3.0")

            assert status in (400, 404)
            assert found == code
            assert text.startswith(message)
            assert listed(api) == []


@pytest.mark.both
def test_settings_for_automatic_evaluation_are_kept_but_cannot_be_switched_on(api: Api) -> None:
    scorer_id = register(api)["scorer_id"]

    made = ask(api, "PUT", "online-config", name="tone", sample_rate=0.0, filter_string="status = 'OK'")["config"]

    assert made == {
        "online_scoring_config_id": made["online_scoring_config_id"],
        "scorer_id": scorer_id,
        "sample_rate": 0.0,
        "experiment_id": "0",
        "filter_string": "status = 'OK'",
    }
    assert api.get("scorers/online-configs", scorer_ids=[scorer_id, "none"], version="3.0") == {"configs": [made]}
    assert "does not use a gateway model" in ask(api, "PUT", "online-config", name="tone", sample_rate=0.5)[2]
    assert "between 0.0 and 1.0, got 2.0" in ask(api, "PUT", "online-config", name="tone", sample_rate=2)[2]
    assert ask(api, "PUT", "online-config", name="tone", sample_rate=0, filter_string="what = 1")[0] == 400
    assert ask(api, "PUT", "online-config", name="none", sample_rate=0)[0] == 404

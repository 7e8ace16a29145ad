"""Who may score: the endpoint's keys, and tokens of users by their role.  An accepted caller gets the 503 of an endpoint without
a replica."""

from typing import Any

import pytest

from endpoints.conftest import ENDPOINTS
from support.client import Api
from support.people import PASSWORD, People, basic, bearer
from trackside.app import App

SCORE = "/api/v1/service/adder/score"
PATHS = (SCORE, "/api/v1/service/adder/invocations")


def make_endpoint(api: Api) -> None:
    api.post("registered-models/create", name="sum")
    api.post("model-versions/create", name="sum", source="s3://bucket/model")
    api.post(ENDPOINTS, {"name": "adder", "model_uri": "models:/sum/1"})


@pytest.fixture
def people(api: Api, application: App) -> People:
    found = People(api).begin(application)
    make_endpoint(found.admin)
    return found


def status(api: Api, headers: dict[str, str], path: str = SCORE) -> int:
    return api.ask("POST", path, {"inputs": []}, headers=headers).status


def test_a_token_scores_by_the_role_of_its_user(people: People) -> None:
    people.add("scientist", "AzureML Data Scientist")
    people.add("caller", "mlflow-use", "/ws/default/onlineEndpoints/adder")
    people.add("reader", "Reader")
    people.add("stranger")

    found = {
        name: [status(people.open, bearer(people.token(name, scope="write")), path) for path in PATHS]
        for name in ("scientist", "caller", "reader", "stranger")
    }

    assert found == {"scientist": [503, 503], "caller": [503, 503], "reader": [403, 403], "stranger": [403, 403]}


def test_a_user_scores_with_a_password_and_not_against_a_denial(people: People) -> None:
    people.add("scientist", "AzureML Data Scientist", password=PASSWORD)
    before = status(people.open, basic("scientist"))

    people.deny("scientist", "mlflow-deny", "/ws/default/onlineEndpoints/adder")

    assert (before, status(people.open, basic("scientist"))) == (503, 403)


def test_a_read_only_token_does_not_score(people: People) -> None:
    people.add("scientist", "AzureML Data Scientist")

    assert status(people.open, bearer(people.token("scientist", scope="read"))) == 403


def test_a_key_opens_its_endpoint_on_a_server_with_users(people: People) -> None:
    keys: Any = people.admin.get(f"{ENDPOINTS}/adder/keys")

    assert [status(people.open, bearer(keys[which])) for which in ("primary", "secondary")] == [503, 503]


@pytest.mark.parametrize("headers", [{}, bearer("tsp_" + "0" * 36), bearer("x"), basic("root", "wrong")])
def test_invalid_credentials_are_refused(people: People, headers: dict[str, str]) -> None:
    refused = people.open.ask("POST", SCORE, {"inputs": []}, headers=headers)

    assert (refused.status, refused.json["error_code"]) == (401, "UNAUTHENTICATED")
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_without_users_a_key_is_needed(api: Api) -> None:
    make_endpoint(api)

    assert status(api, {}) == 401

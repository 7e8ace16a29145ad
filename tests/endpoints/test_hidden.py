"""Hidden endpoints and workspaces answer like missing ones."""

import pytest

from support.client import Api
from support.people import People, basic
from trackside.app import App

SERVICE = "/api/v1/service"


@pytest.fixture
def people(api: Api, application: App) -> People:
    people = People(api).begin(application)
    people.admin.new_workspace("north")
    return people


@pytest.mark.parametrize("shown", [{}, basic("nobody"), {"authorization": "Bearer x"}])
def test_without_a_sign_in_a_missing_endpoint_or_workspace_needs_a_key(people: People, shown: dict[str, str]) -> None:
    replies = [
        people.open.ask("POST", f"{prefix}{SERVICE}/adder/score", {}, headers=shown)
        for prefix in ("", "/ws/north", "/ws/nowhere")
    ]

    assert {reply.status for reply in replies} == {401}
    assert len({reply.body for reply in replies}) == 1
    assert "Endpoint adder needs one of its keys" in replies[0].json["message"]


def test_a_caller_without_the_right_is_refused_and_one_with_it_is_answered(people: People) -> None:
    bo, cy = people.add("bo", "Reader", "/ws/north"), people.add("cy", "MLflow USE", "/ws/north")

    def answer(api: Api, prefix: str) -> tuple[int, str]:
        status, code, _ = api.fault(f"{prefix}{SERVICE}/adder/score")
        return status, code

    for prefix in ("/ws/north", "/ws/nowhere", ""):
        assert answer(bo, prefix) == (403, "PERMISSION_DENIED")
    assert answer(cy, "/ws/north") == (404, "RESOURCE_DOES_NOT_EXIST")
    assert answer(cy, "/ws/nowhere") == (403, "PERMISSION_DENIED")
    assert answer(people.admin, "/ws/nowhere") == (404, "RESOURCE_DOES_NOT_EXIST")


def test_an_open_server_tells_every_caller_what_is_missing(api: Api) -> None:
    status, _, message = api.fault(f"/ws/nowhere{SERVICE}/adder/score")

    assert (status, "nowhere" in message) == (404, True)
    assert api.fault(f"{SERVICE}/adder/score")[0] == 404

"""Sessions: traces with the same `mlflow.trace.session`, summed up, newest first."""

from typing import Any

import pytest

from support.client import Api
from support.traces import AT_MS, start

OURS = "/api/trackside/v1/traces/sessions"


def begin(api: Api, number: int, session: str | None, *, state: str = "OK", user: str = "ana", **more: Any) -> None:
    metadata = {
        **({} if session is None else {"mlflow.trace.session": session}),
        "mlflow.trace.user": user,
        "mlflow.trace.tokenUsage": f'{{"total_tokens": {number}}}',
    }
    start(
        api,
        number,
        request_time=f"2023-11-14T22:13:{number:02}Z",
        execution_duration="2s",
        state=state,
        request_preview=f"question {number}",
        trace_metadata=metadata,
        **more,
    )


def listed(api: Api, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.get(OURS, experiment_id="0", **fields)
    return found


def test_the_traces_of_a_session_are_summed_up(api: Api) -> None:
    begin(api, 1, "first")
    begin(api, 2, "second", user="bo")
    begin(api, 3, "first", state="ERROR")
    begin(api, 4, None)

    assert [each["session_id"] for each in listed(api)["sessions"]] == ["first", "second"]
    assert listed(api)["sessions"][0] == {
        "session_id": "first",
        "traces": 2,
        "errors": 1,
        "first_ms": AT_MS - 19_000,
        "last_ms": AT_MS - 17_000,
        "duration_ms": 4000,
        "total_tokens": 4,
        "total_cost": None,
        "user": "ana",
        "first_request": "question 1",
    }


@pytest.mark.both
def test_a_session_of_two_users_names_none(api: Api) -> None:
    begin(api, 1, "s", user="ana")
    begin(api, 2, "s", user="bo")

    assert listed(api)["sessions"][0]["user"] == ""


@pytest.mark.both
def test_pages_of_sessions_have_each_session_once_and_can_be_searched(api: Api) -> None:
    for number in range(1, 8):
        begin(api, number, f"Chat-{number}%", user="bo" if number == 3 else "ana")

    found, token = [], None
    while True:
        page = listed(api, max_results=3, **({"page_token": token} if token else {}))
        found += [each["session_id"] for each in page["sessions"]]
        token = page.get("next_page_token")
        if not token:
            break

    assert found == [f"Chat-{number}%" for number in range(7, 0, -1)]
    assert [each["session_id"] for each in listed(api, search="chat-5%")["sessions"]] == ["Chat-5%"]
    assert [each["session_id"] for each in listed(api, search="BO")["sessions"]] == ["Chat-3%"]
    assert listed(api, search="-_") == {}

    begin(api, 8, "École")
    assert [each["session_id"] for each in listed(api, search="ÉC")["sessions"]] == ["École"]


def test_an_invalid_query_of_sessions_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"max_results": 0}, "max_results is 0; it must be between 1 and 500"),
        ({"page_token": "abc"}, "Invalid page token"),
        ({"search": "x" * 251}, "search"),
    ]

    for fields, said in cases:
        with subtests.test(fields=fields):
            reply = api.ask("GET", OURS, {"experiment_id": "0", **fields})

            assert (reply.status, said in str(reply.body)) == (400, True), reply.body

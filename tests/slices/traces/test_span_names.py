"""Traces are found by the names of their spans, before and after the names are indexed."""

import sqlite3
from contextlib import closing

from support.client import Api
from support.traces import Sent, export, search, start, trace_id
from trackside.core.settings import Settings

FILED, LATE = 5, 350  # traces that the index has after `fill`, and has not


def fill(api: Api) -> None:
    """Send 400 traces with a name each, a hundred a request: the index is filled with the third one."""
    for first in range(1, 401, 100):
        export(api, *(Sent(1, name=f"name-{number}", trace=number) for number in range(first, first + 100)))


def found(api: Api, name: str, experiment_id: str = "0") -> list[str]:
    return [each["trace_id"] for each in search(api, f"span.name = '{name}'", [experiment_id])]


def test_spans_are_found_by_name_before_and_after_they_are_in_the_index(api: Api) -> None:
    fill(api)

    assert found(api, f"name-{FILED}") == [trace_id(FILED)]
    assert found(api, f"name-{LATE}") == [trace_id(LATE)]
    assert found(api, "name") == []
    assert [each["trace_id"] for each in search(api, f"span.name = 'name-{FILED}' AND span.status = 'ERROR'")] == []


def test_the_names_of_a_trace_change_move_and_go_with_it(api: Api) -> None:
    other = api.post("experiments/create", name="other")["experiment_id"]
    fill(api)
    for number in (FILED, LATE):
        export(
            api, Sent(1, name=f"renamed-{number}", trace=number), Sent(2, parent=1, name=f"more-{number}", trace=number)
        )
        assert found(api, f"name-{number}") == []
        assert found(api, f"renamed-{number}") == found(api, f"more-{number}") == [trace_id(number)]

        start(api, number, experiment_id=other)
        assert found(api, f"more-{number}") == []
        assert found(api, f"more-{number}", other) == [trace_id(number)]

        api.post("traces/delete-traces", experiment_id=other, request_ids=[trace_id(number)], version="3.0")
        assert found(api, f"more-{number}", other) == []


def test_sqlite_files_names_of_many_traces_together(sqlite_api: Api, sqlite_settings: Settings) -> None:
    fill(sqlite_api)

    with closing(sqlite3.connect(sqlite_settings.data / "trackside.db")) as store:
        filed = store.execute("SELECT name, trace_seq FROM trace_span_names").fetchall()
        ((upto,),) = store.execute("SELECT trace_seq FROM trace_span_names_upto")
    assert upto == 300
    assert sorted(filed) == sorted((f"name-{number}", number) for number in range(1, 301))

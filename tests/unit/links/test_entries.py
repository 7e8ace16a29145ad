"""Entries of a remote's list are read one by one."""

import json
from operator import itemgetter
from typing import Any

import pytest

from support.faults.answering import Answered, Asked, answering
from trackside.imports.opening import Options, open_source
from trackside.sync.remote.entries import MANY, Unread, all_read, read_each
from trackside.sync.remote.faults import InvalidRemoteResponse


def read(entry: Any) -> str:
    if not isinstance(entry, dict) or entry.get("broken"):
        raise InvalidRemoteResponse("it is broken")
    return str(entry["id"])


def test_unreadable_entries_are_reported_after_the_others() -> None:
    found = [{"id": "a"}, {"id": "b", "broken": 1}, 7, {"id": 8, "broken": 1}, {"id": "c"}]

    assert read_each(found, read, itemgetter("id")) == [
        "a",
        "c",
        Unread("b", "it is broken"),
        Unread("", "it is broken"),
        Unread("", "it is broken"),
    ]


def test_an_invalid_list_is_an_error_of_the_remote() -> None:
    one = {"id": "a", "broken": 1}

    assert read_each([], read, itemgetter("id")) == []
    assert read_each([one], read, itemgetter("id")) == [Unread("a", "it is broken")]
    for nonsense in ([7], [one] * MANY):
        with pytest.raises(InvalidRemoteResponse, match="broken"):
            read_each(nonsense, read, itemgetter("id"))


def test_a_list_with_an_unreadable_entry_decides_nothing() -> None:
    with pytest.raises(InvalidRemoteResponse, match="broken"):
        list(all_read([Unread("a", "it is broken")]))


def test_an_import_reports_entries_that_cannot_be_read_and_takes_the_others() -> None:
    runs = [
        {"info": {"run_id": "r1", "experiment_id": "0"}},
        {"info": {"run_id": "r2", "experiment_id": "0", "start_time": "soon"}},
    ]
    old = [{"request_id": "tr-1", "experiment_id": "0"}, {"request_id": "tr-2", "experiment_id": []}]

    def answer(asked: Asked) -> Answered:
        match asked.path.partition("?")[0].removeprefix("/api/2.0/mlflow/"):
            case "experiments/search":
                return Answered(body=json.dumps({"experiments": [{"experiment_id": "0", "name": "Default"}]}).encode())
            case "runs/search":
                return Answered(body=json.dumps({"runs": runs}).encode())
            case "traces":
                return Answered(body=json.dumps({"traces": old}).encode())
            case "logged-models/search" | "/api/3.0/mlflow/traces/search":
                return Answered(404, b"")
        return Answered()

    with answering(answer) as url:
        source = open_source(url, Options())
        try:
            ids = [each.id for page in source.runs() for each in page]
            ids += [each.id for traces in source.traces() for each in traces]
        finally:
            source.close()

    assert ids == ["r1", "tr-1"]
    assert [each.partition(":")[0] for each in source.left_out] == ["run r2", "trace tr-2"]

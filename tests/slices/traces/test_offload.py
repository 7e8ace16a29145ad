"""Spans of large traces in the artifact store: moved after they were stored, read, counted, deleted, and found as orphans."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from slices.cleanup.test_deletions import preview
from slices.cleanup.test_jobs import ended
from slices.cleanup.test_orphans import age, listed
from support.client import Api
from support.links import until
from support.people import OURS
from support.processes.servers import Server
from support.traces import Sent, export, file_of, names, search, spans_of, trace_id

KIB = 1 << 10


def large(number: int, *, parts: int = 3, first: int = 1) -> list[Sent]:
    """Spans that take 50 KiB each when they are compressed."""
    text = random.Random(number)
    return [
        Sent(
            first + at,
            trace=number,
            parent=0 if first + at == 1 else 1,
            name=f"part-{first + at}",
            start=first + at,
            attributes={"text": text.randbytes(50 * KIB).hex(), "word": f"needle-{number}-{first + at}"},
        )
        for at in range(parts)
    ]


def fill(api: Api, *spans: Sent) -> None:
    """Each trace by one request."""
    for number in sorted({each.trace for each in spans}):
        export(api, *(each for each in spans if each.trace == number))


def files(server: Server) -> list[Path]:
    return sorted(server.data.glob("artifacts/0/trace-spans/*/spans.zst"))


def moved(server: Server, count: int) -> list[Path]:
    until(lambda: len(files(server)) == count, f"{count} files of spans", said=lambda: str(files(server)))
    until(lambda: ended(server.api, "orphan-search")["result"]["missing"] == 0)
    return files(server)


@pytest.mark.both
def test_spans_beyond_the_bound_move_and_are_read_searched_and_replaced_as_before(small: Server) -> None:
    api = small.api
    sent = large(1)
    fill(api, *sent)
    export(api, Sent(1, trace=2, attributes={"word": "needle-2-1"}))
    before = spans_of(api)

    moved(small, 1)

    assert spans_of(api) == before
    assert [span["attributes"]["word"] for span in before] == ["needle-1-1", "needle-1-2", "needle-1-3"]
    assert [span["name"] for span in file_of(api)] == ["part-1", "part-2", "part-3"]
    assert names(api, "trace.text LIKE '%needle-1-3%'") == [1]
    assert names(api, "span.attributes.word LIKE '%needle-_-1%'") == [1, 2]
    both = api.get("traces/batchGet", trace_ids=[trace_id(2), trace_id(1)], version="3.0")["traces"]
    assert [len(each["spans"]) for each in both] == [1, 3]

    fill(api, replace(sent[1], name="later"), *large(1, first=4, parts=1))

    assert [span["name"] for span in spans_of(api)] == ["part-1", "later", "part-3", "part-4"]
    assert search(api)[0]["trace_id"] == trace_id(1)


@pytest.mark.both
def test_files_of_spans_are_counted_with_their_trace_and_deleted_with_it(small: Server) -> None:
    api = small.api
    fill(api, *large(1), *large(2))
    api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(2)])
    moved(small, 2)
    api.post(f"{OURS}/trash/restore", {"kind": "trace", "id": trace_id(2)})
    size = sum(path.stat().st_size for path in files(small))

    ended(api, "storage-count")
    (line,) = [each for each in api.get(f"{OURS}/storage", by="kind")["lines"] if each["key"] == "traces"]
    assert (line["file_count"], line["file_bytes"]) == (2, size)
    assert line["row_bytes"] < 10 * KIB
    one = preview(api, "trace", trace_id=trace_id(1))
    assert one["counts"]["files"] == 1
    assert 140 * KIB < one["file_bytes"] < 160 * KIB

    done = api.post(f"{OURS}/deletions", {"kind": "trace", "trace_id": trace_id(1)})
    assert (done["is_done"], done["file_count"], done["file_bytes"]) == (True, 1, one["file_bytes"])
    assert (len(files(small)), len(spans_of(api, 2))) == (1, 3)

    api.post("traces/delete-traces", experiment_id="0", request_ids=[trace_id(2)])
    assert len(files(small)) == 1
    freed = ended(api, "empty-trash", older_than_days=0)["result"]
    assert (freed["items"], freed["file_count"], freed["kept"]) == (1, 1, [])
    assert files(small) == []
    assert list(small.data.glob("artifacts/0/trace-spans/*")) == []


@pytest.mark.both
def test_rules_and_the_deletion_of_an_experiment_delete_files_of_spans(small: Server) -> None:
    api = small.api
    fill(api, *large(1), *large(2))
    moved(small, 2)

    freed = ended(api, "trace-retention", keep_last=1, most_percent=100)["result"]
    assert (freed["items"], freed["file_count"], len(files(small))) == (1, 1, 1)

    shop = api.new_experiment("shop")
    export(api, *large(3), experiment_id=shop)
    until(lambda: len(list(small.data.glob(f"artifacts/{shop}/trace-spans/*/spans.zst"))) == 1)
    done = api.post(f"{OURS}/deletions", {"kind": "experiment", "experiment_id": shop, "confirm": "shop"})
    assert (done["is_done"], done.get("pending", [])) == (True, [])
    assert list(small.data.glob(f"artifacts/{shop}/trace-spans/*")) == []


def test_an_unavailable_store_refuses_reads_and_accepts_new_traces(small: Server) -> None:
    api = small.api
    fill(api, *large(1))
    moved(small, 1)
    store, away = small.data / "artifacts" / "0", small.data / "away"
    store.rename(away)
    store.write_bytes(b"")  # no folder can be made here

    reply = api.ask("GET", "/api/3.0/mlflow/traces/get", arguments={"trace_id": trace_id(1)})
    assert reply.status == 503
    assert "missing from the artifact store" in reply.json["message"]
    fill(api, *large(2))
    assert len(spans_of(api, 2)) == 3
    assert sorted(names(api)) == [1, 2]

    store.unlink()
    back = store / "trace-spans"
    back.mkdir(parents=True, exist_ok=True)  # the server may have made it, since it tries again
    for folder in (away / "trace-spans").iterdir():
        folder.rename(back / folder.name)
    assert len(spans_of(api)) == 3
    moved(small, 2)


@pytest.mark.both
def test_a_file_that_no_trace_names_is_an_orphan_and_a_missing_one_is_reported(small: Server) -> None:
    api = small.api
    fill(api, *large(1), *large(2))
    kept, _ = moved(small, 2)
    stray = kept.parents[1] / ("0" * 32) / "spans.zst"  # what a server leaves that is killed before it commits
    stray.parent.mkdir()
    stray.write_bytes(b"x" * 10)
    age(small.data, "artifacts")

    ended(api, "orphan-search")

    assert listed(api) == [("trace_spans", f"0/trace-spans/{'0' * 32}", 1)]
    assert ended(api, "orphan-quarantine")["result"]["items"] == 1
    assert (stray.exists(), len(spans_of(api)), len(spans_of(api, 2))) == (False, 3, 3)
    kept.unlink()
    ended(api, "orphan-search")
    assert [kind for kind, _, _ in listed(api, "rows")] == ["trace_spans"]


@pytest.mark.slow
@pytest.mark.both
def test_a_server_that_is_killed_while_spans_move_loses_none(small: Server) -> None:
    for number in range(1, 6):
        fill(small.api, *large(number))
        until(lambda number=number: len(files(small)) >= number or number > 2)  # type: ignore[misc]
        small.kill9()
        small.start()

    api = small.api
    until(lambda: len(files(small)) >= 5)
    assert [len(spans_of(api, number)) for number in range(1, 6)] == [3] * 5
    assert ended(api, "orphan-search")["result"]["missing"] == 0

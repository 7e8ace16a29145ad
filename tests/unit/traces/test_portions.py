"""The portions in which the spans of a large request are written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from support.traces import Sent, request
from trackside.core.db.sqlite import SqliteDatabase
from trackside.traces.ingest.batch import Batch, batch_of
from trackside.traces.ingest.otlp import read
from trackside.traces.storage.writer import MOST_SPANS, MOST_TRACES, Spans, portions, write


def batches(counts: list[int]) -> list[Batch]:
    """Batches with so many spans each."""
    (sent,) = read(request(Sent(1)).SerializeToString(), is_json=False).values()
    one = batch_of("tr-1", next(sent.portions(1)), {}, lambda attributes, events: None)
    return [Batch(**{name: getattr(one, name) for name in Batch.__struct_fields__} | {"rows": one.rows * count})
            for count in counts]  # fmt: skip


@given(st.lists(st.sampled_from([1, MOST_SPANS // 3, MOST_SPANS, MOST_SPANS + 1]), max_size=8))
@settings(max_examples=examples(20))
def test_portions_have_all_traces_in_order_and_no_more_spans_than_a_transaction_takes(counts: list[int]) -> None:
    spans = Spans("0", batches(counts), "run", frozenset({"tr-1"}))

    made = list(portions(spans))

    assert [each for portion in made for each in portion.batches] == spans.batches
    assert all((each.experiment_id, each.run_id, each.rooted) == ("0", "run", frozenset({"tr-1"})) for each in made)
    for portion in made:
        assert len(portion.batches) == 1 or sum(len(each.rows) for each in portion.batches) <= MOST_SPANS


def test_a_portion_has_no_more_traces_than_a_transaction_takes() -> None:
    made = list(portions(Spans("0", batches([1]) * (2 * MOST_TRACES + 1))))

    assert [len(each.batches) for each in made] == [MOST_TRACES, MOST_TRACES, 1]


@pytest.mark.parametrize("most", [1, 2, 9])
def test_a_trace_in_portions_is_the_trace_that_is_stored_at_once(db: SqliteDatabase, most: int) -> None:
    used = {"mlflow.chat.tokenUsage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}}
    inner = [Sent(n, parent=1, start=n, end=90, attributes={"session.id": f"s-{n}", **used}) for n in (2, 3, 4)]
    body = request(
        Sent(1, name="root", start=9, end=50), *inner, Sent(4, parent=2, end=95, attributes=used)
    ).SerializeToString()
    found: dict[str, object] = {}
    for trace_id, size in (("at once", 9), ("in portions", most)):
        (sent,) = read(body, is_json=False).values()
        made = list(sent.portions(size))
        assert made[-1][-1].name == "root" or size >= 5
        for spans in made:
            with db.write(1) as tx:
                write(tx, [Spans("0", [batch_of(trace_id, spans, {}, lambda attributes, events: None)])])
        with db.read(1) as tx:
            found[trace_id] = tx.one(
                """
                SELECT timestamp_ms, duration_ms, state, root_name, session_id, span_count, total_tokens FROM traces
                WHERE workspace_id = :ws AND trace_id = :id
                """,
                id=trace_id,
            )

    assert found["in portions"] == found["at once"]

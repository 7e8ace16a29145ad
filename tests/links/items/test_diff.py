"""The merge of two documents, and the points that the other side lacks."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from support.runner.examples import examples
from trackside.sync import fields, metric_delta
from trackside.sync.document import Doc, Mode, apply, merge, pack, unpack
from trackside.sync.fields import Field, FieldKind
from trackside.sync.metric_delta import MetricChunk

FIELDS = st.one_of(
    st.builds(Field, st.sampled_from((FieldKind.PARAM, FieldKind.TAG)), st.sampled_from(("a", "b"))),
    st.sampled_from((fields.STATUS, fields.STAGE, fields.END_TIME, fields.NAME)),
)
texts = st.sampled_from(("RUNNING", "FINISHED", "active", "deleted", "1", "12", "x"))
few = settings(max_examples=examples(100))
docs: st.SearchStrategy[Doc] = st.dictionaries(FIELDS, texts)


@few
@given(docs, docs, docs)
def test_both_sides_have_the_same_after_a_merge(base: Doc, local: Doc, remote: Doc) -> None:
    merged = merge(base, local, remote, Mode.BOTH)

    assert apply(local, merged.for_us) == apply(remote, merged.for_them) == merged.agreed


@few
@given(docs, docs, docs)
def test_a_merge_is_symmetric(base: Doc, local: Doc, remote: Doc) -> None:
    assert merge(base, local, remote, Mode.BOTH).agreed == merge(base, remote, local, Mode.BOTH).agreed


@few
@given(docs, docs)
def test_agreed_items_need_no_action(base: Doc, local: Doc) -> None:
    for mode in Mode:
        first = merge(base, local, base, mode)
        again = merge(first.agreed, apply(local, first.for_us), apply(base, first.for_them), mode)

        assert not again.for_us
        assert not again.for_them
        assert not again.conflicts


@few
@given(docs, docs, docs, st.sampled_from(Mode))
def test_a_field_that_a_side_cannot_remove_counts_as_present(base: Doc, local: Doc, remote: Doc, mode: Mode) -> None:
    merged = merge(base, local, remote, mode, lambda field, verb: verb != "drop")

    lost = [field for field in base if field in local and field not in remote]
    assert not [field for field in merged.for_us.drop if field in lost]
    assert all(merged.agreed[field] == local[field] for field in lost)


@few
@given(docs, docs, docs)
def test_a_push_changes_nothing_locally_and_keeps_fields_that_only_the_copy_has(
    base: Doc, local: Doc, remote: Doc
) -> None:
    merged = merge(base, local, remote, Mode.PUSH)
    copy = apply(remote, merged.for_them)

    assert not merged.for_us
    assert {field: copy.get(field) for field in local} == local
    assert {field for field in copy if field not in local} == {f for f in remote if f not in local and f not in base}


@few
@given(docs)
def test_a_packed_document_is_unpacked_unchanged(doc: Doc) -> None:
    assert unpack(pack(doc)) == doc


@few
@given(st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.booleans()), max_size=12))
def test_each_point_is_sent_once_from_tail_or_chunks(turns: list[tuple[int, bool, bool]]) -> None:
    """Points come into the tail, leave it in chunks, and small chunks are merged, while some of them are being sent."""
    cursor = metric_delta.Cursor()
    chunks: list[MetricChunk] = []
    tail = b""
    logged: list[bytes] = []
    sent: list[bytes] = []
    next_chunk = 1
    for count, spills, sends in turns:
        fresh = [struct.pack("<qqd", len(logged) + i, 0, 0.5) for i in range(count)]
        logged += fresh
        tail += b"".join(fresh)
        if spills:
            chunks.append(MetricChunk(next_chunk, tail))
            next_chunk, tail = next_chunk + 1, b""
            small = [chunk for chunk in chunks if not chunk.is_settled]
            if sum(len(chunk.packed) for chunk in small) >= 1024 * 24:
                chunks = [chunk for chunk in chunks if chunk.is_settled]
                chunks.append(MetricChunk(next_chunk, b"".join(chunk.packed for chunk in small)))
                next_chunk += 1
        if sends:
            sent += _points(cursor, chunks, tail)
    sent += _points(cursor, chunks, tail)

    assert sorted(sent) == sorted(logged)
    assert cursor.point_count == len(logged)


def _points(cursor: metric_delta.Cursor, chunks: list[MetricChunk], tail: bytes) -> list[bytes]:
    pieces = [chunk for chunk in chunks if chunk.chunk_id > cursor.chunk_id] + ([MetricChunk(0, tail)] if tail else [])
    packed = b"".join(metric_delta.lacking(cursor, pieces))
    return [packed[i : i + 24] for i in range(0, len(packed), 24)]

"""The actions for a record, and the merge of two versions of a record."""

import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from support.runner.examples import examples
from trackside.evaluation_datasets.whole_record import Record
from trackside.sync import record_merge
from trackside.sync.document import Mode
from trackside.sync.record_merge import Step
from trackside.sync.record_tables import Entry, Lists

digests = st.sampled_from((None, "a", "b", "c"))
few = settings(max_examples=examples(100))
small = st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3), max_size=3)
OTHER_WAY = {
    Step.TAKE: Step.SEND,
    Step.SEND: Step.TAKE,
    Step.DROP_HERE: Step.DROP_THERE,
    Step.DROP_THERE: Step.DROP_HERE,
}


@st.composite
def versions(draw: st.DrawFn) -> Record:
    return record(
        draw(small), draw(small), draw(st.integers(0, 3)), draw(st.integers(0, 2)), draw(st.sampled_from("pq"))
    )


def record(expectations: Any, tags: Any, updated: int = 0, created: int = 0, record_id: str = "p") -> Record:
    return Record(
        input_hash=record_merge.hash_of({"q": 1}),
        record_id=record_id,
        created_time=created,
        last_update_time=updated,
        inputs='{"q": 1}',
        outputs=json.dumps(updated),
        expectations=json.dumps(expectations) if expectations else None,
        tags=json.dumps(tags),
        source=None,
        source_id=None,
        source_type=None,
        created_by=None,
        last_updated_by=None,
    )


@few
@given(base=digests, local=digests, remote=digests)
def test_both_sides_converge(base: str | None, local: str | None, remote: str | None) -> None:
    step = record_merge.step(base, local, remote, Mode.BOTH)
    seen_from_there = record_merge.step(base, remote, local, Mode.BOTH)

    assert seen_from_there == (OTHER_WAY.get(step, step) if step else None)
    assert (step is None) == (local == remote == base)


@few
@given(base=digests, local=digests, remote=digests)
def test_a_link_of_one_direction_changes_the_copy_only(base: str | None, local: str | None, remote: str | None) -> None:
    pushed = record_merge.step(base, local, remote, Mode.PUSH)
    pulled = record_merge.step(base, local, remote, Mode.PULL)

    assert pushed not in (Step.TAKE, Step.DROP_HERE, Step.JOIN)
    assert pulled not in (Step.SEND, Step.DROP_THERE, Step.JOIN)
    assert (pushed is Step.SEND) == (local is not None and local != remote)
    assert (pushed is Step.DROP_THERE) == (local is None and remote is not None and base is not None)


@few
@given(versions(), versions())
def test_merging_two_versions_does_not_depend_on_their_order(one: Record, other: Record) -> None:
    joined = record_merge.join(one, other)

    assert joined == record_merge.join(other, one)
    for name in ("expectations", "tags"):
        keys = [set(json.loads(getattr(each, name) or "{}")) for each in (one, other, joined)]
        assert keys[2] == keys[0] | keys[1]
    later = max(one, other, key=lambda each: (each.last_update_time, record_merge.exact(each)))
    assert joined.outputs == later.outputs
    assert record_merge.exact(record_merge.join(joined, later)) == record_merge.exact(joined)


@few
@given(versions(), versions())
def test_an_upsert_counts_as_done_if_it_would_change_nothing(before: Record, after: Record) -> None:
    merged = {
        name: json.loads(getattr(before, name) or "{}") | json.loads(getattr(after, name) or "{}")
        for name in ("expectations", "tags")
    }
    reached = record(merged["expectations"], merged["tags"], after.last_update_time)

    assert record_merge.is_reached(before, after) == (record_merge.content(reached) == record_merge.content(after))


def test_joined_schemas_have_the_fields_of_both() -> None:
    one = {"inputs": {"a": "string"}, "outputs": {}, "expectations": {"x": "null"}, "version": "1.0"}
    other = {"inputs": {"b": "integer"}, "outputs": "string", "expectations": {}, "version": "1.0"}

    joined = record_merge.joined_schema(json.dumps(one), json.dumps(other))

    assert joined == record_merge.joined_schema(json.dumps(other), json.dumps(one))
    assert json.loads(joined) == {
        "inputs": {"a": "string", "b": "integer"},
        "outputs": "string",
        "expectations": {"x": "null"},
        "version": "1.0",
    }


@few
@given(*(st.dictionaries(st.integers(0, 30), st.sampled_from("abc")) for _ in range(3)))
def test_lists_agree_with_single_records(base: dict[int, str], local: dict[int, str], remote: dict[int, str]) -> None:
    """With the other side's read in those buckets only that are others."""
    hashes = {i: record_merge.hash_of({"q": i}) for i in range(31)}
    with Lists() as lists, Lists() as far:
        lists.add("base", (Entry(hashes[i], digest) for i, digest in base.items()))
        lists.add("local", (Entry(hashes[i], digest, i) for i, digest in local.items()))
        far.add("remote", (Entry(hashes[i], digest, i) for i, digest in remote.items()))
        known, there = lists.buckets("base"), far.buckets("remote")
        others = {bucket for bucket in {*known, *there} if known.get(bucket) != there.get(bucket)}
        lists.copy_base(without=others)
        lists.add("remote", (Entry(hashes[i], d, i) for i, d in remote.items() if hashes[i][:2] in others))

        lists.compare(Mode.BOTH)
        found = {each.input_hash: each.step for page in lists.differences() for each in page}

    wanted = {
        hashes[i]: record_merge.step(base.get(i), local.get(i), remote.get(i), Mode.BOTH)
        for i in {*base, *local, *remote}
    }
    assert found == {each: step for each, step in wanted.items() if step is not None}

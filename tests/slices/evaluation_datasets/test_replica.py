"""Replicas of evaluation datasets, on both databases."""

from typing import Any

import pytest
from msgspec.structs import replace

from trackside.core.errors import Invalid, NotFound
from trackside.evaluation_datasets import replica, store
from trackside.evaluation_datasets.records import MAX_SCHEMA_CHARS
from trackside.evaluation_datasets.replica import ImmutableFields, Patch
from trackside.evaluation_datasets.whole_record import Record
from trackside.sync import record_merge

ID = "d-1"
LARGE = '{"inputs": {}, "outputs": {}, "expectations": {}}'.ljust(MAX_SCHEMA_CHARS + 1)


def record(question: int, record_id: str = "", **fields: Any) -> Record:
    whole: dict[str, Any] = {
        "input_hash": record_merge.hash_of({"q": question}),
        "record_id": record_id or f"dr-{question}",
        "created_time": 1,
        "last_update_time": 2,
        "inputs": f'{{"q": {question}}}',
        "outputs": None,
        "expectations": None,
        "tags": "{}",
        "source": None,
        "source_id": None,
        "source_type": None,
        "created_by": "ann",
        "last_updated_by": None,
    }
    return Record(**{**whole, **fields})


def records(db: Any) -> list[Record]:
    with db.read(1) as tx:
        return [each for _, each in replica.scan(tx, ID, "")]


@pytest.fixture
def dataset(db: Any) -> Any:
    with db.write(1) as tx:
        replica.make(tx, ID, ImmutableFields(name="qa", created=5, updated=7, created_by="ann", digest="abc"))
    return db


@pytest.mark.both
def test_a_replica_of_a_dataset_has_the_given_values(dataset: Any) -> None:
    with dataset.write(1) as tx:
        replica.make(tx, ID, ImmutableFields(name="another"))
        replica.change(tx, ID, Patch(tags={"k": "v", "none": None}, experiments=["0"], updated=9))
        replica.change(tx, ID, Patch(tags={"k": "w"}, without_tags=["k", "none", "gone"]))

    with dataset.read(1) as tx:
        found = replica.find(tx, ID)
    assert found == replica.Dataset(ID, "qa", "abc", None, 5, 9, "ann", None, {"k": "w"}, ["0"])


@pytest.mark.both
def test_replicated_records_are_stored_once_and_counted(dataset: Any) -> None:
    three = [record(1), record(2), record(3)]

    with dataset.write(1) as tx:
        replica.put(tx, ID, three)
        replica.put(tx, ID, [replace(three[0], outputs="1"), record(4)])
        replica.drop(tx, ID, [three[1].input_hash, "0" * 64])

    left = [replace(three[0], outputs="1"), three[2], record(4)]
    assert records(dataset) == sorted(left, key=lambda each: each.input_hash)
    with dataset.read(1) as tx:
        assert store.get(tx, ID).profile == '{"num_records": 3}'


@pytest.mark.both
def test_two_records_may_exchange_their_ids(dataset: Any) -> None:
    with dataset.write(1) as tx:
        replica.put(tx, ID, [record(1, "a"), record(2, "b")])
        replica.put(tx, ID, [record(1, "b"), record(2, "a")])

    assert {each.inputs: each.record_id for each in records(dataset)} == {'{"q": 1}': "b", '{"q": 2}': "a"}


def test_an_invalid_record_is_refused(dataset: Any, subtests: pytest.Subtests) -> None:
    wrong: list[list[Record]] = [
        [record(1, "taken")],
        [record(1), record(1, "again")],
        [record(1), record(2, "dr-1")],
        [record(1, input_hash="abc")],
        [record(1, inputs="[1]")],
        [record(1, inputs="no json")],
        [record(1, tags="null")],
        [record(1, outputs="{")],
        [record(1, expectations='"x"')],
        [record(1, created_by="u" * 256)],
        [record(1, source_id="\0")],
        [record(1, record_id="\ud800")],
        [record(1, created_time=-1)],
        [record(1, last_update_time=2**63)],
    ]

    with dataset.write(1) as tx:
        replica.put(tx, ID, [record(9, "taken")])

    for given in wrong:
        with subtests.test(given=given):
            with dataset.write(1) as tx, pytest.raises(Invalid):
                replica.put(tx, ID, given)

            assert records(dataset) == [record(9, "taken")]


def test_an_invalid_dataset_is_refused(dataset: Any) -> None:
    for immutable in (
        ImmutableFields(name=""),
        ImmutableFields(name="n", schema="{}"),
        ImmutableFields(name="n", schema=LARGE),
        ImmutableFields(name="n", digest="d" * 65),
    ):
        with dataset.write(1) as tx, pytest.raises(Invalid):
            replica.make(tx, "d-2", immutable)
    with dataset.write(1) as tx, pytest.raises(NotFound):
        replica.put(tx, "d-3", [record(1)])
    with dataset.write(1) as tx, pytest.raises(NotFound):
        replica.change(tx, ID, Patch(experiments=["99"]))

"""The portions in which a large item is written."""

from hypothesis import given
from hypothesis import strategies as st

from trackside.metrics.series import POINT_BYTES
from trackside.sync import fields, portions
from trackside.sync.document import Doc, Patch
from trackside.sync.fields import Field, FieldKind

KINDS = st.sampled_from(
    [FieldKind.TAG, FieldKind.PARAM, FieldKind.STATUS, FieldKind.NAME, FieldKind.POINT, FieldKind.STAGE]
)
FIELDS = st.builds(Field, KINDS, st.text("abc", max_size=2))


@given(st.dictionaries(FIELDS, st.text(max_size=2), max_size=30), st.lists(FIELDS, unique=True, max_size=10))
def test_portions_together_equal_the_whole(put: Doc, drop: list[Field]) -> None:
    found = portions.of_patch(Patch(put, drop), most=5)

    said = {field: value for each in found for field, value in each.put.items()}
    assert (said, sum(len(each.put) for each in found)) == (put, len(put))
    assert sorted(field for each in found for field in each.drop) == sorted(drop)


@given(st.integers(0, 30), st.integers(1, 7))
def test_a_portion_has_so_many_fields_and_the_end_is_the_last(tags: int, most: int) -> None:
    put = {Field(FieldKind.TAG, str(i)): "v" for i in range(tags)} | {fields.STATUS: "FINISHED"}

    found = portions.of_patch(Patch(put, [Field(FieldKind.PARAM, "p")]), most)

    assert max(map(portions.cost_of_patch, found)) <= most
    assert fields.STATUS in found[-1].put


def test_the_fields_that_create_an_item_come_first() -> None:
    put = {**{Field(FieldKind.TAG, str(i)): "v" for i in range(9)}, fields.NAME: "n", fields.USER: "u"}

    found = portions.of_patch(Patch(put), most=4)

    assert {fields.NAME, fields.USER} <= set(found[0].put)


@given(st.dictionaries(st.text("abc", max_size=2), st.integers(0, 60), max_size=8), st.integers(2, 6))
def test_points_are_divided_and_stay_in_order(sizes: dict[str, int], most: int) -> None:
    series = {key: bytes(range(count)) * POINT_BYTES for key, count in sizes.items()}

    found = list(portions.of_series(series, most))

    joined = {key: b"".join(each.get(key, b"") for each in found) for key in series}
    assert joined == series
    assert all(portions.cost_of_series(each) <= most for each in found)


@given(st.lists(st.integers(0, 12)), st.integers(1, 10), st.integers(1, 4))
def test_batches_have_all_items_in_order_and_fit_or_hold_one_item(sizes: list[int], most: int, most_items: int) -> None:
    batches = list(portions.batched(sizes, lambda size: size, most, most_items))

    assert [size for batch in batches for size in batch] == sizes
    assert all(0 < len(batch) <= most_items for batch in batches)
    assert all(sum(batch) <= most or len(batch) == 1 for batch in batches)

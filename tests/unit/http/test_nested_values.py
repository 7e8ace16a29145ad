"""Values within values of a call, where the body is read field by field: a number as text, or a body that msgspec refuses."""

import pytest
from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.http.codec import Call, decode_body


class _Item(Struct, frozen=True):
    name: str
    pairs: list[tuple[str, str]] = []


class _Items(Call, frozen=True):
    items: list[_Item] | None = None
    ratio: float | None = None


def test_a_missing_field_of_an_item_is_named(subtests: pytest.Subtests) -> None:
    cases = ["[{}]", '[{"pairs":[]}]', '[{"name":null}]', '[{"name":"a"},{}]']
    for items in cases:
        with subtests.test(items=items), pytest.raises(Invalid, match=r"required parameter 'items\[[01]\]\.name'"):
            decode_body(_Items, b'{"items":%s}' % items.encode())


def test_pairs_are_read_next_to_a_value_that_is_not_plain_json() -> None:
    call = decode_body(_Items, b'{"items":[{"name":"a","pairs":[["run","r1"]]}],"ratio":NaN}')

    assert call.items == [_Item("a", [("run", "r1")])]


def test_an_invalid_pair_is_refused_with_its_index(subtests: pytest.Subtests) -> None:
    cases = ['["run"]', '[["run"]]', '[["run","a","b"]]', '[{"run":"a"}]', "[3]"]
    for pairs in cases:
        with (
            subtests.test(pairs=pairs),
            pytest.raises(Invalid, match=r"for parameter 'items\[0\]\.pairs\[0\]' supplied"),
        ):
            decode_body(_Items, b'{"items":[{"name":"a","pairs":%s}]}' % pairs.encode())


def test_a_part_of_a_pair_that_is_not_text_is_refused_with_its_index() -> None:
    with pytest.raises(Invalid, match=r"Invalid value 3 for parameter 'items\[0\]\.pairs\[0\]\[1\]' supplied"):
        decode_body(_Items, b'{"items":[{"name":"a","pairs":[["run",3]]}]}')

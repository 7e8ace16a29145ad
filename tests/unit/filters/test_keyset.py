"""Page tokens: round trips and refusals."""

import base64
import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.filters.keyset import Kind, Start, Term
from trackside.core.filters.to_sql import Binder

SEARCH = keyset.fingerprint("runs", "", [], [1], ["active"])
KINDS: list[Kind] = ["number", "text", "whole number"]


@given(
    st.sampled_from([0, 1, 2]),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.integers(-(2**63) + 1, 2**63 - 1),
)
@example(0, math.inf, "", 0)
@example(0, -math.inf, "", 0)
def test_a_token_contains_the_order_values(rank: int, number: float, text: str, whole: int) -> None:
    token = keyset.token(SEARCH, (rank, number if rank == 0 else None, 0, text, 0, whole))

    start = keyset.start(token, SEARCH, KINDS)

    assert start == Start(after=((rank, number if rank == 0 else None), (0, text), (0, whole)))


def test_a_page_has_a_token_only_if_more_rows_follow() -> None:
    rows = [(10, 0, 1.5), (11, 0, math.inf)]

    assert keyset.cut(rows, 2, SEARCH) == ([10, 11], None)
    assert keyset.cut([], 2, SEARCH) == ([], None)
    page, token = keyset.cut(rows, 1, SEARCH)
    assert page == [10]
    assert keyset.start(token, SEARCH, ["number"]) == Start(after=((0, 1.5),))


def test_a_token_of_stock_mlflow_is_an_offset_of_rows() -> None:
    assert keyset.start(encoded({"offset": 3}), SEARCH, KINDS) == Start(offset=3)


def test_an_invalid_token_is_refused_with_mlflows_message(subtests: pytest.Subtests) -> None:
    cases = [
        ("not base64", "Invalid page token, could not base64-decode"),
        ("x", "Invalid page token, could not base64-decode"),
        ("é", "Invalid page token, could not base64-decode"),
        ("e30=\n", "Invalid page token, could not base64-decode"),
        (base64.b64encode(b'{"offset": "a"}').decode(), "Invalid page token, not stringable a"),
        (base64.b64encode(b'{"offset": 0}').decode(), "Invalid page token, parsed value={'offset': 0}"),
        (base64.b64encode(b"not json").decode(), "Invalid page token, decoded value=b'not json'"),
        (base64.b64encode(b"[" * 100_000).decode(), "Invalid page token, decoded value="),
    ]
    for token, message in cases:
        with subtests.test(token=token, message=message):
            with pytest.raises(Invalid) as caught:
                keyset.start(token, SEARCH, KINDS)

            assert caught.value.message.startswith(message)


def test_a_token_with_invalid_contents_is_refused(subtests: pytest.Subtests) -> None:
    cases: list[Any] = [
        {},
        [],
        7,
        None,
        {"offset": "a"},
        {"offset": 0},
        {"offset": -1},
        {"offset": 2**63},
        {"offset": True, "search": 1},
        {"offsoot": 7},
        {"search": "another", "after": [[0, 1.0], [0, "a"], [0, 1]]},
        {"search": SEARCH, "after": []},
        {"search": SEARCH, "after": [[0, 1.0], [0, "a"]]},
        {"search": SEARCH, "after": [[0, "a"], [0, "a"], [0, 1]]},
        {"search": SEARCH, "after": [[0, 1.0], [0, 5], [0, 1]]},
        {"search": SEARCH, "after": [[0, 1.0], [0, "a"], [0, 1.5]]},
        {"search": SEARCH, "after": [[0, "Infinity"], [0, "a"], [0, "Infinity"]]},
        {"search": SEARCH, "after": [[1, "Infinity"], [0, "a"], [3, 1]]},
        {"search": SEARCH, "after": [[0, True], [0, "a"], [0, 1]]},
        {"search": SEARCH, "after": [[0, 2**63], [0, "a"], [0, 1]]},
        {"search": SEARCH, "after": [[0, 1.0], [0, "\0"], [0, 1]]},
        {"search": SEARCH, "after": [[3, 1.0], [0, "a"], [0, 1]]},
        {"search": SEARCH, "after": [["0", 1.0], [0, "a"], [0, 1]]},
        {"search": SEARCH, "after": [[0], [0, "a"], [0, 1]]},
    ]
    for said in cases:
        with subtests.test(said=said), pytest.raises(Invalid):
            keyset.start(encoded(said), SEARCH, KINDS)


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda data: base64.b64encode(data).decode()))
def test_any_text_is_a_valid_token_or_refused(text: str) -> None:
    with suppress(Invalid):
        keyset.start(text, SEARCH, KINDS)


def test_no_row_comes_after_a_value_that_cannot_be_missing_and_is() -> None:
    binder = Binder()

    assert keyset.beyond([Term("v")], ((keyset.MISSING, None),), binder) == "1 = 0"
    assert keyset.beyond([Term("v")], (), binder) is None


def encoded(said: Any) -> str:
    return base64.b64encode(json.dumps(said).encode()).decode()

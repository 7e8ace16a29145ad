"""Which points only one of two sides has, whatever the order and the pieces they come in."""

from collections.abc import Callable, Iterable

import hypothesis.strategies as st
from hypothesis import given

from trackside.metrics.series import pack
from trackside.sync import metric_delta

histories = st.lists(st.integers(0, 12), unique=True)


def pieces(steps: list[int], size: int, read: list[int]) -> Callable[[], Iterable[bytes]]:
    """`read` grows with each reading."""

    def give() -> Iterable[bytes]:
        read.append(0)
        for at in range(0, len(steps), size):
            yield pack([(step, step, step / 7) for step in steps[at : at + size]])

    return give


@given(histories, histories, st.integers(1, 5), st.integers(1, 5), st.integers(1, 20))
def test_the_difference_is_that_of_the_sets(
    ours: list[int], theirs: list[int], one: int, other: int, most: int
) -> None:
    read: list[int] = []

    found = metric_delta.difference(pieces(ours, one, read), pieces(theirs, other, read), most)

    assert found == (len(set(ours) - set(theirs)), len(set(theirs) - set(ours)))
    is_same = set(ours) == set(theirs)
    assert len(read) == (2 if is_same else 2 + 2 * (1 + max(len(ours), len(theirs)) // most))

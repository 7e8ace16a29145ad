"""Debouncing: a changed key is returned once, after a quiet period."""

from hypothesis import given
from hypothesis import strategies as st

from trackside.core.db.debounce import LONG_QUIET_S, MOST, SHORT_QUIET_S, Debouncer, UncommittedChanges


def test_a_first_change_has_the_short_quiet_period() -> None:
    debouncer: Debouncer[str] = Debouncer()
    debouncer.touch("a", 100.0)

    assert debouncer.take(100.0 + SHORT_QUIET_S / 2, 10) == []
    assert debouncer.take(100.0 + SHORT_QUIET_S, 10) == ["a"]
    assert debouncer.take(200.0, 10) == []

    debouncer.touch("a", 100.0 + 2 * LONG_QUIET_S)
    assert debouncer.take(100.0 + 2 * LONG_QUIET_S + SHORT_QUIET_S, 10) == ["a"]


def test_it_is_empty_when_no_key_waits() -> None:
    debouncer: Debouncer[str] = Debouncer()
    seen = [debouncer.is_empty]
    debouncer.touch("a", 100.0)
    seen.append(debouncer.is_empty)
    debouncer.take(100.0 + SHORT_QUIET_S, 10)
    seen.append(debouncer.is_empty)

    assert seen == [True, False, True]


def test_repeated_changes_have_the_long_quiet_period() -> None:
    debouncer: Debouncer[str] = Debouncer()
    debouncer.touch("a", 100.0)
    assert debouncer.take(100.0 + SHORT_QUIET_S, 10) == ["a"]

    for n in range(1, 10):
        debouncer.touch("a", 100.0 + n * LONG_QUIET_S / 2)
        assert debouncer.take(100.0 + n * LONG_QUIET_S / 2 + SHORT_QUIET_S, 10) == []

    last = 100.0 + 9 * LONG_QUIET_S / 2
    assert debouncer.take(last + LONG_QUIET_S - 0.01, 10) == []
    assert debouncer.take(last + LONG_QUIET_S, 10) == ["a"]


def test_a_final_change_has_the_short_quiet_period() -> None:
    debouncer: Debouncer[str] = Debouncer()
    for n in range(5):
        debouncer.touch("a", 100.0 + n / 100)
    debouncer.touch("a", 100.1, ends=True)

    assert debouncer.take(100.1 + SHORT_QUIET_S, 10) == ["a"]


def test_take_returns_at_most_the_number_asked_for_and_loses_none() -> None:
    debouncer: Debouncer[int] = Debouncer()
    for n in range(7):
        debouncer.touch(n, 100.0)
        debouncer.touch(n + 10, 100.0)
        debouncer.touch(n + 10, 100.0)

    taken = [debouncer.take(110.0, 4) for _ in range(5)]

    assert [len(some) for some in taken] == [4, 4, 4, 2, 0]
    assert sorted(key for some in taken for key in some) == [*range(7), *range(10, 17)]


def test_the_oldest_keys_are_dropped_above_the_limit() -> None:
    debouncer: Debouncer[int] = Debouncer()
    for n in range(MOST + 5):
        debouncer.touch(n, 100.0)

    assert sorted(debouncer.take(110.0, MOST + 5)) == list(range(5, MOST + 5))


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1.5), st.booleans())))
def test_each_key_is_returned_after_its_last_change(changes: list[tuple[int, float, bool]]) -> None:
    debouncer: Debouncer[int] = Debouncer()
    now = 0.0
    last: dict[int, float] = {}
    handed: dict[int, float] = {}
    for key, pause, ends in changes:
        now += pause
        for taken in debouncer.take(now, 3):
            assert now - last[taken] > SHORT_QUIET_S - 1e-9
            handed[taken] = now
        debouncer.touch(key, now, ends=ends)
        last[key] = now
    handed.update(dict.fromkeys(debouncer.take(now + 2 * LONG_QUIET_S, 100), now + 2 * LONG_QUIET_S))

    assert all(handed[key] >= at for key, at in last.items())


def test_the_most_recent_change_is_returned_first() -> None:
    debouncer: Debouncer[str] = Debouncer()
    for n, key in enumerate("abcd"):
        debouncer.touch(key, n / 100)
    debouncer.touch("busy", 0.1)

    now = 0.1 + SHORT_QUIET_S / 2 + 0.04

    assert debouncer.take(now, 2) == ["d", "c"]
    assert debouncer.take(now, 9) == ["b", "a"]
    assert debouncer.take(now + SHORT_QUIET_S, 9) == ["busy"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from([0.0, SHORT_QUIET_S / 2, SHORT_QUIET_S, 1.0, LONG_QUIET_S]),
            st.booleans(),
            st.integers(0, 3),
        ),
        max_size=20,
    )
)
def test_take_returns_the_keys_whose_quiet_period_is_over(changes: list[tuple[int, float, bool, int]]) -> None:
    debouncer: Debouncer[int] = Debouncer()
    now = 0.0
    changed: dict[int, float] = {}
    waiting: dict[int, float] = {}  # quiet period of each, the oldest change first
    for key, pause, ends, most in changes:
        now += pause
        due = [
            each
            for quiet_s in (SHORT_QUIET_S, LONG_QUIET_S)
            for each in reversed(waiting)
            if waiting[each] == quiet_s and changed[each] <= now - quiet_s
        ][:most]
        assert debouncer.take(now, most) == due
        for each in due:
            del waiting[each]
        before = changed.get(key)
        waiting.pop(key, None)
        waiting[key] = (
            LONG_QUIET_S if before is not None and now - before < LONG_QUIET_S and not ends else SHORT_QUIET_S
        )
        debouncer.touch(key, now, ends=ends)
        changed[key] = now


def test_the_quiet_period_of_a_transaction_begins_at_its_commit() -> None:
    debouncer: Debouncer[str] = Debouncer()
    touched = UncommittedChanges(debouncer)
    for key in ("undone", "a"):
        touched.touch(key)
        touched.undo()
    for key, ends in (("a", True), ("b", True), ("a", False)):
        touched.touch(key, ends=ends)
    before = debouncer.take(1000.0, 9)
    touched.commit(100.0)
    touched.commit(100.0 + SHORT_QUIET_S)  # of nothing

    assert before == []
    assert debouncer.take(100.0 + SHORT_QUIET_S, 9) == ["a", "b"]  # the last changed first
    for key, ends in (("a", True), ("b", False)):
        touched.touch(key, ends=ends)
    touched.commit(100.0 + 2 * SHORT_QUIET_S)
    assert debouncer.take(100.0 + 3 * SHORT_QUIET_S, 9) == ["a"]
    assert debouncer.take(100.0 + 2 * LONG_QUIET_S, 9) == ["b"]

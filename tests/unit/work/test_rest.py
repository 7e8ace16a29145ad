"""When what changes has come to rest."""

from hypothesis import given
from hypothesis import strategies as st

from trackside.core.db.rest import LONG_S, MOST, SOON_S, Restless, Stirred


def test_what_changed_after_a_long_silence_rests_soon() -> None:
    restless: Restless[str] = Restless()
    restless.stir("a", 100.0)

    assert restless.take(100.0 + SOON_S / 2, 10) == []
    assert restless.take(100.0 + SOON_S, 10) == ["a"]
    assert restless.take(200.0, 10) == []

    restless.stir("a", 100.0 + 2 * LONG_S)
    assert restless.take(100.0 + 2 * LONG_S + SOON_S, 10) == ["a"]


def test_what_changes_again_and_again_must_be_left_alone_for_long() -> None:
    restless: Restless[str] = Restless()
    restless.stir("a", 100.0)
    assert restless.take(100.0 + SOON_S, 10) == ["a"]

    for n in range(1, 10):
        restless.stir("a", 100.0 + n * LONG_S / 2)
        assert restless.take(100.0 + n * LONG_S / 2 + SOON_S, 10) == []

    last = 100.0 + 9 * LONG_S / 2
    assert restless.take(last + LONG_S - 0.01, 10) == []
    assert restless.take(last + LONG_S, 10) == ["a"]


def test_an_end_rests_soon_however_busy_it_was() -> None:
    restless: Restless[str] = Restless()
    for n in range(5):
        restless.stir("a", 100.0 + n / 100)
    restless.stir("a", 100.1, ends=True)

    assert restless.take(100.1 + SOON_S, 10) == ["a"]


def test_no_more_are_taken_than_asked_for_and_none_is_lost() -> None:
    restless: Restless[int] = Restless()
    for n in range(7):
        restless.stir(n, 100.0)
        restless.stir(n + 10, 100.0)
        restless.stir(n + 10, 100.0)

    taken = [restless.take(110.0, 4) for _ in range(5)]

    assert [len(some) for some in taken] == [4, 4, 4, 2, 0]
    assert sorted(key for some in taken for key in some) == [*range(7), *range(10, 17)]


def test_the_oldest_are_forgotten_beyond_a_number() -> None:
    restless: Restless[int] = Restless()
    for n in range(MOST + 5):
        restless.stir(n, 100.0)

    assert sorted(restless.take(110.0, MOST + 5)) == list(range(5, MOST + 5))


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1.5), st.booleans())))
def test_whatever_changed_is_handed_out_after_its_last_change(changes: list[tuple[int, float, bool]]) -> None:
    restless: Restless[int] = Restless()
    now = 0.0
    last: dict[int, float] = {}
    handed: dict[int, float] = {}
    for key, pause, ends in changes:
        now += pause
        for taken in restless.take(now, 3):
            assert now - last[taken] > SOON_S - 1e-9
            handed[taken] = now
        restless.stir(key, now, ends=ends)
        last[key] = now
    handed.update(dict.fromkeys(restless.take(now + 2 * LONG_S, 100), now + 2 * LONG_S))

    assert all(handed[key] >= at for key, at in last.items())


def test_what_changed_last_is_handed_out_first() -> None:
    restless: Restless[str] = Restless()
    for n, key in enumerate("abcd"):
        restless.stir(key, n / 100)
    restless.stir("busy", 0.1)

    now = 0.1 + SOON_S / 2 + 0.04

    assert restless.take(now, 2) == ["d", "c"]
    assert restless.take(now, 9) == ["b", "a"]
    assert restless.take(now + SOON_S, 9) == ["busy"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from([0.0, SOON_S / 2, SOON_S, 1.0, LONG_S]), st.booleans(), st.integers(0, 3)
        ),
        max_size=20,
    )
)
def test_who_rests_is_whose_last_change_was_long_enough_ago(changes: list[tuple[int, float, bool, int]]) -> None:
    restless: Restless[int] = Restless()
    now = 0.0
    changed: dict[int, float] = {}
    waiting: dict[int, float] = {}  # how long each has to be left alone, the longest ago changed first
    for key, pause, ends, most in changes:
        now += pause
        resting = [
            each
            for rest_s in (SOON_S, LONG_S)
            for each in reversed(waiting)
            if waiting[each] == rest_s and changed[each] <= now - rest_s
        ][:most]
        assert restless.take(now, most) == resting
        for each in resting:
            del waiting[each]
        before = changed.get(key)
        waiting.pop(key, None)
        waiting[key] = LONG_S if before is not None and now - before < LONG_S and not ends else SOON_S
        restless.stir(key, now, ends=ends)
        changed[key] = now


def test_changes_of_a_transaction_count_from_its_commit() -> None:
    restless: Restless[str] = Restless()
    stirred = Stirred(restless)
    for key in ("undone", "a"):
        stirred.stir(key)
        stirred.undo()
    for key, ends in (("a", True), ("b", True), ("a", False)):
        stirred.stir(key, ends=ends)
    before = restless.take(1000.0, 9)
    stirred.commit(100.0)
    stirred.commit(100.0 + SOON_S)  # of nothing

    assert before == []
    assert restless.take(100.0 + SOON_S, 9) == ["a", "b"]  # the last changed first
    for key, ends in (("a", True), ("b", False)):
        stirred.stir(key, ends=ends)
    stirred.commit(100.0 + 2 * SOON_S)
    assert restless.take(100.0 + 3 * SOON_S, 9) == ["a"]
    assert restless.take(100.0 + 2 * LONG_S, 9) == ["b"]

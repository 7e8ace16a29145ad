"""The chime that wakes what waits for a commit."""

import threading

from trackside.core.work.chime import FIRST_REST_S, LONGEST_REST_S, Chime, next_rest_s

LIMIT_S = 60.0


def test_each_ring_is_heard_in_the_end() -> None:
    heard = threading.Semaphore(0)
    chime = Chime(lambda _: heard.release())

    for _ in range(3):
        chime.ring({1})
        assert heard.acquire(timeout=LIMIT_S)
    chime.close()


def test_rings_without_a_pause_are_heard_less_and_less_often() -> None:
    rests = [FIRST_REST_S]
    for _ in range(8):
        rests.append(next_rest_s(rests[-1], was_rung=True))

    assert rests[1] == 2 * FIRST_REST_S
    assert rests[-1] == LONGEST_REST_S
    assert next_rest_s(rests[-1], was_rung=False) == FIRST_REST_S


def test_nobody_is_waited_for_at_the_end() -> None:
    chime = Chime(lambda _: None)

    chime.close()
    chime.ring({1})


def test_workspaces_that_ring_while_nobody_listens_are_named_together() -> None:
    begun, go_on = threading.Event(), threading.Event()
    heard: list[frozenset[int]] = []

    def listen(workspaces: frozenset[int]) -> None:
        heard.append(workspaces)
        begun.set()
        assert go_on.wait(LIMIT_S)

    chime = Chime(listen)
    chime.ring({1})
    assert begun.wait(LIMIT_S)
    begun.clear()
    chime.ring({2})
    chime.ring({3, 2})
    go_on.set()
    assert begun.wait(LIMIT_S)
    chime.close()

    assert heard == [frozenset({1}), frozenset({2, 3})]

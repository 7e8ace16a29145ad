"""The notifier of commits throttles its callback."""

import threading

from trackside.core.work.commit_notifier import FIRST_PAUSE_S, LONGEST_PAUSE_S, CommitNotifier, next_pause_s

LIMIT_S = 60.0


def test_each_notification_reaches_the_callback() -> None:
    heard = threading.Semaphore(0)
    notifier = CommitNotifier(lambda _: heard.release())

    for _ in range(3):
        notifier.notify({1})
        assert heard.acquire(timeout=LIMIT_S)
    notifier.close()


def test_the_pause_doubles_while_notifications_keep_coming() -> None:
    pauses = [FIRST_PAUSE_S]
    for _ in range(8):
        pauses.append(next_pause_s(pauses[-1], is_busy=True))

    assert pauses[1] == 2 * FIRST_PAUSE_S
    assert pauses[-1] == LONGEST_PAUSE_S
    assert next_pause_s(pauses[-1], is_busy=False) == FIRST_PAUSE_S


def test_notify_after_close_does_not_block() -> None:
    notifier = CommitNotifier(lambda _: None)

    notifier.close()
    notifier.notify({1})


def test_workspaces_notified_during_a_callback_are_passed_together() -> None:
    begun, go_on = threading.Event(), threading.Event()
    heard: list[frozenset[int]] = []

    def listen(workspaces: frozenset[int]) -> None:
        heard.append(workspaces)
        begun.set()
        assert go_on.wait(LIMIT_S)

    notifier = CommitNotifier(listen)
    notifier.notify({1})
    assert begun.wait(LIMIT_S)
    begun.clear()
    notifier.notify({2})
    notifier.notify({3, 2})
    go_on.set()
    assert begun.wait(LIMIT_S)
    notifier.close()

    assert heard == [frozenset({1}), frozenset({2, 3})]

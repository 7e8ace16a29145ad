"""Waits for changes of a remote that has a long poll (a Trackside), and wakes the link's worker.

The listener only signals that something changed. The worker reads the remote's change log as without a listener, but less
often.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.errors import Cancelled, RemoteUnavailable, RequestRejected
from trackside.core.work.commit_notifier import FIRST_PAUSE_S, next_pause_s
from trackside.sync.remote.port import News

log = logging.getLogger("trackside.links")

WAIT_S = 45.0  # of one call; proxies end a request without an answer after a minute
BUSY_S = 0.05  # a remote that answers sooner changes all the time, and is called less and less often
RETRY_S = (1.0, 60.0)  # the first delay after a failure of the remote, and the longest


class Remote(Protocol):
    def wait_for_change(self, cursor: int | None, wait_s: float) -> News: ...

    def close(self) -> None: ...


class Listener:
    """A thread that ends when `cancel_token` is cancelled, and when the remote has no long poll or denies it."""

    def __init__(self, name: str, remote: Remote, wake: Callable[[], None], cancel_token: CancelToken) -> None:
        self._remote = remote
        self._wake = wake
        self._cancel_token = cancel_token
        self._news = threading.Event()
        self.is_listening = False
        self._thread = threading.Thread(target=self._run, name=f"trackside-{name}-listener", daemon=True)
        self._thread.start()

    def take_change_signal(self) -> bool:
        """Return whether something changed at the remote since the last call."""
        had_news = self._news.is_set()
        self._news.clear()
        return had_news

    def close(self, wait_s: float) -> None:
        """Wait until the thread has ended, at most `timeout_s`.  The token must be cancelled before."""
        self._thread.join(wait_s)

    def _run(self) -> None:
        pause_s = RETRY_S[0]
        while not self._cancel_token.is_cancelled:
            try:
                self._listen()
            except Cancelled:
                break
            except RequestRejected as refused:
                log.debug("a link polls its remote, which has no long poll for it: %s", refused)
                break
            except RemoteUnavailable as down:
                log.debug("the long poll of a link failed: %s", down)
                pause_s = RETRY_S[0] if self.is_listening else min(2 * pause_s, RETRY_S[1])
            except Exception:
                log.exception("the long poll of a link failed; the link polls its remote")
                break
            finally:
                self.is_listening = False
                self._remote.close()
            if self._cancel_token.wait(pause_s):
                break

    def _listen(self) -> None:
        cursor, pause_s = self._remote.wait_for_change(None, 0).cursor, FIRST_PAUSE_S
        self.is_listening = True
        self._tell()  # of earlier changes
        while not self._cancel_token.is_cancelled:
            began = time.monotonic()
            news = self._remote.wait_for_change(cursor, WAIT_S)
            cursor = news.cursor
            if news.has_changes:
                self._tell()
                pause_s = next_pause_s(pause_s, is_busy=time.monotonic() - began < BUSY_S)
                self._cancel_token.wait(pause_s)

    def _tell(self) -> None:
        self._news.set()
        self._wake()

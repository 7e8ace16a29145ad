"""Throttles the guessing of passwords.  Pure: the clock is an argument.

Failures are counted for each pair of account and address, and for each address.  After the first few, attempts of the pair must
wait, longer each time, up to a quarter of an hour.  Only failures count, no account is locked for good, and failures from one
address do not block the same account at another.
"""

import threading

from msgspec import Struct

FREE_FAILURES = 5
FREE_OF_ADDRESS = 50  # users of an office share an address
FIRST_WAIT_S = 1.0
MAX_WAIT_S = 900.0
FORGET_AFTER_S = 3600.0
_MOST = 50_000


class _Count(Struct):
    failures: int = 0
    last_at: float = 0.0
    open_at: float = 0.0


class Throttle:
    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Count] = {}
        self._lock = threading.Lock()

    def wait_s(self, account: str, address: str, now: float) -> float:
        """Return the seconds until the next attempt is allowed; 0: now."""
        with self._lock:
            found = (self._counts.get((account, address)), self._counts.get(("", address)))
        return max((each.open_at - now for each in found if each is not None), default=0.0)

    def fail(self, account: str, address: str, now: float) -> None:
        with self._lock:
            if len(self._counts) >= _MOST:
                self._forget(now)
            self._count((account, address), FREE_FAILURES, now)
            self._count(("", address), FREE_OF_ADDRESS, now)

    def succeed(self, account: str, address: str) -> None:
        with self._lock:
            self._counts.pop((account, address), None)

    def _count(self, key: tuple[str, str], free: int, now: float) -> None:
        count = self._counts.setdefault(key, _Count())
        if now - count.last_at > FORGET_AFTER_S:
            count.failures = 0
        count.failures += 1
        count.last_at = now
        beyond = count.failures - free
        if beyond > 0:
            count.open_at = now + min(FIRST_WAIT_S * 2 ** min(beyond - 1, 20), MAX_WAIT_S)

    def _forget(self, now: float) -> None:
        """Drop the stale entries; if there are none, the oldest half."""
        kept = {key: count for key, count in self._counts.items() if now - count.last_at <= FORGET_AFTER_S}
        if len(kept) >= _MOST:
            newest = sorted(kept.items(), key=lambda entry: entry[1].last_at, reverse=True)
            kept = dict(newest[: _MOST // 2])
        self._counts = kept

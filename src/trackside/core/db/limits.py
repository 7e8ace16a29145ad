"""The limit of a read: a deadline, and the end of the client's connection."""

import time
from collections.abc import Callable

from trackside.core.errors import TooSlow


def _never() -> bool:
    return False


class Limit:
    """A deadline that runs from the construction, so that the wait for a thread counts."""

    __slots__ = ("_clock", "_is_gone", "_until", "seconds")

    def __init__(
        self, seconds: float, is_gone: Callable[[], bool] = _never, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`is_gone` returns whether the client has disconnected; any thread may call it."""
        self.seconds = seconds
        self._is_gone = is_gone
        self._clock = clock
        self._until = clock() + seconds

    @property
    def left_s(self) -> float:
        return max(0.0, self._until - self._clock())

    def is_over(self) -> bool:
        return self._is_gone() or self._clock() >= self._until

    def check(self) -> None:
        if self.is_over():
            raise self.fault()

    def fault(self) -> TooSlow:
        return TooSlow(
            f"The call took longer than {self.seconds:g} s and was interrupted: narrow the filter, search fewer "
            f"experiments, or start the server with a larger --search-timeout."
        )

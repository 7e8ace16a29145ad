"""The time slice of an item, after which other items are processed."""

import math
import time


class TimeSliceExpired(Exception):
    """The time slice is over.  Completed work is kept; the item continues after others."""


class TimeSlice:
    """A time slice.  It is checked only where a transfer can be continued later, and only after progress, so the transfer ends
    however short slices are."""

    def __init__(self, seconds: float = math.inf) -> None:
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def check(self) -> None:
        if self.is_over:
            raise TimeSliceExpired

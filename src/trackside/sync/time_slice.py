"""The time that an item may take until others are processed.  Knows clocks; knows no item."""

import math
import time


class TimeSliceExpired(Exception):
    """The item used up its time.  What was done is kept; the item is continued after others."""


class TimeSlice:
    """Is asked only where a transfer can be continued later, and only after it made progress: so it ends, however short slices
    are."""

    def __init__(self, seconds: float = math.inf) -> None:
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def check(self) -> None:
        if self.is_over:
            raise TimeSliceExpired

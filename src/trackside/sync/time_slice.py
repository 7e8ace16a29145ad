"""The time that an item has until others have their turn.  Knows clocks; knows no item."""

import math
import time


class TurnOver(Exception):
    """The item had its time.  What was done is kept; it goes on when others had their turn."""


class Turn:
    """Asked where a transfer can go on at another time, and only after it got on: so that it ends, however short turns are."""

    def __init__(self, seconds: float = math.inf) -> None:
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def check(self) -> None:
        if self.is_over:
            raise TurnOver

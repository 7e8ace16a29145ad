"""The columns of a series' buckets.  Pure data, without numpy."""

from msgspec import Struct


class Odd(Struct, frozen=True):
    """Buckets with values that are not finite: the number of each kind, and the last value if it is one."""

    bucket: list[int] = []
    last: list[str | None] = []
    nan: list[int] = []
    inf: list[int] = []
    minus_inf: list[int] = []


class Columns(Struct, frozen=True):
    """The non-empty buckets, one array per column."""

    bucket: list[int]
    x: list[int | float]  # of the last point
    last: list[float | None]
    min: list[float | None]
    max: list[float | None]
    mean: list[float | None]
    count: list[int]
    odd: Odd

"""What the buckets of a series are, column by column.  Pure data, without numpy."""

from msgspec import Struct


class Odd(Struct, frozen=True):
    """Buckets with values that are no finite numbers: how many of each, and the last value where it is one."""

    bucket: list[int] = []
    last: list[str | None] = []
    nan: list[int] = []
    inf: list[int] = []
    minus_inf: list[int] = []


class Columns(Struct, frozen=True):
    """The buckets that have points, one array per column."""

    bucket: list[int]
    x: list[int | float]  # of the last point
    last: list[float | None]
    min: list[float | None]
    max: list[float | None]
    mean: list[float | None]
    count: list[int]
    odd: Odd

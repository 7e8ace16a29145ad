"""The parameters and the answer of a monitor's child process.  Pure."""

from typing import Any

import msgspec
from msgspec import Struct

from trackside.drift.monitors.model import Config, Score

ORDER, RESULT, FAILURE = "order.msgpack", "result.msgpack", "failure"


class File(Struct, frozen=True):
    """A file with rows.  `start` and `end` (ms) are the range of its times; 0 and 0: any."""

    path: str
    start: int = 0
    end: int = 0


class Points(Struct, frozen=True, array_like=True):
    values: bytes
    counts: bytes


class Outcomes(Struct, frozen=True, kw_only=True):
    """Sums of predictions and labels: counts of [prediction, label], sums of errors, and scores by prediction."""

    labelled: int = 0
    confusion: dict[str, dict[str, int]] = {}  # counts by prediction and label
    absolute_error: float = 0.0
    squared_error: float = 0.0
    scores: dict[str, Points] = {}  # the scores of rows by their prediction
    label_scores: dict[str, Points] = {}  # the scores of labelled rows by their label


class Known(Struct, frozen=True):
    """A stored window."""

    slice: str
    start: int
    end: int
    sums: bytes
    result: str = ""


class Calibration(Struct, frozen=True):
    """Scores to probabilities, by isotonic regression on the baseline: piecewise linear through (x, y)."""

    positive: str
    x: list[float]
    y: list[float]


class Extra(Struct, frozen=True, kw_only=True):
    """Values that need a baseline's rows.  `weekdays` has its sums by weekday, if it spans four weeks."""

    rows: bytes = b""  # a sample of them, as Parquet
    weekdays: dict[int, bytes] = {}
    calibration: Calibration | None = None
    performance: dict[str, float] = {}
    importances: dict[str, float] = {}
    notes: list[str] = []


class KnownBaseline(Struct, frozen=True):
    slice: str
    sums: bytes
    extra: bytes = b""


class Order(Struct, frozen=True, kw_only=True):
    """`windows` are read from `files`; `judged` are the starts of the windows, read or known, that get a result.

    Without `baseline` the child reads one from `baseline_files`."""

    config: Config
    windows: list[tuple[int, int]]
    judged: list[int]
    files: list[File] = []
    known: list[Known] = []
    baseline: list[KnownBaseline] = []
    baseline_files: list[str] = []
    labels: list[tuple[str, int, str]] = []  # request id, row, label


class Judged(Struct, frozen=True, kw_only=True):
    slice: str
    start: int
    end: int
    rows: int
    sums: bytes
    scores: list[Score]
    result: bytes  # JSON


class Answer(Struct, frozen=True, kw_only=True):
    windows: list[Judged]
    baseline: list[KnownBaseline] = []
    note: str = ""


def to_bytes(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)

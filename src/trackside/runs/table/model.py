"""A table of runs in the API: the call, its columns, and the columnar answer."""

from collections.abc import Sequence

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.filters.fields import RUNS
from trackside.core.filters.nodes import Entity, Field
from trackside.core.filters.parse import parse_field
from trackside.metrics.series import DOUBLE_MAX
from trackside.runs.selection import SelectRuns

MAX_COLUMNS = 200
MAX_ROWS = 5_000
DEFAULT_ROWS = 100

DATASETS = "datasets"


class DatasetCell(Struct, frozen=True, kw_only=True):
    """`context` is the value of MLflow's tag, such as `train`; null if the run has none."""

    name: str
    digest: str
    context: str | None


Cell = float | int | str | list[DatasetCell] | None


class RunsTable(SelectRuns, frozen=True):
    columns: list[str] | None = None
    order_by: list[str] | None = None
    max_results: int | None = None
    offset: int | None = None
    page_token: str | None = None
    snapshot: str | None = None
    parent: str | None = None  # absent: a flat list; empty: the top rows of the tree; a run id: its children


class RunRows(Struct, frozen=True, kw_only=True):
    """One array per attribute, all of the same length."""

    run_id: list[str] = []
    run_name: list[str] = []
    experiment_id: list[str] = []
    status: list[str] = []
    lifecycle_stage: list[str] = []
    user_id: list[str] = []
    start_time: list[int] = []  # ms
    end_time: list[int | None] = []  # ms
    parent_run_id: list[str | None] = []
    parent_run_name: list[str | None] = []  # null if the run has no parent, or one that the caller cannot read
    children: list[int] = []  # direct children, in any experiment
    matches: list[bool] = []  # False: listed because a descendant matches


class Window(Struct, frozen=True, kw_only=True):
    """`columns` has an array per column of the call, aligned with `runs`.

    `matching` is the number of rows in the requested list, which in a tree are the top rows or the children of one run.
    `matching_runs` is the number of runs that match the filter at any level; `total` is the number of runs without the filter."""

    matching: int
    matching_runs: int
    total: int
    offset: int | None  # None: the window begins at a page token
    snapshot: str
    runs: RunRows
    columns: list[list[Cell]]
    next_page_token: str | None = None


def columns_of(names: Sequence[str]) -> list[Field]:
    """Return the fields with these names.  Raise Invalid, with the name, for an invalid one."""
    if len(names) > MAX_COLUMNS:
        raise Invalid(f"columns has {len(names)} fields; at most {MAX_COLUMNS} are allowed")
    found = []
    for name in names:
        field = Field(Entity.DATASET, DATASETS) if name == DATASETS else parse_field(name, RUNS)
        if field.entity is Entity.DATASET and name != DATASETS:
            raise Invalid(f"{name!r} cannot be a column; use {DATASETS!r}, a metric, param, tag or attribute")
        found.append(field)
    return found


def rows_of(asked: int | None) -> int:
    rows = DEFAULT_ROWS if asked is None else asked
    if not 1 <= rows <= MAX_ROWS:
        raise Invalid(f"max_results is {rows}; it must be between 1 and {MAX_ROWS}")
    return rows


def offset_of(asked: int | None) -> int:
    if asked is not None and asked < 0:
        raise Invalid(f"offset is {asked}; it must be 0 or more")
    return asked or 0


def number_cell(value: float | None, *, is_nan: bool | int = False) -> Cell:
    """Return a number for JSON, which has no NaN and no infinity; the store has the largest double instead of an infinity."""
    if is_nan or value is None or value != value:
        return "NaN"
    if value >= DOUBLE_MAX:
        return "Infinity"
    return "-Infinity" if value <= -DOUBLE_MAX else value


def dataset_text(datasets: Sequence[DatasetCell]) -> str:
    """Return the datasets of a run as the text of one cell in a file: `iris (train), wine`."""
    return ", ".join(each.name if each.context is None else f"{each.name} ({each.context})" for each in datasets)

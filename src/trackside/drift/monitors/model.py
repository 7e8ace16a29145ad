"""Drift monitors in the API, and checks of their values.  Pure."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.drift.monitors import windows
from trackside.drift.monitors.windows import Size

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}")
RULES = ("default", "azure-v2", "azure-v1", "evidently", "nannyml")
MAX_COLUMNS = 1000
MAX_SLICE_COLUMNS = 5
MAX_TEXT = 2000
MAX_LATENCY_S = 31 * 86_400
MAX_PAST = 366
MAX_MONITORS = 1000  # in a workspace
MAX_WINDOWS = 400  # in one backfill
MAX_LISTED = 1000
DEFAULT_LATENCY_S, DEFAULT_LABEL_DAYS = 600, 30


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`endpoint`: its request log, of one `deployment` or all.  `table`: a Parquet or CSV file or a folder of Parquet files, at
    runs:/RUN/PATH or a path below the server's --job-folders, with the column `timestamp`."""

    endpoint: str = ""
    deployment: str = ""
    table: str = ""
    timestamp: str = ""


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of: `dataset`, the name or id of an evaluation dataset; `table`, a location as for a target; `run`, whose
    logged dataset is used (`dataset` selects one of several); `past_windows`, this many windows of the target before the judged
    one; `since` and `until`, a fixed range of times (ms) of the target."""

    dataset: str = ""
    table: str = ""
    timestamp: str = ""  # of `table`: with four weeks or more, a day is compared with the same weekdays
    run: str = ""
    past_windows: int = 0
    since: int = 0
    until: int = 0

    @property
    def is_past(self) -> bool:
        return bool(self.past_windows or self.until)


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a comparison.  Names of columns: `prediction` has the model's answer, `score` its probability of the
    positive class, `label` the truth if the table or baseline has it."""

    target: Target
    baseline: Baseline
    window: Size = "day"
    timezone: str = "UTC"
    latency_s: int = DEFAULT_LATENCY_S
    label_days: int = DEFAULT_LABEL_DAYS
    rules: str = "default"
    columns: list[str] = []  # empty: all
    slices: list[str] = []  # rows are also compared separately for each value of these columns
    prediction: str = "prediction"
    score: str = ""
    label: str = "label"
    task: Literal["", "classification", "regression"] = ""  # empty: derived from the type of the predictions
    magnitude: bool = False
    attribution: bool = False


class Monitor(Struct, frozen=True, kw_only=True):
    monitor_seq: int
    name: str
    config: Config
    is_scheduled: bool
    next_at: int
    computed_at: int
    baseline_key: str
    note: str
    user: str
    principal_id: int | None
    created_at: int
    updated_at: int
    pause_reason: str = ""  # of the server; empty for a monitor that a user paused


# The requests.


class CreateMonitor(Call, frozen=True):
    """`target` and `baseline` are objects as described in the guide on drift.  `is_scheduled` false: windows are computed only on
    request."""

    required: ClassVar[tuple[str, ...]] = ("name", "target", "baseline")
    name: str | None = None
    target: dict[str, Any] | None = None
    baseline: dict[str, Any] | None = None
    window: str | None = None
    timezone: str | None = None
    latency_s: int | None = None
    label_days: int | None = None
    rules: str | None = None
    columns: list[str] | None = None
    slices: list[str] | None = None
    prediction: str | None = None
    score: str | None = None
    label: str | None = None
    task: str | None = None
    magnitude: bool | None = None
    attribution: bool | None = None
    is_scheduled: bool | None = None


class UpdateMonitor(Call, frozen=True):
    """The values to change.  A new baseline, rule set or list of columns judges stored windows again, from their sums."""

    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    baseline: dict[str, Any] | None = None
    latency_s: int | None = None
    label_days: int | None = None
    rules: str | None = None
    columns: list[str] | None = None
    magnitude: bool | None = None
    attribution: bool | None = None
    is_scheduled: bool | None = None


class OfMonitor(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None


class RunMonitor(Call, frozen=True):
    """Without times: the due windows, and the current one so far.  With `start` (and `end`): a backfill."""

    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    start: str | None = None
    end: str | None = None


class ListMonitors(Call, frozen=True):
    pass


class OfWindows(Call, frozen=True):
    """`slice` is empty for all rows.  `since` and `until` filter the list; without them: the newest windows."""

    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    slice: str | None = None
    since: str | None = None
    until: str | None = None
    limit: int | None = None


class OfReport(Call, frozen=True):
    """`start` of the window (default the newest one)."""

    required: ClassVar[tuple[str, ...]] = ()
    name: str | None = None
    start: str | None = None
    slice: str | None = None


class OfResult(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "start")
    name: str | None = None
    start: str | None = None
    slice: str | None = None


class ListIncidents(Call, frozen=True):
    """`name` selects a monitor, `open` the open incidents."""

    required: ClassVar[tuple[str, ...]] = ()
    name: str | None = None
    open: bool | None = None
    limit: int | None = None


# The answers.


class ShownMonitor(Answer, frozen=True):
    """`note` warns of weak results, for example with a small baseline.  `next_at` is the time of the next computation.
    `pause_reason` says why the server paused it."""

    name: str
    target: dict[str, Any]
    baseline: dict[str, Any]
    window: str
    timezone: str
    latency_s: int
    label_days: int
    rules: str
    is_scheduled: bool
    user: str
    created_at: int
    updated_at: int
    columns: list[str] = field(default_factory=list)
    slices: list[str] = field(default_factory=list)
    prediction: str = ""
    score: str = ""
    label: str = ""
    task: str = ""
    magnitude: bool = False
    attribution: bool = False
    note: str = ""
    pause_reason: str = ""
    next_at: int | UnsetType = UNSET
    open_incidents: int = 0
    windows: int = 0
    last_window: int | UnsetType = UNSET


class GotMonitor(Answer, frozen=True):
    monitor: ShownMonitor


class Monitors(Answer, frozen=True):
    monitors: list[ShownMonitor] = field(default_factory=list)


class Score(Struct, frozen=True, omit_defaults=True):
    """A rule's score of a column in a window.  `subject` is drift, or a kind of data quality or performance."""

    column: str
    subject: str
    value: float
    threshold: float
    is_over: bool = False
    signal: str = ""


class ShownWindow(Answer, frozen=True):
    """`scores` are the values by which rules decide."""

    start: int
    end: int
    rows: int
    is_complete: bool
    computed_at: int
    drifted: list[str]
    scores: list[Score] = field(default_factory=list)


class Windows(Answer, frozen=True):
    """Windows in the order of time.  `slices` are the monitor's slices that have windows."""

    windows: list[ShownWindow] = field(default_factory=list)
    slices: list[str] = field(default_factory=list)


class GotResult(Answer, frozen=True):
    """`result` has each signal of each column with its variant."""

    window: ShownWindow
    result: msgspec.Raw


class ShownIncident(Answer, frozen=True):
    """An incident, from the window that opened it (`opened_at`) to the one that closed it.  `value` is the newest score, `worst`
    the greatest."""

    incident: int
    monitor: str
    slice: str
    column: str
    subject: str
    opened_at: int
    signal: str
    value: float
    worst: float
    threshold: float
    notices: int
    notified_at: int
    closed_at: int | UnsetType = UNSET


class Incidents(Answer, frozen=True):
    incidents: list[ShownIncident] = field(default_factory=list)


# Checks.


def check_name(given: str | None) -> str:
    if not NAME.fullmatch(given or ""):
        raise Invalid(
            f"name is {(given or '')[:100]!r}; the name of a monitor has 1 to 100 letters, digits, dots, dashes and underscores"
        ).because("bad-name", kind="drift_monitor", name=given or "")
    return given or ""


def check_config(call: CreateMonitor) -> Config:
    """Return the configuration of a call.  Raise Invalid."""
    fields = {
        name: value
        for name in Config.__struct_fields__
        if name not in ("target", "baseline") and (value := getattr(call, name)) is not None
    }
    given = {**fields, "target": call.target or {}, "baseline": check_times(call.baseline or {})}
    try:
        found = msgspec.convert(given, Config)
    except msgspec.ValidationError as fault:
        raise Invalid(f"a monitor: {fault}") from None
    return checked(found)


def check_times(baseline: dict[str, Any]) -> dict[str, Any]:
    """Return a baseline with its times in ms."""
    times = {key: windows.time_of(f"baseline {key}", baseline[key]) for key in ("since", "until") if baseline.get(key)}
    return {**baseline, **times}


def checked(config: Config) -> Config:
    """Return the configuration.  Raise Invalid for values that do not fit together."""
    _check_target(config.target)
    _check_baseline(config.baseline)
    windows.zone(config.timezone)
    if not 0 <= config.latency_s <= MAX_LATENCY_S:
        raise Invalid(f"latency_s is {config.latency_s}; it must be between 0 and {MAX_LATENCY_S} seconds")
    if not 0 <= config.label_days <= 366:
        raise Invalid(f"label_days is {config.label_days}; it must be between 0 and 366")
    if config.rules not in RULES:
        raise Invalid(f"rules is {config.rules[:50]!r}; it must be one of {', '.join(RULES)}")
    if len(config.columns) > MAX_COLUMNS:
        raise Invalid(f"columns has {len(config.columns)} names; a monitor compares at most {MAX_COLUMNS}")
    if len(config.slices) > MAX_SLICE_COLUMNS:
        raise Invalid(f"slices has {len(config.slices)} columns; it may have {MAX_SLICE_COLUMNS}")
    for name in (*config.columns, *config.slices, config.prediction, config.score, config.label):
        if len(name) > MAX_TEXT or not name.isprintable():
            raise Invalid(f"{name[:50]!r} is not a column name: it must have at most {MAX_TEXT} printable characters")
    if config.baseline.is_past and config.rules in ("nannyml", "azure-v1"):
        raise Invalid(
            f"rules is {config.rules!r}, which needs the rows of a baseline; for a baseline of past windows, choose default,"
            " azure-v2 or evidently"
        )
    return config


def _check_target(target: Target) -> None:
    if bool(target.endpoint) == bool(target.table):
        raise Invalid("target must have either endpoint or table" + (", and not both" if target.table else ""))
    if target.table and not target.timestamp:
        raise Invalid("target has a table; it must also have timestamp, the column with the time of a row")
    if target.deployment and not target.endpoint:
        raise Invalid("target has deployment, which is only for a target with endpoint")
    _check_texts("target", target)


def _check_baseline(baseline: Baseline) -> None:
    kinds = [
        name
        for name, is_given in (
            ("dataset", bool(baseline.dataset) and not baseline.run),
            ("table", bool(baseline.table)),
            ("run", bool(baseline.run)),
            ("past_windows", bool(baseline.past_windows)),
            ("until", bool(baseline.since or baseline.until)),
        )
        if is_given
    ]
    if len(kinds) != 1:
        said = f"it has {' and '.join(kinds)}" if kinds else "it has none"
        raise Invalid(f"baseline must have one of dataset, table, run, past_windows, or since with until; {said}")
    if not 0 <= baseline.past_windows <= MAX_PAST:
        raise Invalid(f"baseline past_windows is {baseline.past_windows}; it must be between 1 and {MAX_PAST}")
    if kinds == ["until"] and not 0 < baseline.since < baseline.until:
        raise Invalid("baseline since and until must be two times, since the earlier one")
    if baseline.timestamp and not baseline.table:
        raise Invalid("baseline has timestamp, which is only for a baseline with table")
    _check_texts("baseline", baseline)


def _check_texts(what: str, given: Target | Baseline) -> None:
    for name in given.__struct_fields__:
        value = getattr(given, name)
        if isinstance(value, str) and (len(value) > MAX_TEXT or not value.isprintable()):
            raise Invalid(f"{what} {name} is {value[:100]!r}; it must have at most {MAX_TEXT} printable characters")


def drifted(scores: Sequence[Score]) -> list[str]:
    """Return the columns with a score above its threshold, the highest ratio first."""
    over = [each for each in scores if each.is_over]
    over.sort(key=lambda each: -each.value / each.threshold if each.threshold else 0.0)
    return list(dict.fromkeys(each.column or each.subject for each in over))


def check_limit(given: int | None, usual: int) -> int:
    value = usual if given is None else given
    if not 1 <= value <= MAX_LISTED:
        raise Invalid(f"limit is {value}; it must be between 1 and {MAX_LISTED}")
    return value


def shown(monitor: Monitor, open_incidents: int = 0, count: int = 0, last: int | None = None) -> ShownMonitor:
    config = monitor.config
    values = {name: getattr(config, name) for name in Config.__struct_fields__ if name not in ("target", "baseline")}
    return ShownMonitor(
        name=monitor.name,
        target=msgspec.to_builtins(config.target),
        baseline=msgspec.to_builtins(config.baseline),
        is_scheduled=monitor.is_scheduled,
        user=monitor.user,
        created_at=monitor.created_at,
        updated_at=monitor.updated_at,
        note=monitor.note,
        pause_reason=monitor.pause_reason,
        next_at=monitor.next_at if monitor.is_scheduled and monitor.next_at else UNSET,
        open_incidents=open_incidents,
        windows=count,
        last_window=UNSET if last is None else last,
        **values,
    )

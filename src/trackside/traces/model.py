"""Traces in the API, and checks of their names and values.  Pure.

Times and durations of MLflow's calls are texts (`2026-11-29T10:00:00.123Z`, `0.056s`), as in protobuf's JSON.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Raw, Struct

from trackside.core import names
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import Answer, Call, Part
from trackside.traces.spans import loads

MAX_ID = 50
MAX_KEY = 250
MAX_TAG = 8_000
MAX_METADATA = 8_000
MAX_SESSION = 250
_CUT = "..."  # the end of a truncated session id
MAX_NAME = 4_096
MAX_PREVIEW = 1_000
MAX_RESULTS = 500
DEFAULT_RESULTS = 100
MAX_SPAN_NAME = 500  # of the row that filters read; the body has the full name

NAME = "mlflow.traceName"
ARTIFACT_LOCATION = "mlflow.artifactLocation"
SPANS_LOCATION = "mlflow.trace.spansLocation"
IN_STORE = "TRACKING_STORE"
FIXED_TAGS = (SPANS_LOCATION, "mlflow.trace.archiveLocation", "mlflow.trace.archivalFailure")
REMOVABLE_TAGS = ("mlflow.trace.archivalFailure",)
SERVER_TAGS = (*FIXED_TAGS, ARTIFACT_LOCATION)  # a span cannot set them

SESSION = "mlflow.trace.session"
USER = "mlflow.trace.user"
SOURCE_RUN = "mlflow.sourceRun"
MODEL_ID = "mlflow.modelId"
TOKEN_USAGE = "mlflow.trace.tokenUsage"  # noqa: S105  # a key of metadata
COST = "mlflow.trace.cost"
SIZE_STATS = "mlflow.trace.sizeStats"
FINALIZED = "mlflow.trace.infoFinalized"

TOKEN_KEYS = ("input_tokens", "output_tokens", "total_tokens")
CACHE_KEYS = ("cache_read_input_tokens", "cache_creation_input_tokens")
COST_KEYS = ("input_cost", "output_cost", "total_cost")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.-]*")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)
_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s")


class State(StrEnum):
    UNSPECIFIED = "STATE_UNSPECIFIED"
    OK = "OK"
    ERROR = "ERROR"
    IN_PROGRESS = "IN_PROGRESS"


class ExperimentPlace(Part, frozen=True):
    experiment_id: str = ""


class Location(Part, frozen=True):
    type: str | None = None
    mlflow_experiment: ExperimentPlace | None = None
    inference_table: Any = None  # of Databricks
    uc_schema: Any = None
    uc_table_prefix: Any = None


class TraceInfo(Part, frozen=True):
    """The trace in a StartTraceV3 call."""

    trace_id: str | None = None
    client_request_id: str | None = None
    trace_location: Location | None = None
    request: str | None = None  # the names of MLflow 3.0 to 3.2
    response: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str | None = None
    execution_duration: str | None = None
    state: str | None = None
    trace_metadata: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    assessments: list[Any] | None = None


class WireTrace(Part, frozen=True):
    trace_info: TraceInfo | None = None
    spans: list[Any] | None = None


class StartTrace(Call, frozen=True):
    required = ("trace",)
    trace: WireTrace | None = None


class OfTrace(Call, frozen=True):
    trace_id: str = ""


class GetTrace(Call, frozen=True):
    required = ("trace_id",)
    trace_id: str | None = None
    allow_partial: bool = False


class BatchGet(Call, frozen=True):
    required = ("trace_ids",)
    trace_ids: list[str] | None = None
    experiment_ids: list[str] | None = None


class SearchTraces(Call, frozen=True):
    locations: list[Location] | None = None
    filter: str | None = None
    max_results: int | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class SetTag(Call, frozen=True):
    required = ("key",)
    trace_id: str = ""
    request_id: str | None = None
    key: str | None = None
    value: str | None = None


class DeleteTag(Call, frozen=True):
    required = ("key",)
    trace_id: str = ""
    request_id: str | None = None
    key: str | None = None


class DeleteTraces(Call, frozen=True):
    required = ("experiment_id",)
    experiment_id: str | None = None
    max_timestamp_millis: int | None = None
    max_traces: int | None = None
    request_ids: list[str] | None = None


class LinkToRun(Call, frozen=True):
    required = ("run_id",)
    trace_ids: list[str] | None = None
    run_id: str | None = None


class PromptVersion(Part, frozen=True):
    name: str = ""
    version: str = ""


class LinkPrompts(Call, frozen=True):
    required = ("trace_id",)
    trace_id: str | None = None
    prompt_versions: list[PromptVersion] | None = None


class Deleted(Answer, frozen=True):
    traces_deleted: int


class OneTrace(Answer, frozen=True):
    trace: Raw


class Traces(Answer, frozen=True):
    traces: list[Raw] = []
    next_page_token: str | None = None


class TraceInfos(Answer, frozen=True):
    trace_infos: list[Raw] = []


class Tokens(Struct, frozen=True):
    """Numbers of tokens, each with a column of its own; None if unknown."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None


class Costs(Struct, frozen=True):
    """Costs in US dollars."""

    input_cost: float | None = None
    output_cost: float | None = None
    total_cost: float | None = None


def is_id(trace_id: str) -> bool:
    """Return whether a trace may have this id."""
    return len(trace_id) <= MAX_ID and _ID.fullmatch(trace_id) is not None


def check_id(trace_id: str | None) -> str:
    """Return the id of a trace, or raise Invalid: it becomes a part of the trace's artifact location."""
    if not trace_id or not is_id(trace_id):
        raise Invalid(
            f"trace_id is {names.shown(trace_id or '')}; a trace's id has 1 to {MAX_ID} letters, digits, '_', ':', '.' and '-', "
            "the first a letter or digit"
        )
    return trace_id


def check_tag(key: str | None, value: str | None) -> tuple[str, str]:
    """Return key and value of a tag; a long value is truncated, as in MLflow."""
    if key is None:
        raise Invalid("Missing value for required parameter 'key'.")
    names.check_key(key, "key")
    if len(key) > MAX_KEY:
        raise Invalid(f"'key' exceeds the maximum length of {MAX_KEY} characters")
    value = value or ""
    if key == NAME:
        return key, check_name(value)
    return key, value[:MAX_TAG]


def check_name(name: str) -> str:
    if len(name) > MAX_NAME:
        raise Invalid(f"'Trace name' exceeds the maximum length of {MAX_NAME} characters")
    return name


def check_session(session: str) -> str:
    if len(session) > MAX_SESSION:
        raise Invalid(f"'Session ID' exceeds the maximum length of {MAX_SESSION} characters")
    return session


def cut_session(session: str) -> str:
    """Return the session id, truncated as MLflow's client does before it sends a trace."""
    return session if len(session) <= MAX_SESSION else f"{session[: MAX_SESSION - len(_CUT)]}{_CUT}"


def check_changeable(key: str | None, verb: str) -> None:
    """Raise Invalid for a tag that only the server changes; `verb`: set or deleted."""
    if key in FIXED_TAGS and not (verb == "deleted" and key in REMOVABLE_TAGS):
        raise Invalid(f"Tag '{key}' is immutable and cannot be {verb} on a trace.")


def cut_map(given: dict[str, str] | None, most: int) -> dict[str, str]:
    """Return tags or metadata with keys and values truncated to the stored length, as MLflow's own clients do."""
    return {key[:MAX_KEY]: value[:most] for key, value in (given or {}).items()}


def missing(trace_id: str) -> NotFound:
    return NotFound(f"Trace with ID '{trace_id}' not found.").because("missing", kind="trace", name=trace_id)


def time_ms(text: str | None) -> int:
    """Return the milliseconds since 1970 of a protobuf timestamp; 0 for a missing one."""
    if not text:
        return 0
    found = _TIME.fullmatch(text)
    if found is None:
        raise Invalid(f"request_time is {names.shown(text)}; it must be a time such as 2026-11-29T10:00:00.123Z")
    try:
        zone = "+00:00" if found[3] in ("Z", "z") else found[3]
        seconds = datetime.fromisoformat(found[1] + zone).timestamp()
    except (ValueError, OverflowError):
        raise Invalid(f"request_time is {names.shown(text)}, which is not a date") from None
    return round(seconds) * 1000 + int((found[2] or "0").ljust(9, "0")[:3])


def time_text(ms: int) -> str:
    """Return a protobuf timestamp; a time outside of its range (the years 1 to 9999) becomes the nearest in it."""
    seconds, rest = divmod(min(max(ms, _FIRST_MS), _LAST_MS), 1000)
    text = datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def duration_ms(text: str | None) -> int | None:
    if not text:
        return None
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Invalid(f"execution_duration is {names.shown(text)}; it must be seconds such as 0.056s")
    ms = int(found[2]) * 1000 + int((found[3] or "0").ljust(9, "0")[:3])
    return -ms if found[1] else ms


def duration_text(ms: int) -> str:
    seconds, rest = divmod(abs(ms), 1000)
    sign = "-" if ms < 0 else ""
    return f"{sign}{seconds}.{rest:03d}s" if rest else f"{sign}{seconds}s"


def state_of(text: str | None) -> str:
    """Return the name of a state; protobuf's JSON may have its number."""
    if text in ("0", "1", "2", "3"):
        return tuple(State)[int(text)]
    return text if text in frozenset(State) else State.UNSPECIFIED


def json_object(text: str | None) -> dict[str, Any]:
    """Return the JSON object in a text; an empty one for anything else."""
    if not text:
        return {}
    try:
        found = loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def tokens_of(usage: dict[str, Any]) -> Tokens:
    return Tokens(**{key: whole(usage.get(key)) for key in (*TOKEN_KEYS, *CACHE_KEYS)})


def costs_of(cost: dict[str, Any]) -> Costs:
    return Costs(**{key: finite(cost.get(key)) for key in COST_KEYS})


def whole(value: Any) -> int | None:
    """Return a count that fits into 64 bits; None for anything else."""
    if type(value) is int and -(2**63) < value < 2**63:
        return value
    number = finite(value)
    return None if number is None or abs(number) >= 2**63 else int(number)


def finite(value: Any) -> float | None:
    if value is None or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def encode_map(given: dict[str, str]) -> str:
    return msgspec.json.encode(given).decode()

"""Profiles of models: parameters, results, and the recommended settings of an endpoint.  Pure."""

import math
from collections.abc import Sequence
from typing import Annotated

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.errors import Invalid
from trackside.jobs.model import one_of
from trackside.scoring.model import ENVS, FORMATS, check_format

MAX_CALLERS = 256
MAX_LEVELS = 20
MAX_SECONDS = 600.0
MAX_ROWS = 100_000
MAX_THREADS = 64
UTILIZATION = 0.7  # of an endpoint's replicas; the default of `target_utilization`
RESERVE = 1.25  # times the measured memory
MEMORY_STEP_MB = 64
BATCHINGS = ("auto", "on", "off")


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` is a model URI.  `input` is a table with sample rows, at a location as for a job of kind `score`; without it, the
    model's input example is sent.  Each request has `rows` rows of it.

    Requests are sent for `seconds` by each number of callers in `concurrency` in turn, to one replica with `threads` and
    `batching` as in the spec of a deployment.  `rate` is the expected number of requests per second of an endpoint, and
    `latency_ms` the limit for the latency of 95 % of the requests; 0: unknown."""

    model: str
    input: str = ""
    input_format: Annotated[str, one_of("", *FORMATS)] = ""  # empty: by the extension of the name
    rows: int = 1
    concurrency: tuple[int, ...] = (1, 2, 4, 8)
    seconds: float = 5.0
    rate: float = 0.0
    latency_ms: float = 0.0
    threads: int = 1
    batching: Annotated[str, one_of(*BATCHINGS)] = "auto"
    max_rows: int = 4096
    timeout_s: float = 60.0
    env: Annotated[str, one_of(*ENVS)] = "auto"
    run_id: str = ""
    experiment_id: str = "0"


class Level(Struct, frozen=True, kw_only=True):
    """The measurements with a number of concurrent callers, each of which sends one request after the other.  `reason` is the
    error of a failed request."""

    callers: int
    requests: int
    failed: int
    requests_per_s: float
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    cpu_ms_per_request: float
    cores: float
    reason: str = ""


class Measured(Struct, frozen=True, kw_only=True):
    """The report of the process.  Sizes are None on systems that do not provide them."""

    load_s: float
    levels: list[Level]
    idle_mb: float | None = None
    peak_mb: float | None = None
    address_space_mb: float | None = None
    rows_per_request: int | None = None


class Recommended(Struct, frozen=True, kw_only=True):
    """Settings of an endpoint.  `replicas` and `memory_mb` are fields of a deployment's spec: `memory_mb` limits the address
    space.  `cores` and `memory_gb` are the resources of a machine or a container that one replica needs.

    `callers` is the recommended number of concurrent requests of a replica, at which the measured rate was highest, or highest
    within the latency limit.  `meets_latency` is False if no measurement met that limit."""

    callers: int
    requests_per_s: float
    replicas: int
    cores: float
    memory_gb: float | None = None
    memory_mb: int | None = None
    meets_latency: bool = True


class Profiled(Struct, frozen=True, kw_only=True):
    run_id: str
    model: str
    load_s: float
    levels: list[Level]
    recommended: Recommended
    idle_mb: float | None = None
    peak_mb: float | None = None
    rows_per_request: int | None = None


def check(params: Profile) -> Profile:
    """Return the parameters with the format of the input.  Raise Invalid for invalid values."""
    for name, value, known in (("env", params.env, ENVS), ("batching", params.batching, BATCHINGS)):
        if value not in known:
            raise Invalid(f"{name} is {value[:50]!r}; it must be one of {', '.join(known)}")
    if not 1 <= len(params.concurrency) <= MAX_LEVELS:
        raise Invalid(f"concurrency has {len(params.concurrency)} numbers; it must have 1 to {MAX_LEVELS}")
    for name, number, least, most in (
        *(("concurrency", callers, 1, MAX_CALLERS) for callers in params.concurrency),
        ("rows", params.rows, 1, MAX_ROWS),
        ("threads", params.threads, 1, MAX_THREADS),
        ("max_rows", params.max_rows, 1, MAX_ROWS),
    ):
        if not least <= number <= most:
            raise Invalid(f"{name} is {number}; it must be between {least} and {most}")
    for name, amount, low, high in (
        ("seconds", params.seconds, 0.1, MAX_SECONDS),
        ("timeout_s", params.timeout_s, 0.1, MAX_SECONDS),
        ("rate", params.rate, 0.0, 1e9),
        ("latency_ms", params.latency_ms, 0.0, 1e9),
    ):
        if not low <= amount <= high:
            raise Invalid(f"{name} is {amount:g}; it must be between {low:g} and {high:g}")
    if not params.input:
        if params.rows != 1 or params.input_format:
            raise Invalid(
                "rows and input_format belong to input, which is empty: the model's input example is one request"
            )
        return params
    return replace(params, input_format=check_format("input_format", params.input_format, params.input))


def recommend(measured: Measured, *, rate: float = 0.0, latency_ms: float = 0.0) -> Recommended:
    """Return the settings for an endpoint that gets `rate` requests a second and answers 95 % of them in `latency_ms`.

    Replicas at a load of UTILIZATION have a reserve for peaks: replicas = rate / (measured rate x UTILIZATION)."""
    served = [level for level in measured.levels if not level.failed] or measured.levels
    in_time = [level for level in served if not latency_ms or level.p95_ms <= latency_ms]
    best = (
        max(in_time, key=lambda level: level.requests_per_s) if in_time else min(served, key=lambda level: level.p95_ms)
    )
    least = _least(in_time or [best], best.requests_per_s)
    replicas = max(1, math.ceil(rate / (best.requests_per_s * UTILIZATION))) if rate else 1
    space, peak = measured.address_space_mb, measured.peak_mb
    return Recommended(
        callers=least,
        requests_per_s=best.requests_per_s,
        replicas=replicas,
        cores=math.ceil(max(level.cores for level in measured.levels) * 10) / 10,
        memory_gb=None if peak is None else math.ceil(peak * RESERVE / 1024 * 10) / 10,
        memory_mb=None if space is None else math.ceil(space * RESERVE / MEMORY_STEP_MB) * MEMORY_STEP_MB,
        meets_latency=bool(in_time),
    )


def _least(levels: Sequence[Level], requests_per_s: float) -> int:
    """Return the least number of callers with nine tenths of the highest rate: more callers only wait for each other."""
    return min(level.callers for level in levels if level.requests_per_s >= 0.9 * requests_per_s)

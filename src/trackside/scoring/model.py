"""What a scoring job is asked to do, and what it answers.  Pure."""

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.errors import Denied, Invalid

FORMATS = {"parquet": ".parquet", "csv": ".csv", "jsonl": ".jsonl"}
_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
MAX_PROCESSES = 64
MAX_COLUMNS = 10_000
MAX_WHERE = 10_000
MAX_FAILED_ROWS = 1_000_000
MAX_SQL = 100_000
MAX_CONF = 100
MAX_INTERVAL_S = 86_400
OF_CATALOG = ("table", "sql")  # what Spark reads by a name or a query, in place of files
_LOCAL = re.compile(r"local(\[[0-9]{1,3}\])?")
_CONF_KEY = re.compile(r"spark\.[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Score(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` is a model URI.  `input` is `runs:/RUN/PATH`, a path below one of the server's --job-folders, or a URI such as
    `s3://BUCKET/KEY` below one of its --job-buckets.

    `output` is such a path or URI, or empty for a file of the run that the job logs.  `run_id` names a run to log to; without
    it the job makes one in `experiment_id`.  `processes` 0: one for each processor.

    With engine spark, `input` may also be a table or a query of the cluster `spark_master`, as `input_format` says, and an
    `output` that ends in / is a folder that the tasks of Spark write.  A `stream` keeps its place in the folder `checkpoint`,
    and adds a folder to `output` for each batch; `interval_s` 0 scores what is there and ends."""

    model: str
    input: str
    output: str = ""
    input_format: str = ""  # parquet, csv or jsonl, and table or sql with Spark; empty: by the ending of the name
    output_format: str = ""  # empty: by the ending of the output, or as the input
    columns: list[str] | None = None  # of the input, in the output; None: all
    where: str = ""
    env: str = "auto"
    processes: int = 0
    max_failed_rows: int = 1000
    overwrite: bool = False
    run_id: str = ""
    experiment_id: str = "0"
    engine: Literal["local", "spark", "ray"] = "local"
    spark_master: str = ""  # one of the server's --spark-masters; empty: local
    spark_conf: dict[str, str] = {}
    stream: bool = False
    checkpoint: str = ""
    interval_s: int = 0

    @property
    def is_of_catalog(self) -> bool:
        return self.input_format in OF_CATALOG

    @property
    def writes_folder(self) -> bool:
        return self.stream or self.output.endswith("/")


class Scored(Struct, frozen=True, kw_only=True):
    """`output` and `errors` say where the result is, and the rows that failed, if any."""

    run_id: str
    model: str
    rows: int
    failed_rows: int
    output: str
    errors: str = ""


def check(params: Score) -> Score:
    """Return the order with its formats.  Raise Invalid for values that no scoring takes."""
    _check_engine(params)
    if params.is_of_catalog:
        input_format = params.input_format
        _check_query(params)
    else:
        input_format = check_format("input_format", params.input_format, params.input)
    usual = "parquet" if params.is_of_catalog or params.writes_folder else input_format
    named = "" if params.writes_folder else params.output
    output_format = check_format("output_format", params.output_format, named or f"x{FORMATS[usual]}")
    if params.writes_folder and output_format != "parquet":
        raise Invalid(f"output_format is {output_format!r}; a folder that Spark writes has files of parquet")
    if params.env not in ("auto", "uv", "local"):
        raise Invalid(f"env is {params.env[:50]!r}; it must be auto, uv or local")
    for name, value, least, most in (
        ("processes", params.processes, 0, MAX_PROCESSES),
        ("max_failed_rows", params.max_failed_rows, 0, MAX_FAILED_ROWS),
        ("interval_s", params.interval_s, 0, MAX_INTERVAL_S),
    ):
        if not least <= value <= most:
            raise Invalid(f"{name} is {value}; it must be between {least} and {most}")
    if len(params.where) > MAX_WHERE:
        raise Invalid(f"where has {len(params.where)} characters; it may have {MAX_WHERE}")
    if params.columns is not None and len(params.columns) > MAX_COLUMNS:
        raise Invalid(f"columns has {len(params.columns)} names; it may have {MAX_COLUMNS}")
    return replace(params, input_format=input_format, output_format=output_format)


def check_master(params: Score, allowed: Sequence[str]) -> None:
    """Raise Denied for a cluster that the operator did not name.  `local[N]` is as local."""
    master = params.spark_master
    if not master or (_LOCAL.fullmatch(master) and "local" in allowed) or master in allowed:
        return
    raise Denied(
        f"spark_master is {master[:200]!r}, which is none of the server's --spark-masters: {', '.join(allowed)}"
    )


def _check_engine(params: Score) -> None:
    """Raise Invalid for what only Spark takes, with another engine, and for a stream that cannot be one."""
    if params.engine != "spark":
        given = {
            "spark_master": params.spark_master,
            "spark_conf": params.spark_conf,
            "stream": params.stream,
            "checkpoint": params.checkpoint,
            "interval_s": params.interval_s,
            "an input_format of table or sql": params.is_of_catalog,
            "an output that ends in /": params.output.endswith("/"),
        }
        wrong = next((name for name, value in given.items() if value), None)
        if wrong:
            raise Invalid(f"{wrong} needs engine spark, and engine is {params.engine!r}")
    if params.stream and not (params.checkpoint and params.output):
        raise Invalid("a stream needs checkpoint, a folder that keeps its place, and output, a folder of its own")
    if (params.checkpoint or params.interval_s) and not params.stream:
        raise Invalid("checkpoint and interval_s are for a stream: set stream")
    if params.stream and params.is_of_catalog:
        raise Invalid(f"a stream reads a folder of files, and input_format is {params.input_format!r}")
    if len(params.spark_conf) > MAX_CONF:
        raise Invalid(f"spark_conf has {len(params.spark_conf)} settings; it may have {MAX_CONF}")
    for key, value in params.spark_conf.items():
        if not _CONF_KEY.fullmatch(key) or len(value) > MAX_WHERE or not value.isprintable():
            raise Invalid(
                f"spark_conf has {key[:200]!r}; a key must be such as spark.executor.memory, and its value one line"
            )


def _check_query(params: Score) -> None:
    if not params.input.strip() or len(params.input) > MAX_SQL:
        raise Invalid(f"input has {len(params.input)} characters; a table or a query has 1 to {MAX_SQL}")
    if _LOCAL.fullmatch(params.spark_master or "local"):
        raise Invalid(
            f"input_format is {params.input_format!r}, and spark_master is {params.spark_master or 'local'!r}: tables and queries"
            " are those of a cluster"
        )


def check_format(name: str, given: str, path: str) -> str:
    """Return the format that is given, or that of the path's ending."""
    if given:
        if given not in FORMATS:
            raise Invalid(f"{name} is {given[:50]!r}; it must be one of {', '.join(FORMATS)}")
        return given
    dot = path.rfind(".")
    found = _ENDINGS.get(path[dot:].lower()) if dot > path.rfind("/") else None
    if found is None:
        raise Invalid(
            f"the format of {path[:200]!r} is not clear from its name: give {name}, one of {', '.join(FORMATS)}"
        )
    return found

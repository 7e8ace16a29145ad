"""The parameters and the result of a scoring job.  Pure."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Struct
from msgspec.structs import replace

from trackside.core.errors import Denied, Invalid
from trackside.jobs.model import one_of

FORMATS = {"parquet": ".parquet", "csv": ".csv", "jsonl": ".jsonl"}
LAKES = ("delta", "iceberg")  # tables in a folder, with a log of their versions
_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
ENVS = ("auto", "uv", "local")
MAX_PROCESSES = 64
MAX_COLUMNS = 10_000
MAX_WHERE = 10_000
MAX_FAILED_ROWS = 1_000_000
MAX_SQL = 100_000
MAX_CONF = 100
MAX_INTERVAL_S = 86_400
TABLE = "table"
OF_CATALOG = (TABLE, "sql")  # inputs that Spark reads by a name or a query, instead of files
_LOCAL = re.compile(r"local(\[[0-9]{1,3}\])?")
_TABLE = re.compile(r"[A-Za-z0-9_-]{1,128}(\.[A-Za-z0-9_-]{1,128}){0,2}")
_CONF_KEY = re.compile(r"spark\.[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Score(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` is a model URI.  `input` is `runs:/RUN/PATH`, a path below one of the server's --job-folders, or a URI such as
    `s3://BUCKET/KEY` below one of its --job-buckets.

    `output` is such a path or URI, or empty for an artifact of the run that the job logs.  `run_id` is the run to log to; without
    it, the job creates one in `experiment_id`.  `processes` 0: one for each processor.

    With engine spark, `input` may also be a table or a query of the cluster `spark_master`, according to `input_format`, and an
    `output` that ends in / is a folder that the tasks of Spark write.  With `output_format` table, `output` is the name of a
    table in the cluster's catalog.  A `stream` stores its position in the folder `checkpoint`, and adds a folder to `output` for
    each batch; with `interval_s` 0 it scores the available data and ends.

    A table in format delta or iceberg is a folder, and the newest version of an input table is scored."""

    model: str
    input: str
    output: str = ""
    # table and sql need Spark.  Empty: by the extension of the name; for the output without one, the format of the input.
    input_format: Annotated[str, one_of("", *FORMATS, *LAKES, *OF_CATALOG)] = ""
    output_format: Annotated[str, one_of("", *FORMATS, *LAKES, TABLE)] = ""
    columns: list[str] | None = None  # columns of the input in the output; None: all
    where: str = ""
    env: Annotated[str, one_of(*ENVS)] = "auto"
    processes: int = 0
    max_failed_rows: int = 1000
    overwrite: bool = False
    append: bool = False  # add rows to an output in format delta or iceberg
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
    def writes_table(self) -> bool:
        """Return whether the output is a table of the cluster's catalog."""
        return self.output_format == TABLE

    @property
    def writes_folder(self) -> bool:
        """Return whether the tasks of Spark write a folder of files."""
        return self.stream or (self.output.endswith("/") and self.output_format not in LAKES)

    @property
    def may_exist(self) -> bool:
        """Return whether the output may exist already."""
        return self.overwrite or self.append or self.stream


class Scored(Struct, frozen=True, kw_only=True):
    """`output` and `errors` are the locations of the result and of the failed rows, if any."""

    run_id: str
    model: str
    rows: int
    failed_rows: int
    output: str
    errors: str = ""


def check(params: Score) -> Score:
    """Return the parameters with their formats.  Raise Invalid for invalid values."""
    _check_engine(params)
    if params.is_of_catalog:
        input_format = params.input_format
        _check_query(params)
    else:
        input_format = check_format("input_format", params.input_format, params.input, LAKES)
    usual = "parquet" if params.writes_folder else input_format
    named = "" if params.writes_folder else params.output
    output_format = check_format(
        "output_format", params.output_format, named or f"x{FORMATS.get(usual, '.parquet')}", (*LAKES, TABLE)
    )
    _check_lake(params, output_format)
    if output_format == TABLE:
        _check_table(params)
    if params.writes_folder and output_format != "parquet":
        raise Invalid(f"output_format is {output_format!r}; a folder that Spark writes has files of parquet")
    if params.env not in ENVS:
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
    """Raise Denied for a cluster that the operator does not allow.  `local[N]` is this machine."""
    master = params.spark_master
    if not master or (_LOCAL.fullmatch(master) and "local" in allowed) or master in allowed:
        return
    raise Denied(
        f"spark_master is {master[:200]!r}, which is none of the server's --spark-masters: {', '.join(allowed)}"
    )


def _check_engine(params: Score) -> None:
    """Raise Invalid for parameters of Spark with another engine, and for invalid parameters of a stream."""
    if params.engine != "spark":
        given = {
            "spark_master": params.spark_master,
            "spark_conf": params.spark_conf,
            "stream": params.stream,
            "checkpoint": params.checkpoint,
            "interval_s": params.interval_s,
            "an input_format of table or sql": params.is_of_catalog,
            "an output_format of table": params.writes_table,
            "an output that ends in /": params.writes_folder,
        }
        wrong = next((name for name, value in given.items() if value), None)
        if wrong:
            raise Invalid(f"{wrong} needs engine spark, and engine is {params.engine!r}")
    if params.stream and not (params.checkpoint and params.output):
        raise Invalid("a stream needs checkpoint, a folder that keeps its place, and output, a folder of its own")
    if (params.checkpoint or params.interval_s) and not params.stream:
        raise Invalid("checkpoint and interval_s are for a stream: set stream")
    if params.stream and params.input_format in (*OF_CATALOG, *LAKES):
        raise Invalid(f"a stream reads a folder of files, and input_format is {params.input_format!r}")
    if len(params.spark_conf) > MAX_CONF:
        raise Invalid(f"spark_conf has {len(params.spark_conf)} settings; it may have {MAX_CONF}")
    for key, value in params.spark_conf.items():
        if not _CONF_KEY.fullmatch(key) or len(value) > MAX_WHERE or not value.isprintable():
            raise Invalid(
                f"spark_conf has {key[:200]!r}; a key must be such as spark.executor.memory, and its value one line"
            )


def _check_lake(params: Score, output_format: str) -> None:
    """Raise Invalid for an invalid output in format delta or iceberg, and for `append` with another format."""
    if params.append and params.overwrite:
        raise Invalid("append and overwrite are both set; an output is either extended or replaced")
    if output_format not in LAKES:
        if params.append:
            raise Invalid(f"append needs an output in format delta or iceberg, and output_format is {output_format!r}")
        return
    if params.stream:
        raise Invalid(f"output_format is {output_format!r}; a stream writes folders of parquet")
    if not params.output:
        raise Invalid(
            f"output is empty; a table in format {output_format} is a folder below the server's --job-folders or --job-buckets"
        )


def _check_table(params: Score) -> None:
    """Raise Invalid for an invalid name of a table in Spark's catalog."""
    if params.stream:
        raise Invalid(f"output_format is {TABLE!r}; a stream writes folders of parquet")
    if not _TABLE.fullmatch(params.output):
        raise Invalid(
            f"output is {params.output[:200]!r}; a table is named TABLE, SCHEMA.TABLE or CATALOG.SCHEMA.TABLE, each part of"
            " letters, digits, _ and -"
        )
    _check_cluster("output_format", TABLE, params)


def _check_query(params: Score) -> None:
    if not params.input.strip() or len(params.input) > MAX_SQL:
        raise Invalid(f"input has {len(params.input)} characters; a table or a query has 1 to {MAX_SQL}")
    _check_cluster("input_format", params.input_format, params)


def _check_cluster(name: str, value: str, params: Score) -> None:
    """Raise Invalid for tables of a catalog with Spark on the server's machine, which has no catalog."""
    if _LOCAL.fullmatch(params.spark_master or "local"):
        raise Invalid(
            f"{name} is {value!r}, and spark_master is {params.spark_master or 'local'!r}: tables and queries are those of a"
            " cluster"
        )


def check_format(name: str, given: str, path: str, more: Sequence[str] = ()) -> str:
    """Return the given format, one of FORMATS or `more`, or else the format of the path's extension."""
    known = (*FORMATS, *more)
    if given:
        if given not in known:
            raise Invalid(f"{name} is {given[:50]!r}; it must be one of {', '.join(known)}")
        return given
    dot = path.rfind(".")
    found = _ENDINGS.get(path[dot:].lower()) if dot > path.rfind("/") else None
    if found is None:
        raise Invalid(
            f"the format of {path[:200]!r} is not clear from its name: give {name}, one of {', '.join(known)}"
        )
    return found

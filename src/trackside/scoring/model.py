"""What a scoring job is asked to do, and what it answers.  Pure."""

from msgspec import Struct

from trackside.core.errors import Invalid

FORMATS = {"parquet": ".parquet", "csv": ".csv", "jsonl": ".jsonl"}
_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
MAX_PROCESSES = 64
MAX_COLUMNS = 10_000
MAX_WHERE = 10_000
MAX_FAILED_ROWS = 1_000_000


class Score(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model` is a model URI.  `input` is `runs:/RUN/PATH`, or a path below one of the server's --job-folders.

    `output` is such a path, or empty for a file of the run that the job logs.  `run_id` names a run to log to; without it the
    job makes one in `experiment_id`.  `processes` 0: one for each processor."""

    model: str
    input: str
    output: str = ""
    input_format: str = ""  # parquet, csv or jsonl; empty: by the ending of the name
    output_format: str = ""  # empty: by the ending of the output, or as the input
    columns: list[str] | None = None  # of the input, in the output; None: all
    where: str = ""
    env: str = "auto"
    processes: int = 0
    max_failed_rows: int = 1000
    overwrite: bool = False
    run_id: str = ""
    experiment_id: str = "0"


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
    input_format = check_format("input_format", params.input_format, params.input)
    output_format = check_format("output_format", params.output_format, params.output or f"x{FORMATS[input_format]}")
    if params.env not in ("auto", "uv", "local"):
        raise Invalid(f"env is {params.env[:50]!r}; it must be auto, uv or local")
    for name, value, least, most in (
        ("processes", params.processes, 0, MAX_PROCESSES),
        ("max_failed_rows", params.max_failed_rows, 0, MAX_FAILED_ROWS),
    ):
        if not least <= value <= most:
            raise Invalid(f"{name} is {value}; it must be between {least} and {most}")
    if len(params.where) > MAX_WHERE:
        raise Invalid(f"where has {len(params.where)} characters; it may have {MAX_WHERE}")
    if params.columns is not None and len(params.columns) > MAX_COLUMNS:
        raise Invalid(f"columns has {len(params.columns)} names; it may have {MAX_COLUMNS}")
    return Score(
        **{
            **{name: getattr(params, name) for name in params.__struct_fields__},
            "input_format": input_format,
            "output_format": output_format,
        }
    )


def check_format(name: str, given: str, path: str) -> str:
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

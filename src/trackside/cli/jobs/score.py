"""`trackside score`: a job of a running server.  Tables of this machine are sent to the server, and the result is fetched."""

import argparse
from pathlib import Path
from typing import Any

from trackside.cli import remote
from trackside.cli.jobs import tables, waiting
from trackside.cli.output import BROKEN, OK, Stop, complain, say

LAKES = ("delta", "iceberg")
FORMATS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


def run(words: argparse.Namespace) -> int:
    """Score a table, and wait for the result.  Return BROKEN if the job did not succeed."""
    sends, fetches = _sends(words), _fetches(words)
    params = _params(words, fetches=fetches)
    run_id = ""
    if sends:
        place = tables.send(words, Path(words.input), "--input")
        run_id = place.split("/")[1]
        params |= {"input": place, "run_id": run_id}
    job = tables.submit(words, "score", params, run_id)
    try:
        ended = waiting.wait(words, job["job_id"])
    except (KeyboardInterrupt, remote.NoAnswer):
        short = job["job_id"][:12]
        complain(
            f"job {short} still runs: `trackside job show {short}` shows its progress, `trackside job cancel` ends it"
        )
        raise
    if ended["state"] != "succeeded":
        _report_failure(ended)
        return BROKEN
    _report_result(words, ended, fetches=fetches)
    return OK


def _sends(words: argparse.Namespace) -> bool:
    """Return whether the input is a file of this machine.  Raise Stop if it cannot be sent."""
    sends = not tables.is_remote(words.input) and words.input_format not in ("table", "sql")
    if sends and words.input_format in LAKES:
        raise Stop(f"--input is {words.input!r}; a table in format {words.input_format} is read from a file: place")
    return sends


def _fetches(words: argparse.Namespace) -> bool:
    """Return whether the output is a file of this machine.  Raise Stop if it cannot be written."""
    if tables.is_remote(words.output) or words.output_format == "table":
        return False
    if words.stream or words.output_format in LAKES or words.output.endswith("/"):
        raise Stop(f"--output is {words.output!r}; a folder is written to a file: place of the server's machine")
    target = Path(words.output)
    if target.exists() and not words.overwrite:
        raise Stop(f"--output is {words.output!r}, which exists already; add --overwrite to replace it")
    if not target.absolute().parent.is_dir():
        raise Stop(f"--output is {words.output!r}, whose folder does not exist")
    return True


def _params(words: argparse.Namespace, *, fetches: bool) -> dict[str, Any]:
    params: dict[str, Any] = {"model": words.model, "input": words.input, "env": words.env, "where": words.where or ""}
    if words.columns:
        params["columns"] = [name.strip() for name in words.columns.split(",")]
    for name in ("processes", "max_failed_rows", "input_format", "output_format"):
        if getattr(words, name) is not None:
            params[name] = getattr(words, name)
    params |= _engine_params(words)
    if fetches:
        params["output_format"] = params.get("output_format") or _format_of(Path(words.output))
    else:
        params |= {"output": words.output, "overwrite": words.overwrite, "append": words.append}
    return params


def _engine_params(words: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the engine that were given.  The server has defaults for the others."""
    conf = dict(each.partition("=")[::2] for each in words.spark_conf)
    options = {
        "engine": words.engine,
        "spark_master": words.spark_master,
        "spark_conf": conf,
        "stream": words.stream,
        "checkpoint": words.checkpoint,
        "interval_s": words.interval,
    }
    return {name: value for name, value in options.items() if value}


def _format_of(target: Path) -> str:
    """Return the format of a file by its ending.  Raise Stop for an ending that has none."""
    try:
        return FORMATS[target.suffix.lower()]
    except KeyError:
        raise Stop(
            f"--output is {str(target)!r}, whose format is not clear; give --output-format parquet, csv or jsonl"
        ) from None


def _report_failure(job: dict[str, Any]) -> None:
    complain(f"job {job['job_id']} {job['state']}: {job['reason']}")
    progress = job["progress"]
    if progress.get("done") and progress["done"] != progress.get("total"):
        complain(f"`trackside job retry {job['job_id'][:12]}` goes on with the rows that are left")


def _report_result(words: argparse.Namespace, job: dict[str, Any], *, fetches: bool) -> None:
    """Fetch the files of the result, and print where they are."""
    result = job["result"]
    place, errors = result["output"], result.get("errors", "")
    if fetches:
        target, failed_rows = Path(words.output), Path(f"{words.output}.failed_rows.jsonl")
        tables.fetch(words, place, target)
        place = words.output
        if result["failed_rows"]:
            tables.fetch(words, errors, failed_rows)
            errors = str(failed_rows)
        else:
            failed_rows.unlink(missing_ok=True)  # of an earlier result
    say(f"scored {_rows(result['rows'])} with {result['model']} to {place} (job {job['job_id']})")
    if result["failed_rows"]:
        say(f"{_rows(result['failed_rows'])} failed; {errors} has the reasons")


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"

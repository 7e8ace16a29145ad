"""`trackside score`: a job of a running server.  Tables of this machine are sent to the server, and the result is fetched."""

import argparse
from pathlib import Path
from typing import Any

from trackside.cli import remote
from trackside.cli.jobs import tables, waiting
from trackside.cli.output import BROKEN, OK, Stop, print_error, say

LAKES = ("delta", "iceberg")
FORMATS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


def run(args: argparse.Namespace) -> int:
    """Score a table, and wait for the result.  Return BROKEN if the job did not succeed."""
    sends, fetches = _sends(args), _fetches(args)
    params = _params(args, fetches=fetches)
    run_id = ""
    if sends:
        place = tables.send(args, Path(args.input), "--input")
        run_id = place.split("/")[1]
        params |= {"input": place, "run_id": run_id}
    job = tables.submit(args, "score", params, run_id)
    try:
        ended = waiting.wait(args, job["job_id"])
    except (KeyboardInterrupt, remote.NoAnswer):
        short = job["job_id"][:12]
        print_error(
            f"job {short} is still running: `trackside job show {short}` shows its progress, `trackside job cancel` ends it"
        )
        raise
    if ended["state"] != "succeeded":
        _report_failure(ended)
        return BROKEN
    _report_result(args, ended, fetches=fetches)
    return OK


def _sends(args: argparse.Namespace) -> bool:
    """Return whether the input is a file of this machine.  Raise Stop if it cannot be sent."""
    sends = not tables.is_remote(args.input) and args.input_format not in ("table", "sql")
    if sends and args.input_format in LAKES:
        raise Stop(f"--input is {args.input!r}; a table in format {args.input_format} needs a file: location")
    return sends


def _fetches(args: argparse.Namespace) -> bool:
    """Return whether the output is a file of this machine.  Raise Stop if it cannot be written."""
    if tables.is_remote(args.output) or args.output_format == "table":
        return False
    if args.stream or args.output_format in LAKES or args.output.endswith("/"):
        raise Stop(f"--output is {args.output!r}; a folder needs a file: location of the server's machine")
    target = Path(args.output)
    if target.exists() and not args.overwrite:
        raise Stop(f"--output is {args.output!r}, which already exists; add --overwrite to replace it")
    if not target.absolute().parent.is_dir():
        raise Stop(f"--output is {args.output!r}, whose folder does not exist")
    return True


def _params(args: argparse.Namespace, *, fetches: bool) -> dict[str, Any]:
    params: dict[str, Any] = {"model": args.model, "input": args.input, "env": args.env, "where": args.where or ""}
    if args.columns:
        params["columns"] = [name.strip() for name in args.columns.split(",")]
    for name in ("processes", "max_failed_rows", "input_format", "output_format"):
        if getattr(args, name) is not None:
            params[name] = getattr(args, name)
    params |= _engine_params(args)
    if fetches:
        params["output_format"] = params.get("output_format") or _format_of(Path(args.output))
    else:
        params |= {"output": args.output, "overwrite": args.overwrite, "append": args.append}
    return params


def _engine_params(args: argparse.Namespace) -> dict[str, Any]:
    """Return the given options of the engine.  The server has defaults for the others."""
    conf = dict(each.partition("=")[::2] for each in args.spark_conf)
    options = {
        "engine": args.engine,
        "spark_master": args.spark_master,
        "spark_conf": conf,
        "stream": args.stream,
        "checkpoint": args.checkpoint,
        "interval_s": args.interval,
    }
    return {name: value for name, value in options.items() if value}


def _format_of(target: Path) -> str:
    """Return the format of a file by its suffix.  Raise Stop for an unknown suffix."""
    try:
        return FORMATS[target.suffix.lower()]
    except KeyError:
        raise Stop(
            f"--output is {str(target)!r}, whose format is not clear; set --output-format parquet, csv or jsonl"
        ) from None


def _report_failure(job: dict[str, Any]) -> None:
    print_error(f"job {job['job_id']} {job['state']}: {job['reason']}")
    progress = job["progress"]
    if progress.get("done") and progress["done"] != progress.get("total"):
        print_error(f"`trackside job retry {job['job_id'][:12]}` continues with the remaining rows")


def _report_result(args: argparse.Namespace, job: dict[str, Any], *, fetches: bool) -> None:
    """Fetch the files of the result, and print where they are."""
    result = job["result"]
    place, errors = result["output"], result.get("errors", "")
    if fetches:
        target, failed_rows = Path(args.output), Path(f"{args.output}.failed_rows.jsonl")
        tables.fetch(args, place, target)
        place = args.output
        if result["failed_rows"]:
            tables.fetch(args, errors, failed_rows)
            errors = str(failed_rows)
        else:
            failed_rows.unlink(missing_ok=True)  # of an earlier result
    say(f"scored {_rows(result['rows'])} with {result['model']} to {place} (job {job['job_id']})")
    if result["failed_rows"]:
        say(f"{_rows(result['failed_rows'])} failed; {errors} has the reasons")


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"

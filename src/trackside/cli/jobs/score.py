"""`trackside score`: a job of a running server, with the files of this machine sent to it and fetched from it."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from http.client import HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from trackside.cli import remote
from trackside.cli.jobs import commands as jobs
from trackside.cli.output import BROKEN, OK, Stop, complain, say
from trackside.core.locations import is_in_bucket

MLFLOW = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
REMOTE = ("runs:/", "file:/")
LAKES = ("delta", "iceberg")
LOOK_S = 0.3
PIECE_BYTES = 1 << 20
TIMEOUT_S = 3600.0
CLEAR = "\x1b[2K\r"


def run(words: argparse.Namespace) -> int:
    """Score a table, and wait until the result is there."""
    sends = not is_remote(words.input) and words.input_format not in ("table", "sql")
    if sends and words.input_format in LAKES:
        raise Stop(f"--input is {words.input!r}; a table in format {words.input_format} is read from a file: place")
    fetches = not is_remote(words.output) and words.output_format != "table"
    is_folder = words.output_format in LAKES or words.output.endswith("/")
    if fetches and (words.stream or is_folder):
        raise Stop(f"--output is {words.output!r}; a folder is written to a file: place of the server's machine")
    target = Path(words.output)
    if fetches and target.exists() and not words.overwrite:
        raise Stop(f"--output is {words.output!r}, which exists already; add --overwrite to replace it")
    if fetches and not target.absolute().parent.is_dir():
        raise Stop(f"--output is {words.output!r}, whose folder does not exist")
    params: dict[str, Any] = {"model": words.model, "input": words.input, "env": words.env, "where": words.where or ""}
    if words.columns:
        params["columns"] = [name.strip() for name in words.columns.split(",")]
    for name in ("processes", "max_failed_rows", "input_format", "output_format"):
        if getattr(words, name) is not None:
            params[name] = getattr(words, name)
    params |= _for_engine(words)
    if fetches:
        params["output_format"] = params.get("output_format") or _format_of(target)
    else:
        params |= {"output": words.output, "overwrite": words.overwrite, "append": words.append}
    if sends:
        place = send(words, Path(words.input), "--input")
        params |= {"input": place, "run_id": place.split("/")[1]}
    try:
        job = remote.ask(words, "POST", jobs.PATH, {"kind": "score", "params": params})["job"]
    except Stop:
        if sends:  # the run that holds the input is of no use
            with suppress(Stop):
                remote.ask(words, "POST", f"{MLFLOW}/runs/delete", {"run_id": params["run_id"]})
        raise
    try:
        ended = wait(words, job["job_id"])
    except (KeyboardInterrupt, remote.NoAnswer):
        short = job["job_id"][:12]
        complain(
            f"job {short} goes on: `trackside job show {short}` says how far it is, `trackside job cancel` ends it"
        )
        raise
    if ended["state"] != "succeeded":
        complain(f"job {ended['job_id']} {ended['state']}: {ended['reason']}")
        progress = ended["progress"]
        if progress.get("done") and progress["done"] != progress.get("total"):
            complain(f"`trackside job retry {ended['job_id'][:12]}` goes on with the rows that are left")
        return BROKEN
    result = ended["result"]
    where = result["output"]
    if fetches:
        _fetch(words, result["output"], target)
        where = words.output
        if not result["failed_rows"]:
            Path(f"{target}.failed_rows.jsonl").unlink(missing_ok=True)  # of an earlier result
    say(f"scored {_rows(result['rows'])} with {result['model']} to {where} (job {ended['job_id']})")
    if result["failed_rows"]:
        beside = result.get("errors", "")
        if fetches:
            beside = f"{target}.failed_rows.jsonl"
            _fetch(words, result["errors"], Path(beside))
        say(f"{_rows(result['failed_rows'])} failed; {beside} says why")
    return OK


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def is_remote(place: str) -> bool:
    """Tell whether the server reads or writes the place itself."""
    return place.startswith(REMOTE) or is_in_bucket(place)


def _for_engine(words: argparse.Namespace) -> dict[str, Any]:
    """Return what was said of the engine; what was left out is the server's to choose."""
    conf = dict(each.partition("=")[::2] for each in words.spark_conf)
    given = {
        "engine": words.engine,
        "spark_master": words.spark_master,
        "spark_conf": conf,
        "stream": words.stream,
        "checkpoint": words.checkpoint,
        "interval_s": words.interval,
    }
    return {name: value for name, value in given.items() if value}


def send(words: argparse.Namespace, source: Path, option: str) -> str:
    """Send a table of this machine to a new run, and return its place."""
    if not source.is_file():
        raise Stop(f"{option} is {str(source)!r}, which is no file of this machine")
    run = remote.ask(
        words, "POST", f"{MLFLOW}/runs/create", {"experiment_id": words.experiment, "start_time": _now_ms()}
    )
    info = run["run"]["info"]
    name = quote(source.name, safe="")
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        path = f"{FILES}/{_below(info['artifact_uri'])}/input/{name}"
        with _opened(words, "PUT", path, file, **{"content-length": str(size)}) as answer:
            answer.read()
    return f"runs:/{info['run_id']}/input/{source.name}"


def _fetch(words: argparse.Namespace, place: str, target: Path) -> None:
    """Fetch a file of a run: whole or not at all."""
    run_id, _, path = place.removeprefix("runs:/").partition("/")
    info = remote.ask(words, "GET", f"{MLFLOW}/runs/get?run_id={quote(run_id, safe='')}")["run"]["info"]
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            for piece in _pieces(words, f"{FILES}/{_below(info['artifact_uri'])}/{quote(path)}"):
                file.write(piece)
        draft.replace(target)
    except OSError as fault:
        raise Stop(f"{str(target)!r} cannot be written ({fault.strerror}); the result is at {place}") from None
    except remote.NoAnswer as fault:
        raise Stop(f"{fault}; the result is at {place}") from None
    finally:
        draft.unlink(missing_ok=True)


def wait(words: argparse.Namespace, job_id: str) -> Any:
    shown = ""
    is_terminal = sys.stderr.isatty()
    while True:
        job = jobs.ask(words, f"{jobs.PATH}/{job_id}")["job"]
        line = " ".join(filter(None, (_bar(job), jobs.progress_of(job), job["progress"].get("message", ""))))
        if is_terminal and line != shown:
            print(f"{CLEAR}{line}", end="", file=sys.stderr, flush=True)
            shown = line
        if job["state"] not in jobs.LIVE:
            if is_terminal:
                print(CLEAR, end="", file=sys.stderr, flush=True)
            return job
        time.sleep(LOOK_S)


def _bar(job: dict[str, Any], width: int = 24) -> str:
    progress = job["progress"]
    if not progress.get("total"):
        return ""
    full = int(width * min(1.0, progress["done"] / progress["total"]))
    return f"[{'#' * full}{' ' * (width - full)}]"


def _format_of(target: Path) -> str:
    found = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
    if target.suffix.lower() not in found:
        raise Stop(
            f"--output is {str(target)!r}, whose format is not clear; give --output-format parquet, csv or jsonl"
        )
    return found[target.suffix.lower()]


def _below(artifact_uri: str) -> str:
    if not artifact_uri.startswith("mlflow-artifacts:/"):
        raise Stop(
            f"the server keeps artifacts at {artifact_uri}, where this command sends nothing; give"
            " runs:/ or file: places"
        )
    return quote(artifact_uri.removeprefix("mlflow-artifacts:/").lstrip("/"))


def _pieces(words: argparse.Namespace, path: str) -> Iterator[bytes]:
    with _opened(words, "GET", path) as answer:
        while piece := answer.read(PIECE_BYTES):
            yield piece
        if answer.length:  # a connection that ends too early is no error to `read`
            raise IncompleteRead(b"", answer.length)


def _opened(
    words: argparse.Namespace, method: str, path: str, file: BinaryIO | None = None, **headers: str
) -> AbstractContextManager[HTTPResponse]:
    return remote.opened(
        remote.server_of(words.server),
        method,
        path,
        file,
        workspace=remote.header_of(words),
        timeout_s=TIMEOUT_S,
        headers={"content-type": "application/octet-stream", **headers},
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

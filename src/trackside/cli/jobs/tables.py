"""Tables that a command sends to a run of the server, and fetches from one."""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from http.client import HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from trackside.cli import remote
from trackside.cli.jobs import commands as jobs
from trackside.cli.output import Stop
from trackside.core.locations import is_in_bucket

MLFLOW = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
REMOTE = ("runs:/", "file:/")
PIECE_BYTES = 1 << 20
TIMEOUT_S = 3600.0


def is_remote(place: str) -> bool:
    """Return whether the server itself reads or writes the location."""
    return place.startswith(REMOTE) or is_in_bucket(place)


def send(args: argparse.Namespace, source: Path, option: str) -> str:
    """Upload a table of this machine to a new run.  Return its location, `runs:/<run_id>/input/<name>`."""
    if not source.is_file():
        raise Stop(f"{option} is {str(source)!r}, which is not a local file")
    run = remote.ask(args, "POST", f"{MLFLOW}/runs/create", {"experiment_id": args.experiment, "start_time": _now_ms()})
    info = run["run"]["info"]
    name = quote(source.name, safe="")
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        path = f"{FILES}/{_below(info['artifact_uri'])}/input/{name}"
        with _opened(args, "PUT", path, file, **{"content-length": str(size)}) as answer:
            answer.read()
    return f"runs:/{info['run_id']}/input/{source.name}"


def submit(args: argparse.Namespace, kind: str, params: dict[str, Any], sent_to: str) -> Any:
    """Queue a job, and return it.

    A refused job leaves nothing: the run `sent_to`, which holds its input, is deleted (empty: there is none)."""
    try:
        return remote.ask(args, "POST", jobs.PATH, {"kind": kind, "params": params})["job"]
    except Stop:
        if sent_to:
            with suppress(Stop):
                remote.ask(args, "POST", f"{MLFLOW}/runs/delete", {"run_id": sent_to})
        raise


def fetch(args: argparse.Namespace, place: str, target: Path) -> None:
    """Download a file of a run to `target`.  An interrupted download leaves `target` as it was."""
    run_id, _, path = place.removeprefix("runs:/").partition("/")
    info = remote.ask(args, "GET", f"{MLFLOW}/runs/get?run_id={quote(run_id, safe='')}")["run"]["info"]
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            for piece in _pieces(args, f"{FILES}/{_below(info['artifact_uri'])}/{quote(path)}"):
                file.write(piece)
        draft.replace(target)
    except OSError as fault:
        raise Stop(f"{str(target)!r} cannot be written ({fault.strerror}); the result is at {place}") from None
    except remote.NoAnswer as fault:
        raise Stop(f"{fault}; the result is at {place}") from None
    finally:
        draft.unlink(missing_ok=True)


def _below(artifact_uri: str) -> str:
    if not artifact_uri.startswith("mlflow-artifacts:/"):
        raise Stop(
            f"the server stores artifacts at {artifact_uri}, to which this command cannot send files; use runs:/ or "
            f"file: locations"
        )
    return quote(artifact_uri.removeprefix("mlflow-artifacts:/").lstrip("/"))


def _pieces(args: argparse.Namespace, path: str) -> Iterator[bytes]:
    with _opened(args, "GET", path) as answer:
        while piece := answer.read(PIECE_BYTES):
            yield piece
        if answer.length:  # a connection that ends too early is no error to `read`
            raise IncompleteRead(b"", answer.length)


def _opened(
    args: argparse.Namespace, method: str, path: str, file: BinaryIO | None = None, **headers: str
) -> AbstractContextManager[HTTPResponse]:
    return remote.opened(
        remote.server_of(args.server),
        method,
        path,
        file,
        workspace=remote.header_of(args),
        timeout_s=TIMEOUT_S,
        headers={"content-type": "application/octet-stream", **headers},
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

"""The process of a scoring job: its order file, sandbox and environment variables, by engine."""

import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from trackside.endpoints.backends.process import SCORER
from trackside.endpoints.model import Model
from trackside.jobs.executors.port import Command
from trackside.scoring.model import FORMATS, Score

RESULT, ERRORS, PARTS, FILES = "scored", "failed_rows.jsonl", "parts", "files"
# Further files that a JVM reads: its settings, and the user database.
_OF_JAVA = ("/etc/passwd", "/etc/hosts", "/etc/java-17-openjdk", "/etc/java-21-openjdk", "/etc/java-25-openjdk")


class Work(Struct, frozen=True):
    """The folders of one attempt.  `parts` has incomplete files; `output` gets the complete result.

    `target` and `checkpoint` are the folders of a stream."""

    folder: Path
    parts: Path
    output: str
    target: Path | None = None
    checkpoint: Path | None = None

    @property
    def errors(self) -> Path:
        return self.folder / ERRORS


def work(params: Score, folder: Path, job_id: str, target: Path | None, checkpoint: Path | None) -> Work:
    """Choose the folders.  Spark's tasks write next to the target, which all machines of a cluster can access."""
    if params.stream:
        return Work(folder, folder / PARTS, f"{target}/", target, checkpoint)
    parts = folder / PARTS
    if params.engine == "spark" and target is not None:
        parts = target.with_name(f".{target.name}.{job_id}.parts")
    if params.writes_table:
        return Work(folder, parts, params.output)
    name = f"{FILES}/" if params.writes_folder else f"{RESULT}{FORMATS[params.output_format]}"
    return Work(folder, parts, f"{parts if params.writes_folder else folder}/{name}")


def command(
    params: Score,
    model: Model,
    job_id: str,
    python: str,
    files: Path,
    inputs: list[Path],
    made: Work,
    *,
    folder: Path | None,
    readable: list[Path],
    ray_address: str,
    java_home: str,
) -> Command:
    """Write the order file, and return the process that executes it.

    `readable` are the locations of the inputs; `folder` is the one of a stream, to which files are added."""
    processors = len(os.sched_getaffinity(0))
    processes = params.processes or processors
    order: dict[str, Any] = {
        "model": str(files),
        "model_uri": model.uri,
        "job_id": job_id,
        "inputs": [params.input] if params.is_of_catalog else [str(path) for path in inputs],
        "folder": "" if folder is None else str(folder),
        "input_format": params.input_format,
        "output": made.output,
        "output_format": params.output_format,
        "errors": str(made.errors),
        "parts": str(made.parts),
        "columns": params.columns,
        "where": params.where,
        "processes": processes,
        "max_failed_rows": params.max_failed_rows,
        "engine": params.engine,
        "address": params.spark_master if params.engine == "spark" else ray_address,
        "conf": params.spark_conf,
        "checkpoint": "" if made.checkpoint is None else str(made.checkpoint),
        "interval_s": params.interval_s,
        "overwrite": params.overwrite,
    }
    file = made.folder / "order.json"
    file.write_bytes(msgspec.json.encode(order))
    threads = str(max(1, processors // processes))
    return Command(
        argv=[python, str(SCORER), "batch", str(file)],
        folder=str(made.folder),
        readable=[
            str(files),
            python,
            str(SCORER),
            *map(str, readable),
            *(_for_java(java_home) if params.engine == "spark" else ()),
        ],
        writable=[str(path) for path in (made.parts, made.target, made.checkpoint) if path is not None],
        environment={
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads),
            # pyspark warns about its own use of pandas many times.
            **({"PYTHONWARNINGS": "ignore"} if params.engine == "spark" else {}),
        },
        has_network=needs_network(params, ray_address),
    )


def needs_network(params: Score, ray_address: str) -> bool:
    """Return whether the process uses a cluster."""
    if params.engine == "ray":
        return bool(ray_address)
    return params.engine == "spark" and "://" in params.spark_master


def _for_java(home: str) -> list[str]:
    return [*_OF_JAVA, *([home] if home else [])]

"""Score a folder to which files are added, as a stream: each batch appears in the output once and atomically, in a separate
folder."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

from trackside.scorer.batch.order import Order
from trackside.scorer.batch.spark import batches, frames

LOOK_S = 0.5
STATES = {"waiting-for-files": "Waiting for new files.", "scoring": "Scoring."}  # messages by key
EXTENSIONS = {"parquet": ".parquet", "csv": ".csv", "jsonl": ".jsonl"}


def with_files(order: Order, report: Callable[..., None]) -> Order:
    """Return the order of a stream with the files of its folder, from which Spark takes the columns and their types.

    With an interval, wait for the first file; without one, an order may have no file."""
    is_told = False
    while True:
        found = [
            str(path)
            for path in sorted(Path(order.folder).iterdir())
            if path.suffix.lower() == EXTENSIONS[order.input_format] and not path.name.startswith((".", "_"))
        ]
        if found or not order.interval_s:
            return replace(order, inputs=found)
        if not is_told:
            is_told = True
            report(done=0, unit="rows", message=STATES["waiting-for-files"], key="waiting-for-files")
        time.sleep(LOOK_S)


def without_files(order: Order) -> dict[str, Any]:
    """Return the result of an order that has no file: what earlier attempts of the job have scored."""
    scored, failed = batches.counts(order.output.rstrip("/"), order.job_id)
    return {"rows": scored, "failed_rows": failed, "columns": []}


def run(spark: Any, order: Order, report: Callable[..., None]) -> dict[str, Any]:
    """Score rows that were added since the checkpoint.  An order with an interval runs until the process ends."""
    from pyspark import cloudpickle

    schema = frames.read(spark, order).schema
    stream = frames.numbered_stream(frames.read_stream(spark, order, schema), order)
    report(message="Loading the model.", key="loading-model")
    made = frames.plan(spark, stream, order)
    flat = frames.flat(frames.scored(stream, made, order), made, order)
    cloudpickle.register_pickle_by_value(batches)
    write = batches.make(order.output.rstrip("/"), order.job_id, order.max_failed_rows)
    writer = flat.writeStream.foreachBatch(write).option("checkpointLocation", frames.uri(order.checkpoint))
    if order.interval_s:
        writer = writer.trigger(processingTime=f"{order.interval_s} seconds")
    else:
        writer = writer.trigger(availableNow=True)
    report(message="Scoring.", key="scoring")
    query = writer.start()
    output, told = order.output.rstrip("/"), (-1, "")
    while True:
        is_active = query.isActive
        # Not by `recentProgress`: without new files it has the number of the next batch, with no rows.
        now = (sum(batches.counts(output, order.job_id)), _state(query, order))
        if now != told:
            report(done=now[0], unit="rows", message=STATES[now[1]], key=now[1])
            told = now
        if not is_active:
            break
        time.sleep(LOOK_S)
    fault = query.exception()
    if fault is not None:
        raise fault
    scored, failed = batches.counts(output, order.job_id)
    return {"rows": scored, "failed_rows": failed, "columns": []}


def _state(query: Any, order: Order) -> str:
    status = query.status
    is_waiting = order.interval_s and not (status["isTriggerActive"] and status["isDataAvailable"])
    return "waiting-for-files" if is_waiting else "scoring"

"""Score a folder to which files are added, as a stream: each batch appears in the output once and atomically, in a separate
folder."""

from __future__ import annotations

import time
from typing import Any, Callable

from trackside.scorer.batch.order import Order
from trackside.scorer.batch.spark import batches, frames

LOOK_S = 0.5
STATES = {"waiting-for-files": "Waiting for new files.", "scoring": "Scoring."}  # messages by key


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

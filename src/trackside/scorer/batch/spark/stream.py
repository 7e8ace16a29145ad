"""Score a folder to which files are added, as a stream: each batch appears in the output once and atomically, in a separate
folder."""

from __future__ import annotations

import time
from typing import Any, Callable

from trackside.scorer.batch.order import Order
from trackside.scorer.batch.spark import batches, frames

LOOK_S = 0.5


def run(spark: Any, order: Order, report: Callable[..., None]) -> dict[str, Any]:
    """Score rows that were added since the checkpoint.  An order with an interval runs until the process ends."""
    from pyspark import cloudpickle

    schema = frames.read(spark, order).schema
    stream = frames.numbered_stream(frames.read_stream(spark, order, schema), order)
    report(message="Loading the model.")
    made = frames.plan(spark, stream, order)
    flat = frames.flat(frames.scored(stream, made, order), made, order)
    cloudpickle.register_pickle_by_value(batches)
    write = batches.make(order.output.rstrip("/"), order.job_id, order.max_failed_rows)
    writer = flat.writeStream.foreachBatch(write).option("checkpointLocation", frames.uri(order.checkpoint))
    if order.interval_s:
        writer = writer.trigger(processingTime=f"{order.interval_s} seconds")
    else:
        writer = writer.trigger(availableNow=True)
    report(message="Scoring.")
    query = writer.start()
    rows, last = 0, -1
    while True:
        is_active = query.isActive
        for progress in query.recentProgress:
            if progress["batchId"] > last:
                last = progress["batchId"]
                rows += progress["numInputRows"]
                report(done=rows, unit="rows", message="Scoring.")
        if not is_active:
            break
        time.sleep(LOOK_S)
    fault = query.exception()
    if fault is not None:
        raise fault
    scored, failed = batches.counts(order.output.rstrip("/"), order.job_id)
    return {"rows": scored, "failed_rows": failed, "columns": []}

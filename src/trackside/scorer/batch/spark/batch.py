"""Score a whole table on Spark, and write the result: one file, or a folder of files that the tasks wrote."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any, Callable

from trackside.scorer.batch import inputs, parts
from trackside.scorer.batch.order import Order, Wrong
from trackside.scorer.batch.spark import frames, session, stream

LOOK_S = 0.5
MARK = "trackside: "


def run(order: Order, report: Callable[..., None]) -> dict[str, Any]:
    """Score the order's input.  Raise Wrong where that cannot be done."""
    Path(order.parts).mkdir(parents=True, exist_ok=True)
    total = None
    if order.input_format in ("parquet", "csv", "jsonl"):
        if not inputs.columns_of(order):
            raise Wrong("the input is empty: it has no columns and no rows")
        total = inputs.total_rows(order)
        if total == 0:
            raise Wrong("the input is empty: it has no rows")
    report(done=0, total=total, unit="rows", message="Starting Spark.")
    spark = session.begin(order)
    try:
        if order.checkpoint:
            return stream.run(spark, order, report)
        return _run(spark, order, report)
    except Wrong:
        raise
    except Exception as fault:  # noqa: BLE001  # of py4j or gRPC, with what a task raised somewhere inside
        raise Wrong(reason_of(fault)) from None
    finally:
        spark.stop()


def reason_of(fault: BaseException) -> str:
    """Return what a task said, or else the first line."""
    text = str(fault)
    at = text.find(MARK)
    return text[at + len(MARK) :].splitlines()[0] if at >= 0 else f"Spark failed: {session.first_line(fault)}"


def _run(spark: Any, order: Order, report: Callable[..., None]) -> dict[str, Any]:
    from pyspark.sql import Observation, functions

    report(message="Reading the table.")
    frame = frames.numbered(frames.read(spark, order), order)
    report(message="Loading the model.")
    made = frames.plan(spark, frame, order)
    scored = frames.scored(frame, made, order)
    seen = Observation("trackside")
    watched = scored.observe(
        seen,
        functions.count(functions.lit(1)).alias("rows"),
        functions.sum(frames.is_bad(scored).cast("long")).alias("failed"),
    )
    files = Path(order.parts) / "spark"
    shutil.rmtree(files, ignore_errors=True)
    report(message="Scoring.")
    with _Progress(spark, order, report):
        frames.good(frames.flat(watched, made, order)).write.parquet(frames.uri(str(files)), compression="snappy")
    found = seen.get
    rows, failed = int(found["rows"] or 0), int(found["failed"] or 0)
    if not rows and not order.where:
        raise Wrong("the input is empty: it has no rows")
    if failed > order.max_failed_rows:
        raise Wrong(f"more than {order.max_failed_rows} rows failed, the most that may")
    if failed:
        _write_failures(frames.bad(frames.flat(scored, made, order)), order)
    report(done=rows, message="Writing the result.")
    _write_output(files, order)
    return {"rows": rows - failed, "failed_rows": failed, "columns": inputs.types_of(order)}


class _Progress:
    """Report while Spark writes how many tasks of the stage are done, where the session can say that."""

    def __init__(self, spark: Any, order: Order, report: Callable[..., None]) -> None:
        self._tracker = None if session.is_connect(order) else spark.sparkContext.statusTracker()
        self._report = report
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        if self._tracker is not None:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._tracker is not None:
            self._thread.join()

    def _watch(self) -> None:
        assert self._tracker is not None
        told = ""
        while not self._stop.wait(LOOK_S):
            stages = [self._tracker.getStageInfo(each) for each in self._tracker.getActiveStageIds()]
            for stage in filter(None, stages):
                text = f"Scoring: {stage.numCompletedTasks} of {stage.numTasks} tasks are done."
                if text != told:
                    told = text
                    self._report(message=text)


def _write_failures(failures: Any, order: Order) -> None:
    draft = Path(order.errors + ".new")
    with draft.open("w", encoding="utf-8") as file:
        for row in failures.orderBy("row").toLocalIterator():
            try:
                values = json.loads(row["values"])
            except ValueError:
                values = row["values"]
            file.write(json.dumps({"row": row["row"], "reason": row["reason"], "values": values}) + "\n")
    draft.replace(order.errors)


def _write_output(files: Path, order: Order) -> None:
    """Give the folder of the tasks its name, or join its files to one."""
    for extra in [*files.glob("_*"), *files.glob(".*")]:
        extra.unlink()
    if order.output.endswith("/"):
        files.replace(order.output.rstrip("/"))
    else:
        parts.join_files(sorted(files.glob("*.parquet")), order)

"""Score a whole table on Spark, and write the result: a file, a folder of files of the tasks, or a table of the catalog."""

from __future__ import annotations

import json
import re
import shutil
import threading
from pathlib import Path
from typing import Any, Callable

from trackside.scorer.batch import inputs, parts
from trackside.scorer.batch.order import Order, OrderError
from trackside.scorer.batch.spark import catalog, frames, session, stream

LOOK_S = 0.5
MARK = "trackside: "
_HEADER = re.compile(
    r"Header: (?P<found>.*)\n\s*Schema: (?P<wanted>.*)\n(?:.*\n){0,3}?CSV file: (?:file://)?(?P<file>.*)"
)


def run(order: Order, report: Callable[..., None]) -> dict[str, Any]:
    """Score the order's input.  Raise Wrong where that cannot be done."""
    Path(order.parts).mkdir(parents=True, exist_ok=True)
    total = None
    if order.checkpoint:
        order = stream.with_files(order, report)
        if not order.inputs:
            return stream.without_files(order)
    if order.input_format in ("parquet", "csv", "jsonl"):
        if not inputs.columns_of(order):
            raise OrderError("the input is empty: it has no columns and no rows")
        total = inputs.total_rows(order)
        if total == 0:
            raise OrderError("the input is empty: it has no rows")
    # A stream has no total: its files come later, and those that it scored before are not scored again.
    report(
        done=0, total=None if order.checkpoint else total, unit="rows", message="Starting Spark.", key="starting-spark"
    )
    spark = session.begin(order)
    try:
        if order.checkpoint:
            return stream.run(spark, order, report)
        if order.output_format == "table":
            return _run_to_table(spark, order, report)
        return _run_to_files(spark, order, report)
    except OrderError:
        raise
    except Exception as fault:  # noqa: BLE001  # of py4j or gRPC, with what a task raised somewhere inside
        raise OrderError(reason_of(fault)) from None
    finally:
        spark.stop()


def reason_of(fault: BaseException) -> str:
    """Return the message of a task, otherwise the first line."""
    text = str(fault)
    header = _HEADER.search(text)
    if header is not None:
        return f"{header['file']} has the columns {header['found']}; the stream reads {header['wanted']}, in this order"
    at = text.find(MARK)
    return text[at + len(MARK) :].splitlines()[0] if at >= 0 else f"Spark failed: {session.first_line(fault)}"


def _run_to_files(spark: Any, order: Order, report: Callable[..., None]) -> dict[str, Any]:
    files = Path(order.parts) / "spark"
    shutil.rmtree(files, ignore_errors=True)
    scored = _Scored(spark, order, report)
    counts = scored.write(lambda good: good.write.parquet(frames.uri(str(files)), compression="snappy"))
    report(done=counts.rows + counts.failed, message="Writing the result.", key="writing")
    _check_there(files, counts)
    _write_output(files, order)
    return _result(counts, order)


def _run_to_table(spark: Any, order: Order, report: Callable[..., None]) -> dict[str, Any]:
    target = catalog.Target(spark, order)
    published = target.begin()
    if published is not None:
        if published.failed and not Path(order.errors).exists():
            _Scored(spark, order, report).write_failures()
        return _result(published, order)
    try:
        counts = _Scored(spark, order, report).write(target.stage)
        report(done=counts.rows + counts.failed, message="Publishing the table.", key="publishing-table")
        target.publish(counts)
    finally:
        target.clean()
    return _result(counts, order)


def _result(counts: catalog.Counts, order: Order) -> dict[str, Any]:
    return {"rows": counts.rows, "failed_rows": counts.failed, "columns": inputs.types_of(order)}


class _Scored:
    """The input with its predictions, which nothing has computed yet."""

    def __init__(self, spark: Any, order: Order, report: Callable[..., None]) -> None:
        self._spark = spark
        self._order = order
        self._report = report
        report(message="Reading the table.", key="reading-table")
        frame = frames.numbered(frames.read(spark, order), order)
        report(message="Loading the model.", key="loading-model")
        self._made = frames.plan(spark, frame, order)
        self._frame = frames.scored(frame, self._made, order)

    def write(self, writer: Callable[[Any], None]) -> catalog.Counts:
        """Pass the rows with a prediction to a writer, and write the others to a file.

        Raise Wrong for too many of them."""
        from pyspark.sql import Observation, functions

        order = self._order
        seen = Observation("trackside")
        watched = self._frame.observe(
            seen,
            functions.count(functions.lit(1)).alias("rows"),
            functions.sum(frames.is_bad(self._frame).cast("long")).alias("failed"),
        )
        self._report(message="Scoring.", key="scoring")
        with _Progress(self._spark, order, self._report):
            writer(frames.good(frames.flat(watched, self._made, order)))
        found = seen.get
        rows, failed = int(found["rows"] or 0), int(found["failed"] or 0)
        if not rows and not order.where:
            raise OrderError("the input is empty: it has no rows")
        if failed > order.max_failed_rows:
            raise OrderError(f"more than {order.max_failed_rows} rows failed, the most that may")
        if failed:
            self.write_failures()
        if failed and failed == rows:
            with Path(order.errors).open(encoding="utf-8") as file:
                raise OrderError(f"all {failed} rows failed. One of them: {json.loads(file.readline())['reason']}")
        return catalog.Counts(rows - failed, failed)

    def write_failures(self) -> None:
        """Write the file of the rows that failed, which are scored again for that."""
        _write_failures(frames.bad(frames.flat(self._frame, self._made, self._order)), self._order)


class _Progress:
    """Report the number of finished tasks of the stage while Spark writes, if the session provides it."""

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
        last_text = ""
        while not self._stop.wait(LOOK_S):
            stages = [self._tracker.getStageInfo(each) for each in self._tracker.getActiveStageIds()]
            for stage in filter(None, stages):
                done, total = str(stage.numCompletedTasks), str(stage.numTasks)
                text = f"Scoring: {done} of {total} tasks are done."
                if text != last_text:
                    last_text = text
                    self._report(message=text, key="scoring-tasks", values={"done": done, "total": total})


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


def _check_there(files: Path, counts: catalog.Counts) -> None:
    """Raise Wrong if the tasks of a cluster wrote to their local disks."""
    import pyarrow.parquet as pq

    there = sum(pq.read_metadata(path).num_rows for path in files.glob("*.parquet"))
    if there < counts.rows:
        raise OrderError(
            f"the tasks wrote {counts.rows} rows to {str(files)!r}, and the server's machine sees {there} of them: name an"
            " output below a folder that all machines of the cluster share"
        )


def _write_output(files: Path, order: Order) -> None:
    """Give the folder of the tasks its name, or join its files to one."""
    for extra in [*files.glob("_*"), *files.glob(".*")]:
        extra.unlink()
    if order.output.endswith("/"):
        files.replace(order.output.rstrip("/"))
    else:
        parts.join_files(sorted(files.glob("*.parquet")), order)

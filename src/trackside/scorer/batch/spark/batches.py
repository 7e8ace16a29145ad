"""Write the batches of a stream.

Spark calls `write` by value, where the query runs: it imports nothing of the scorer.  A batch is written beside its place and
renamed, and one that is in its place is not written again, so a batch that Spark repeats after a crash adds nothing twice.
"""

from __future__ import annotations

from typing import Any, Callable

REASON, VALUES = "_trackside_reason", "_trackside_values"
ROW, FILE = "trackside_row", "trackside_file"
COUNTS, FAILED = "_counts.json", "_failed_rows.jsonl"


def make(output: str, job_id: str, max_failed_rows: int) -> Callable[[Any, int], None]:
    """Return the function of a batch.  Its frame has the columns of the output and at last `REASON` and `VALUES`."""

    def write(frame: Any, batch: int) -> None:
        import json
        import os
        import shutil

        from pyspark.sql import functions

        target = os.path.join(output, f"batch-{batch:09d}")  # noqa: PTH118  # small, and sent by value
        if os.path.exists(target):  # noqa: PTH110
            return
        draft = os.path.join(output, f".batch-{batch:09d}.new")  # noqa: PTH118
        shutil.rmtree(draft, ignore_errors=True)
        frame = frame.persist()
        try:
            bad = (
                frame.where(functions.col(REASON).isNotNull())
                .select(FILE, ROW, REASON, VALUES)
                .limit(max_failed_rows + 1)
            )
            failures = bad.collect()
            if len(failures) > max_failed_rows:
                raise RuntimeError(
                    f"trackside: more than {max_failed_rows} rows of batch {batch} failed, the most that may. One of them:"
                    f" {failures[0][REASON]}"
                )
            good = frame.where(functions.col(REASON).isNull()).drop(REASON, VALUES)
            rows = good.count()
            if not rows and not failures:
                return
            good.write.parquet(f"file://{draft}", compression="snappy")
        finally:
            frame.unpersist()
        if failures:
            with open(os.path.join(draft, FAILED), "w", encoding="utf-8") as file:  # noqa: PTH118, PTH123
                for row in failures:
                    values = {"file": row[FILE], "row": row[ROW], "reason": row[REASON], "values": row[VALUES]}
                    file.write(json.dumps(values) + "\n")
        with open(os.path.join(draft, COUNTS), "w", encoding="utf-8") as file:  # noqa: PTH118, PTH123
            json.dump({"job": job_id, "rows": rows, "failed_rows": len(failures)}, file)
        os.rename(draft, target)  # noqa: PTH104

    return write


def counts(output: str, job_id: str) -> tuple[int, int]:
    """Return how many rows a job scored into the output, and how many failed."""
    import json
    from pathlib import Path

    rows = failed = 0
    for path in Path(output).glob(f"batch-*/{COUNTS}"):
        found = json.loads(path.read_text("utf-8"))
        if found["job"] == job_id:
            rows += found["rows"]
            failed += found["failed_rows"]
    return rows, failed

"""Run an order in a pool of processes, and report progress in lines that the server reads."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from trackside.scorer.batch import inputs, order, parts, unit
from trackside.scorer.batch.order import Order, OrderError

MARK = "\x1etrackside "
FAILED = 1


def main(words: list[str]) -> int:
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = os.environ.get("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    wanted = order.read(words[0])
    try:
        result = run(wanted)
    except OrderError as fault:
        report(error=f"{str(fault).rstrip(' .')}.")
        return FAILED
    except OSError as fault:
        report(error=f"The result cannot be written: {fault.strerror or fault}.")
        return FAILED
    report(result=result)
    return 0


def run(wanted: Order) -> dict[str, Any]:
    if wanted.engine == "spark":
        from trackside.scorer.batch.spark import batch

        return batch.run(wanted, report)
    there = inputs.columns_of(wanted)
    if not there:
        raise OrderError("the input is empty: it has no columns and no rows")
    unknown = [name for name in wanted.columns or [] if name not in there]
    if unknown:
        raise OrderError(
            f"--columns names {', '.join(map(repr, unknown))}, which the input lacks; it has {', '.join(there)}"
        )
    taken = [name for name in there if name in parts.ADDED and (wanted.columns is None or name in wanted.columns)]
    if taken:
        raise OrderError(
            f"the input has a column {taken[0]!r}, which the output needs for itself; choose others by --columns"
        )
    total = inputs.total_rows(wanted)
    if total == 0:
        raise OrderError("the input is empty: it has no rows")
    Path(wanted.parts).mkdir(parents=True, exist_ok=True)
    scored, failed, done = parts.counts(wanted)
    report(done=scored + failed, total=total, unit="rows", message="Loading the model.", key="loading-model")
    output = parts.Parts(wanted)
    scored, failed = _score_all(wanted, done, scored, failed, total, output)
    if failed and not scored:
        raise OrderError(f"all {failed} rows failed. One of them: {parts.a_reason(wanted)}")
    report(done=scored + failed, message="Writing the result.", key="writing")
    scored, failed = output.finish()
    if not scored and not failed and not wanted.where:
        raise OrderError("the input is empty: it has no rows")
    return {"rows": scored, "failed_rows": failed, "columns": inputs.types_of(wanted)}


def _score_all(
    wanted: Order, done: set[int], scored: int, failed: int, total: int | None, output: parts.Parts
) -> tuple[int, int]:
    """Score the units that are not done, in processes of this machine or of a Ray cluster.  Return rows and failures of all."""
    if wanted.engine == "ray":
        from trackside.scorer.batch import on_ray as pool
    else:
        from trackside.scorer.batch import pool  # type: ignore[no-redef]  # a module with the same function

    for number, found in pool.run(wanted, lambda: (each for each in inputs.units(wanted) if each.number not in done)):
        if found.wrong:
            raise OrderError(found.wrong)
        done.add(number)
        scored += found.rows
        failed += found.failed
        if failed > wanted.max_failed_rows:
            raise OrderError(unit.too_many(wanted))
        report(done=scored + failed, total=total, message="Scoring.", key="scoring")
        output.add_ready()
    return scored, failed


_told_at = 0.0


def report(**values: Any) -> None:
    """Report to the server; progress at most a few times a second."""
    global _told_at  # noqa: PLW0603  # of this process's standard output
    now = time.monotonic()
    if set(values) == {"done", "total", "message", "key"} and now - _told_at < 0.2:
        return
    _told_at = now
    sys.stdout.write(MARK + json.dumps({name: value for name, value in values.items() if value is not None}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

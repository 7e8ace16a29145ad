"""Run an order in a pool of processes, and report progress in lines that the server reads."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from trackside.scorer.batch import inputs, order, parts, rows
from trackside.scorer.batch.inputs import Unit
from trackside.scorer.batch.order import Order, Wrong

MARK = "\x1etrackside "
MAX_DEATHS = 3  # of the pool, until a run is given up
FAILED = 1


class Done(NamedTuple):
    """What came of a unit.  `wrong`: the run cannot go on."""

    rows: int
    failed: int
    wrong: str = ""


def main(words: list[str]) -> int:
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = os.environ.get("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    wanted = order.read(words[0])
    try:
        result = run(wanted)
    except Wrong as fault:
        report(error=f"{fault}.")
        return FAILED
    except OSError as fault:
        report(error=f"The result cannot be written: {fault.strerror or fault}.")
        return FAILED
    report(result=result)
    return 0


def run(wanted: Order) -> dict[str, Any]:
    there = inputs.columns_of(wanted)
    if not there:
        raise Wrong("the input is empty: it has no columns and no rows")
    unknown = [name for name in wanted.columns or [] if name not in there]
    if unknown:
        raise Wrong(
            f"--columns names {', '.join(map(repr, unknown))}, which the input lacks; it has {', '.join(there)}"
        )
    taken = [name for name in there if name in parts.ADDED and (wanted.columns is None or name in wanted.columns)]
    if taken:
        raise Wrong(
            f"the input has a column {taken[0]!r}, which the output needs for itself; choose others by --columns"
        )
    total = inputs.total_rows(wanted)
    if total == 0:
        raise Wrong("the input is empty: it has no rows")
    Path(wanted.parts).mkdir(parents=True, exist_ok=True)
    scored, failed, done = parts.counts(wanted)
    report(done=scored + failed, total=total, unit="rows", message="Loading the model.")
    _score_all(wanted, done, scored + failed, failed, total)
    report(message="Writing the result.")
    scored, failed = parts.join(wanted)
    if not scored and not failed and not wanted.where:
        raise Wrong("the input is empty: it has no rows")
    return {"rows": scored, "failed_rows": failed, "columns": inputs.types_of(wanted)}


def _score_all(wanted: Order, done: set[int], count: int, failed: int, total: int | None) -> None:
    """Score the units that are not done.  A pool whose process is killed is made once more, for what is left."""
    import mlflow.pyfunc  # noqa: F401  # once, before the pool forks

    deaths = 0
    while True:
        pool = ProcessPoolExecutor(
            wanted.processes, multiprocessing.get_context("fork"), initializer=_begin, initargs=(wanted,)
        )
        try:
            left = (unit for unit in inputs.units(wanted) if unit.number not in done)
            for number, found in _results(pool, left, 2 * wanted.processes):
                if found.wrong:
                    raise Wrong(found.wrong)
                done.add(number)
                count += found.rows + found.failed
                failed += found.failed
                if failed > wanted.max_failed_rows:
                    raise Wrong(_too_many(wanted))
                report(done=count, total=total, message="Scoring.")
        except BrokenProcessPool:
            deaths += 1
            if deaths >= MAX_DEATHS:
                raise Wrong(
                    f"a process that scores was killed {deaths} times: is there too little memory for the model and a batch?"
                ) from None
            sys.stdout.write("A process that scores was killed; the rest is scored by new ones.\n")
        else:
            return
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _results(pool: ProcessPoolExecutor, units: Iterator[Unit], ahead: int) -> Iterator[tuple[int, Done]]:
    """Hand out `ahead` units at once, and yield what comes back."""
    running: dict[Future[Done], int] = {}
    while True:
        while len(running) < ahead:
            unit = next(units, None)
            if unit is None:
                break
            running[pool.submit(_score, unit)] = unit.number
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()


class _State(NamedTuple):
    order: Order
    model: Any
    needed: list[str]  # columns that the model reads
    kept: list[str]  # columns of the input that the output has
    wrong: str = ""


_state: _State | None = None


def _begin(wanted: Order) -> None:
    """Load the model, in a process of the pool."""
    global _state  # noqa: PLW0603  # a process of the pool has one model
    from trackside.scorer import model as models

    try:
        model = models.load(wanted.model)
        there = inputs.columns_of(wanted)
        needed = rows.check_columns(model, there)
        _state = _State(wanted, model, needed, there if wanted.columns is None else wanted.columns)
    except Wrong as fault:
        _state = _State(wanted, None, [], [], str(fault))
    except Exception as fault:  # noqa: BLE001  # a model's own code
        _state = _State(wanted, None, [], [], f"the model cannot be loaded: {type(fault).__name__}: {fault}")


def _score(unit: Unit) -> Done:
    assert _state is not None
    if _state.wrong:
        return Done(0, 0, _state.wrong)
    wanted = _state.order
    part = parts.Part(wanted, unit.number)
    scored = failed = 0
    reads = None if wanted.where else list(dict.fromkeys([*_state.needed, *_state.kept]))
    try:
        for piece in inputs.pieces(unit, wanted, reads):
            part.add_errors(piece.bad)
            failed += len(piece.bad)
            frame, numbers = _filtered(piece.frame.reset_index(drop=True), piece.numbers, wanted.where)
            if not len(frame):
                continue
            found = rows.score(_state.model, frame[_state.needed], wanted.max_failed_rows - failed)
            part.add_errors(_told(found.failures, frame[_state.needed], numbers))
            failed += len(found.failures)
            if found.predictions is not None:
                kept = frame[_state.kept].iloc[found.places].reset_index(drop=True)
                part.add(_beside(kept, found.predictions), numbers[found.places])
                scored += len(found.places)
    except rows.TooMany as fault:
        first = min(fault.failures)
        return Done(scored, failed, f"{_too_many(wanted)}. One of them: {first.reason}")
    except Wrong as fault:
        return Done(scored, failed, str(fault))
    except OSError as fault:
        return Done(scored, failed, f"the result cannot be written: {fault.strerror or fault}")
    part.finish()
    return Done(scored, failed)


def _filtered(frame: Any, numbers: Any, where: str) -> tuple[Any, Any]:
    if not where or not len(frame):
        return frame, numbers
    try:
        chosen = frame.eval(where, engine="python")
        if str(chosen.dtype) not in ("bool", "boolean"):
            raise TypeError(f"it gives {chosen.dtype} in place of true or false")
    except Exception as fault:  # noqa: BLE001  # what pandas raises depends on the text
        raise Wrong(f"--where is {where!r}, which cannot be evaluated on the input: {fault}") from None
    chosen = chosen.fillna(False).to_numpy(dtype=bool)
    return frame[chosen].reset_index(drop=True), numbers[chosen]


def _beside(kept: Any, predictions: Any) -> Any:
    """Join input columns and predictions.  Raise Wrong where both have a name."""
    import pandas as pd

    both = [name for name in predictions.columns if name in kept.columns]
    if both:
        raise Wrong(
            f"the input has a column {both[0]!r}, which is that of the prediction too; choose others by --columns"
        )
    return pd.concat([kept, predictions], axis=1)


def _told(failures: list[rows.Failure], frame: Any, numbers: Any) -> list[tuple[int | None, str, Any]]:
    return [(int(numbers[place]), reason, frame.iloc[place].to_dict()) for place, reason in failures]


def _too_many(wanted: Order) -> str:
    return f"more than {wanted.max_failed_rows} rows failed, the most that may"


_told_at = 0.0


def report(**values: Any) -> None:
    """Tell the server; progress at most a few times a second."""
    global _told_at  # noqa: PLW0603  # of this process's standard output
    now = time.monotonic()
    if set(values) == {"done", "total", "message"} and now - _told_at < 0.2:
        return
    _told_at = now
    sys.stdout.write(MARK + json.dumps({name: value for name, value in values.items() if value is not None}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

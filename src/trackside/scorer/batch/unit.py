"""Score one unit, in a process that has loaded the model."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from trackside.scorer.batch import arrays, inputs, parts, quick_imports, rows
from trackside.scorer.batch.inputs import Piece, Unit
from trackside.scorer.batch.order import Order, OrderError


class Done(NamedTuple):
    """The result of a unit.  `wrong`: the run cannot continue."""

    rows: int
    failed: int
    wrong: str = ""


class _State(NamedTuple):
    order: Order
    model: Any
    needed: list[str]  # columns that the model reads
    kept: list[str]  # columns of the input that the output has
    wrong: str = ""


_state: _State | None = None
_prepared: tuple[str, Any] = ("", None)  # folder and model, loaded before the pool forked
_LOADED_ONCE = {"mlflow.sklearn"}  # flavors that start no thread when they load a model: their processes can fork


def prepare(wanted: Order) -> None:
    """Load the model if its flavor allows a later fork, otherwise MLflow alone, once for all processes of a pool.

    A model that cannot be loaded is left to `begin`, which reports the reason."""
    global _prepared  # noqa: PLW0603  # a run has one model
    from trackside.scorer import model as models

    if _prepared[0] == wanted.model:
        return
    with suppress(Exception):
        if models.loader(wanted.model) in _LOADED_ONCE:
            quick_imports.sklearn()
            _prepared = wanted.model, models.load(wanted.model)
        else:
            import mlflow.pyfunc  # noqa: F401  # for the processes of the pool


def begin(wanted: Order) -> None:
    """Load the model, in a process of the pool."""
    global _state  # noqa: PLW0603  # a process of the pool has one model
    from trackside.scorer import model as models

    try:
        model = _prepared[1] if _prepared[0] == wanted.model else models.load(wanted.model)
        there = inputs.columns_of(wanted)
        needed = rows.check_columns(model, there)
        _state = _State(wanted, model, needed, there if wanted.columns is None else wanted.columns)
    except OrderError as fault:
        _state = _State(wanted, None, [], [], str(fault))
    except Exception as fault:  # noqa: BLE001  # a model's own code
        _state = _State(wanted, None, [], [], f"the model cannot be loaded: {type(fault).__name__}: {fault}")


def score(unit: Unit) -> Done:
    assert _state is not None
    if _state.wrong:
        return Done(0, 0, _state.wrong)
    wanted = _state.order
    part = parts.Part(wanted, unit.number)
    scored = failed = 0
    reads = None if wanted.where else list(dict.fromkeys([*_state.needed, *_state.kept]))
    try:
        for read in inputs.pieces(unit, wanted, reads):
            part.add_errors(read.bad)
            failed += len(read.bad)
            piece = _filtered(_state.model, read, wanted.where)
            if not len(piece.numbers):
                continue
            predictions = None if piece.rows is None else arrays.predictions(_state.model, piece.rows)
            if predictions is not None:
                part.add(piece.columns(_state.kept), predictions, piece.numbers)
                scored += len(piece.numbers)
                continue
            frame = piece.frame[_state.needed]
            found = rows.score(_state.model, frame, wanted.max_failed_rows - failed)
            part.add_errors(_errors_of(found.failures, frame, piece.numbers))
            failed += len(found.failures)
            if found.predictions is not None:
                places = found.places if found.failures or len(found.places) < len(frame) else None
                numbers = piece.numbers if places is None else piece.numbers[places]
                part.add(piece.columns(_state.kept, places), _table(found.predictions), numbers)
                scored += len(found.places)
    except rows.TooMany as fault:
        first = min(fault.failures)
        return Done(scored, failed, f"{too_many(wanted)}. One of them: {first.reason}")
    except OrderError as fault:
        return Done(scored, failed, str(fault))
    except OSError as fault:
        return Done(scored, failed, f"the result cannot be written: {fault.strerror or fault}")
    part.finish()
    return Done(scored, failed)


def _filtered(model: Any, piece: Piece, where: str) -> Piece:
    """Return the rows of the condition, for which columns of text have the types of the signature."""
    if not where or not len(piece.numbers):
        return piece
    frame = piece.frame if piece.rows is not None else rows.cast(model, piece.frame)[0]
    try:
        chosen = frame.eval(where, engine="python")
        if str(chosen.dtype) not in ("bool", "boolean"):
            raise TypeError(f"it gives {chosen.dtype} in place of true or false")
    except Exception as fault:  # noqa: BLE001  # what pandas raises depends on the text
        raise OrderError(f"--where is {where!r}, which cannot be evaluated on the input: {fault}") from None
    return piece.chosen(chosen.fillna(False).to_numpy(dtype=bool))


def _table(predictions: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(predictions, preserve_index=False).replace_schema_metadata(None)


def _errors_of(failures: list[rows.Failure], frame: Any, numbers: Any) -> list[tuple[int | None, str, Any]]:
    return [(int(numbers[place]), reason, frame.iloc[place].to_dict()) for place, reason in failures]


def too_many(wanted: Order) -> str:
    return f"more than {wanted.max_failed_rows} rows failed, the most that may"

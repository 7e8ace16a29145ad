"""The function of a task: rows in, predictions and reasons of failure out.

Spark sends `score` to the tasks by value, so it and what it uses here import nothing of the scorer before `_mount` has unpacked
the archive.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator

REASON = "reason"
_state: dict[str, Any] = {}


def make(archive: str, job_id: str, names: list[str], max_failed_rows: int) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return the function.  It yields a frame of the columns `names`, which are those of predictions and at last the reason."""

    def score(frames: Iterator[Any]) -> Iterator[Any]:
        import numpy as np
        import pandas as pd

        if job_id not in _state:
            _state.clear()  # a task's process may serve several jobs in turn
            _state[job_id] = _load(_mount(archive))
        rows, model = _state[job_id]
        failed = 0
        for frame in frames:
            if not len(frame):
                yield pd.DataFrame({name: [] for name in names}).astype(object)
                continue
            try:
                found = rows.score(model, frame, max_failed_rows - failed)
            except rows.TooMany as fault:
                first = min(fault.failures)
                raise RuntimeError(
                    f"trackside: more than {max_failed_rows} rows failed, the most that may. One of them: {first.reason}"
                ) from None
            except rows.Wrong as fault:
                raise RuntimeError(f"trackside: {fault}") from None
            failed += len(found.failures)
            if found.predictions is not None and not found.failures:
                whole = found.predictions.copy(deep=False)
            else:
                order = np.concatenate([found.places, np.array([each.place for each in found.failures], dtype="int64")])
                whole = found.predictions if found.predictions is not None else pd.DataFrame(index=range(0))
                whole = whole.reindex(range(len(frame)))
                whole.index = order
                whole = whole.sort_index()
            reasons: Any = np.full(len(frame), None, dtype=object)
            for each in found.failures:
                reasons[each.place] = each.reason
            whole[REASON] = reasons
            yield whole.reindex(columns=names).reset_index(drop=True)

    return score


def _mount(archive: str) -> str:
    """Unpack the archive once for each process of tasks, make the scorer importable, and return the folder of the model."""
    import atexit
    import os
    import shutil
    import sys
    import tempfile
    import zipfile

    from pyspark import SparkFiles

    folder = tempfile.mkdtemp(prefix="trackside-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(SparkFiles.get(archive)) as file:
        file.extractall(folder)
    for name in [name for name in sys.modules if name == "trackside" or name.startswith("trackside.")]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    return os.path.join(folder, "model")  # noqa: PTH118  # a path of another machine


def _load(model: str) -> tuple[Any, Any]:
    import importlib

    rows = importlib.import_module("trackside.scorer.batch.rows")
    models = importlib.import_module("trackside.scorer.model")
    return rows, models.load(model)

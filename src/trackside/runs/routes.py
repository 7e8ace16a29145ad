"""Calls for runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trackside.core.access import Action, Reference
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.core.http.routes import LISTED, Route, batch, command, query
from trackside.core.http.targets import by
from trackside.runs import batch as logging
from trackside.runs import history, lifecycle, limits, lineage, search, store
from trackside.runs import model as m
from trackside.runs.documents import Documents
from trackside.runs.limits import Logged
from trackside.runs.lineage import FoundDatasets, SearchDatasets
from trackside.runs.orders import Orders

BATCH_BYTES = 128 << 10  # limit for a log-batch body that bypasses ASGI; a thousand points fit


def _run_and_models(call: Any) -> Sequence[Reference]:
    """Return the run of a call, and the logged models in its points, inputs or outputs."""
    run = call.run_id or call.run_uuid
    if not run:
        return []
    if type(call) is m.LogMetric and call.model_id is None:  # the most frequent call
        return _run_alone(run)
    rows = [call, *(getattr(call, "metrics", None) or []), *(getattr(call, "models", None) or [])]
    models = dict.fromkeys(model_id for row in rows if (model_id := getattr(row, "model_id", None)))
    return [Reference("run", run), *(Reference("logged_model", model_id) for model_id in models)]


@lru_cache(maxsize=1024)
def _run_alone(run: str) -> tuple[Reference]:
    return (Reference("run", run),)


RUN = _run_and_models


def get(tx: Tx, call: m.RunCall) -> m.GotRun:
    return m.GotRun(run=store.get(tx, call.run))


def delete(tx: Tx, call: m.RunCall) -> None:
    store.delete(tx, call.run)


def restore(tx: Tx, call: m.RunCall) -> None:
    store.restore(tx, call.run)


def delete_tag(tx: Tx, call: m.DeleteTag) -> None:
    store.delete_tag(tx, call.run, call.key or "")


def log_inputs(tx: Tx, call: m.LogInputs) -> None:
    lineage.log_inputs(tx, call.run, call.datasets or [], call.models or [])


def log_outputs(tx: Tx, call: m.LogOutputs) -> None:
    lineage.log_outputs(tx, call.run, call.models or [])


def log_model(tx: Tx, call: m.LogModel) -> None:
    lineage.log_model(tx, call.run, call.model_json or "")


def search_datasets(tx: Tx, call: SearchDatasets) -> FoundDatasets:
    return lineage.search_datasets(tx, call)


@dataclass(frozen=True)
class Calls:
    documents: Documents
    orders: Orders

    def find(self, tx: Tx, call: m.SearchRuns) -> bytes:
        return search.search(tx, call, self.documents, self.orders)


@dataclass(frozen=True)
class Logging:
    """The handlers of logging calls.  `count(workspace, number)` is called with the number of points."""

    count: Callable[[int, int], None]

    def log(self, tx: Tx, calls: Sequence[Logged]) -> list[bytes | Fault]:
        answers = logging.log(tx, calls)
        points = 0
        for call, answer in zip(calls, answers, strict=True):
            if call.points and answer is logging.ANSWER:
                points += sum(map(len, call.points.values()))
        if points:
            self.count(tx.ws, points)
        return answers


def routes(documents: Documents, orders: Orders, count: Callable[[int, int], None]) -> list[Route]:
    """Return the routes.  `count(workspace, number)` is called with the number of points that were logged."""
    calls = Calls(documents, orders)
    log = Logging(count).log
    return [
        batch(
            "POST runs/create",
            m.CreateRun,
            lifecycle.new_run,
            lifecycle.create_all,
            needs=Action.RUNS_WRITE,
            on=by("experiment", "experiment_id", default="0"),
            answer=m.GotRun,
            is_signed=True,
        ),
        query("GET runs/get", m.RunCall, get, needs=Action.RUNS_READ, on=RUN, quick=True, answer=m.GotRun),
        batch(
            "POST runs/update",
            m.UpdateRun,
            lifecycle.run_update,
            lifecycle.update_all,
            needs=Action.RUNS_WRITE,
            on=RUN,
            answer=m.GotInfo,
            is_signed=True,
        ),
        command("POST runs/delete", m.RunCall, delete, needs=Action.RUNS_WRITE, on=RUN, quick=True),
        command("POST runs/restore", m.RunCall, restore, needs=Action.RUNS_WRITE, on=RUN, quick=True),
        query("POST runs/search", m.SearchRuns, calls.find, needs=Action.RUNS_READ, on=LISTED, answer=search.Found),
        batch(
            "POST runs/log-metric",
            m.LogMetric,
            limits.metric,
            log,
            needs=Action.RUNS_WRITE,
            on=RUN,
            summary="Logs a point of a metric.",
        ),
        batch(
            "POST runs/log-parameter",
            m.LogParam,
            limits.param,
            log,
            needs=Action.RUNS_WRITE,
            on=RUN,
            summary="Logs a param, once.",
        ),
        batch("POST runs/set-tag", m.SetTag, limits.tag, log, needs=Action.RUNS_WRITE, on=RUN, summary="Sets a tag."),
        batch(
            "POST runs/log-batch",
            m.LogBatch,
            limits.batch,
            log,
            needs=Action.RUNS_WRITE,
            on=RUN,
            summary="Logs metrics, params and tags.",
            small_bytes=BATCH_BYTES,
        ),
        command("POST runs/delete-tag", m.DeleteTag, delete_tag, needs=Action.RUNS_WRITE, on=RUN, quick=True),
        command(
            "POST runs/log-inputs",
            m.LogInputs,
            log_inputs,
            needs=Action.RUNS_WRITE,
            on=RUN,
            max_body_bytes=lineage.MAX_INPUTS_BYTES,
        ),
        command("POST runs/outputs", m.LogOutputs, log_outputs, needs=Action.RUNS_WRITE, on=RUN),
        command("POST runs/log-model", m.LogModel, log_model, needs=Action.RUNS_WRITE, on=RUN),
        query(
            "POST experiments/search-datasets",
            SearchDatasets,
            search_datasets,
            needs=Action.RUNS_READ,
            on=LISTED,
            answer=FoundDatasets,
        ),
        *history.routes(),
    ]

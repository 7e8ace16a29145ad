"""Checks the rights that the caller of a scoring job needs: to read the model and the table, and to write to the run."""

from trackside.artifacts import store as artifacts
from trackside.core.access import Action, Object, experiment_named
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied
from trackside.endpoints.model import Model
from trackside.logged_models import store as logged_models
from trackside.registry.files import sources as uris
from trackside.runs import store as runs
from trackside.scoring import places


def check(tx: Tx, model: Model, place: str, run_id: str, experiment_id: str) -> None:
    """Raise Denied for objects that the caller may not read or write, NotFound for a missing run.

    `place` is the location of the input; empty if there is none or the server does not read it.  Without a `run_id`, the job
    creates a run in the experiment."""
    _check_model(tx, model)
    source = places.run_of(place)
    if source is not None:
        artifacts.root_of_run(tx, source[0])
        _check_run(tx, source[0], Action.RUNS_READ, "input")
    if run_id:
        runs.active(tx, run_id)
        _check_run(tx, run_id, Action.RUNS_WRITE, "run_id")
    else:
        _check_right(tx, Action.RUNS_WRITE, experiment_named(experiment_id), "experiment_id")


def _check_model(tx: Tx, model: Model) -> None:
    if model.name:
        _check_right(tx, Action.MODELS_READ, Object("model", model.name), "model")
        return
    run = uris.run_path(model.uri)
    if run is not None:
        _check_run(tx, run[0], Action.RUNS_READ, "model")
        return
    named = uris.model_uri(model.uri)
    if named is not None and named.model_id is not None:
        found = logged_models.locate(tx, named.model_id)
        if found is not None:
            _check_right(tx, Action.RUNS_READ, found, "model")


def _check_run(tx: Tx, run_id: str, action: Action, what: str) -> None:
    found = runs.locate(tx, run_id)
    if found is not None:
        _check_right(tx, action, found, what)


def _check_right(tx: Tx, action: Action, found: Object, what: str) -> None:
    if not tx.rights.allows(action, found):
        raise Denied(f"Permission denied: {what} needs {action} on {found.kind} {found.id}.")

"""Which jobs a caller may see: a job about a denied experiment or model is hidden, as its run and its log file are."""

from typing import Any

import msgspec

from trackside.core.access import Action, Object, experiment_named
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.jobs.model import Job
from trackside.runs import store as runs

_MODEL = "models:/"


def check(tx: Tx, job: Job) -> Job:
    """Return the job.  Raise NotFound where it is hidden from the caller, as for one that does not exist."""
    if not is_readable(tx, job):
        raise NotFound(f"Job with id={job.job_id} not found").because("missing", kind="job", name=job.job_id)
    return job


def is_readable(tx: Tx, job: Job) -> bool:
    if not tx.rights.missing((Action.RUNS_READ, Action.MODELS_READ)):
        return True
    params: dict[str, Any] = msgspec.json.decode(job.params)
    return _may_read_run(tx, job, params) and _may_read_model(tx, params.get("model"))


def _may_read_run(tx: Tx, job: Job, params: dict[str, Any]) -> bool:
    run_id, experiment_id = params.get("run_id"), params.get("experiment_id")
    if not run_id and not experiment_id:
        return True
    found = runs.locate(tx, str(run_id or job.job_id))
    if found is None and experiment_id:
        found = experiment_named(str(experiment_id))
    return found is None or tx.rights.allows(Action.RUNS_READ, found)


def _may_read_model(tx: Tx, uri: Any) -> bool:
    if not isinstance(uri, str) or not uri.startswith(_MODEL):
        return True
    name = uri.removeprefix(_MODEL).partition("/")[0].partition("@")[0]
    return tx.rights.allows(Action.MODELS_READ, Object("model", name))

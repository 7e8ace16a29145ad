"""Checks which jobs and schedules a caller may see.  Jobs about an experiment or model that the caller may not read are
hidden."""

from typing import Any

import msgspec

from trackside.core.access import Action, Object, experiment_named
from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.jobs.model import Job, Schedule
from trackside.jobs.schedule_store import no_schedule
from trackside.runs import store as runs

_MODEL = "models:/"


def check(tx: Tx, job: Job) -> Job:
    """Return the job.  Raise NotFound if it does not exist or is hidden from the caller."""
    if not is_readable(tx, job):
        raise NotFound(f"Job with id={job.job_id} not found").because("missing", kind="job", name=job.job_id)
    return job


def check_schedule(tx: Tx, schedule: Schedule) -> Schedule:
    """Return the schedule.  Raise NotFound if it does not exist or is hidden from the caller."""
    if not is_readable(tx, schedule):
        raise no_schedule(schedule.name)
    return schedule


def is_readable(tx: Tx, found: Job | Schedule) -> bool:
    """Return whether the caller may read the run, the experiment and the model in the parameters."""
    if not tx.rights.missing((Action.RUNS_READ, Action.MODELS_READ)):
        return True
    params: dict[str, Any] = msgspec.json.decode(found.params)
    own_run = found.job_id if isinstance(found, Job) else ""
    return _may_read_run(tx, own_run, params) and _may_read_model(tx, params.get("model"))


def _may_read_run(tx: Tx, own_run: str, params: dict[str, Any]) -> bool:
    run_id, experiment_id = params.get("run_id"), params.get("experiment_id")
    if not run_id and not experiment_id:
        return True
    found = runs.locate(tx, str(run_id or own_run))
    if found is None and experiment_id:
        found = experiment_named(str(experiment_id))
    return found is None or tx.rights.allows(Action.RUNS_READ, found)


def _may_read_model(tx: Tx, uri: Any) -> bool:
    if not isinstance(uri, str) or not uri.startswith(_MODEL):
        return True
    name = uri.removeprefix(_MODEL).partition("/")[0].partition("@")[0]
    return tx.rights.allows(Action.MODELS_READ, Object("model", name))

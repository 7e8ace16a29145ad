"""Checks who may control work that acts as a user: that user, and the owners of the workspace.

A caller who starts another user's job or schedule acts with that user's rights.  So the action `jobs/write` is not sufficient.
"""

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied
from trackside.jobs.model import Job, Schedule


def may_steer(tx: Tx, principal_id: int | None) -> bool:
    """Return whether the caller may start or change a job that acts as a user (None: as no user).

    An owner of the workspace may assign any role in it, and so could get the rights of any user anyway."""
    if principal_id is None or tx.caller.is_admin or tx.caller.principal_id == principal_id:
        return True
    return not tx.rights.missing([Action.ROLE_ASSIGNMENTS_WRITE])


def check_schedule(tx: Tx, schedule: Schedule) -> None:
    """Raise Denied unless the caller may run, change, pause and delete the schedule."""
    _check(tx, f"the schedule {schedule.name!r}", schedule.principal_id, schedule.user)


def check_job(tx: Tx, job: Job) -> None:
    """Raise Denied unless the caller may queue the job again."""
    _check(tx, f"the job {job.job_id}", job.principal_id, job.user)


def _check(tx: Tx, what: str, principal_id: int | None, user: str) -> None:
    if not may_steer(tx, principal_id):
        raise Denied(
            f"Permission denied: {what} acts in the name of {user!r}."
            f" {user} or an owner of the workspace may do this; you may make one of your own."
        )

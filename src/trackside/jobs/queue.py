"""Queues jobs, from a slice's own code or from a call, in the caller's transaction."""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Denied
from trackside.jobs import store
from trackside.jobs.kinds import Kind
from trackside.jobs.model import Job, check_title
from trackside.quotas.budget import check
from trackside.quotas.model import Measure

P = TypeVar("P", bound=Struct)


def submit(
    tx: Tx,
    kind: Kind[P],
    params: P,
    *,
    title: str = "",
    priority: int = 0,
    timeout_s: int | None = None,
    key: str = "",
    schedule: str = "",
    principal_id: int | None = None,
) -> Job:
    """Queue a job in the workspace of the transaction, and return it.

    A workspace has at most one queued or running job with a `key`: a second submit returns that job.  `principal_id` is the user
    as whom the job acts; by default the transaction's caller.  Raise QuotaExceeded if the workspace or the user has reached the
    limit of jobs."""
    params = kind.checked(tx, params)
    if kind.is_open:
        check(tx, Measure.JOBS)
    usual = kind.describe(params) if kind.describe is not None else kind.title
    owner = tx.caller.principal_id if principal_id is None else principal_id
    while True:
        made = store.insert(
            tx,
            kind=kind.name,
            title=check_title(title, usual[:500]),
            params=msgspec.json.encode(params).decode(),
            priority=priority,
            max_attempts=kind.max_attempts,
            timeout_s=kind.timeout_s if timeout_s is None else timeout_s,
            unique_key=key,
            schedule=schedule,
            principal_id=owner,
        )
        found = made or store.with_key(tx, key)
        if found is not None:  # otherwise the other job has just ended
            return found


def check_needs(tx: Tx, kind: Kind[Any]) -> None:
    """Raise Denied unless the caller has the actions that jobs of the kind need in the workspace."""
    if kind.checks_objects:
        missing, where = [action for action in kind.needs if action not in tx.rights.everywhere], "the workspace"
    else:
        missing, where = tx.rights.missing(kind.needs), "the whole workspace"
    for action in missing:
        raise Denied(f"Permission denied: a job of kind {kind.name!r} needs {action} in {where}.")

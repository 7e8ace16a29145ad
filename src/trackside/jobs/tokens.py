"""The token by which a running attempt of a job calls the API, as the job's user and in its workspace."""

from trackside.core.db.tx import Tx
from trackside.core.errors import Denied
from trackside.identity import credentials
from trackside.identity import store as identity
from trackside.identity.model import Principal, TokenScope
from trackside.jobs import store
from trackside.jobs.model import Job
from trackside.workspaces import store as workspaces

AFTER_MS = 3_600_000  # beyond the job's time limit


def begin(tx: Tx, job: Job) -> str:
    """Create the token of an attempt; empty for a job without a user, such as every job of a server without users.

    Raise Denied if the user was removed or disabled meanwhile."""
    if job.principal_id is None:
        return ""
    owner = _owner(tx, job.principal_id, job.user)
    expires_at = tx.now + job.timeout_s * 1000 + AFTER_MS
    name = f"job {job.job_id} attempt {job.attempt}"
    place = workspaces.current(tx).name
    token, secret = credentials.create_token(tx, owner, name, TokenScope.WRITE, place, expires_at)
    store.set_token(tx, job, token.token_id)
    return secret


def check(tx: Tx, job: Job) -> None:
    """Raise Denied if an attempt has a token and its user was removed or disabled meanwhile."""
    if job.token_id is not None and job.principal_id is not None:
        _owner(tx, job.principal_id, job.user)


def end(tx: Tx, job: Job) -> None:
    """Revoke the token of an attempt, if it has one."""
    if job.token_id is not None:
        credentials.revoke_token(tx, job.token_id)


def _owner(tx: Tx, principal_id: int, user: str) -> Principal:
    owner = identity.find(tx, principal_id)
    if owner is None or owner.is_disabled:
        raise Denied(f"The job acts in the name of {user!r}, who has been removed or disabled.")
    return owner

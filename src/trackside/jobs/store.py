"""Jobs, queues and logs in SQL."""

import secrets
from typing import Any

import msgspec

from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import BadState, NotFound
from trackside.core.work import leases
from trackside.jobs.model import LIVE, Cause, Job, Progress, Queue, State
from trackside.jobs.plan import LONGEST_PAUSE_MS, Next

MAX_LOG_BYTES = 4 << 20  # limit for the log of one job; the oldest lines above the limit are dropped

_JOB = """job_seq, workspace_id, job_id, kind, title, params, state, reason, cause, order_key, attempt, max_attempts,
    timeout_s, due_at, schedule, user_name, principal_id, is_cancelling, holder, token_id, progress, result, created_at,
    started_at, ended_at"""
# A retry is delayed by at most LONGEST_PAUSE_MS, so a later due time means that the clock was set back.
_DUE = "(due_at <= :now OR due_at > :far)"


def insert(
    tx: Tx,
    *,
    kind: str,
    title: str,
    params: str,
    priority: int,
    max_attempts: int,
    timeout_s: int,
    unique_key: str,
    schedule: str,
    principal_id: int | None,
) -> Job | None:
    """Queue a job.  Return None if a live job has the same key."""
    tx.run("INSERT INTO job_queues (workspace_id, is_paused) VALUES (:ws, 0) ON CONFLICT DO NOTHING")
    row = tx.one(
        f"""
        INSERT INTO jobs (workspace_id, job_id, kind, title, params, state, reason, order_key, attempt, max_attempts, timeout_s,
            due_at, unique_key, schedule, user_name, principal_id, is_cancelling, holder, leased_until, progress, created_at)
        VALUES (:ws, :job_id, :kind, :title, :params, :state, '', :order_key, 0, :max_attempts, :timeout_s, 0, :unique_key,
            :schedule, :user, :principal_id, 0, '', 0, '{{}}', :now)
        ON CONFLICT DO NOTHING RETURNING {_JOB}
        """,
        job_id=secrets.token_hex(16),
        kind=kind,
        title=title,
        params=params,
        state=State.QUEUED,
        order_key=-priority,
        max_attempts=max_attempts,
        timeout_s=timeout_s,
        unique_key=unique_key,
        schedule=schedule,
        user=tx.user,
        principal_id=principal_id,
    )
    if row is None:
        return None
    job = _job(row)
    tx.record(Change("job", job.job_id, "create"))
    return job


def with_key(tx: Tx, unique_key: str) -> Job | None:
    """Return the live job that has the key."""
    row = tx.one(
        f"SELECT {_JOB} FROM jobs WHERE workspace_id = :ws AND unique_key = :key AND state IN :live",
        key=unique_key,
        live=list(LIVE),
    )
    return None if row is None else _job(row)


def get(tx: Tx, job_id: str) -> Job:
    found = find(tx, job_id)
    if found is None:
        raise NotFound(f"Job with id={job_id[:100]} not found").because("missing", kind="job", name=job_id)
    return found


def find(tx: Tx, job_id: str) -> Job | None:
    row = tx.one(f"SELECT {_JOB} FROM jobs WHERE workspace_id = :ws AND job_id = :id", id=job_id)
    return None if row is None else _job(row)


def lock(tx: Tx, job_id: str) -> Job:
    """Return the job and lock it until the transaction ends."""
    row = tx.one(f"SELECT {_JOB} FROM jobs WHERE workspace_id = :ws AND job_id = :id FOR UPDATE", id=job_id)
    if row is None:
        raise NotFound(f"Job with id={job_id[:100]} not found").because("missing", kind="job", name=job_id)
    return _job(row)


def page(
    tx: Tx, *, kind: str | None, state: State | None, schedule: str | None, before: int | None, limit: int
) -> list[Job]:
    """Return jobs, the newest first; `before` is the number of the last job on the previous page."""
    narrow, bound = "", dict[str, Any]()
    for column, value in (("kind", kind), ("state", state), ("schedule", schedule)):
        if value:
            narrow += f" AND {column} = :{column}"
            bound[column] = str(value)
    if before is not None:
        narrow += " AND job_seq < :before"
        bound["before"] = before
    rows = tx.all(
        f"SELECT {_JOB} FROM jobs WHERE workspace_id = :ws{narrow} ORDER BY job_seq DESC LIMIT :limit",
        limit=limit,
        **bound,
    )
    return list(map(_job, rows))


def request_cancel(tx: Tx, job: Job) -> None:
    """Request the end of a running job from its server."""
    tx.run(
        "UPDATE jobs SET is_cancelling = 1 WHERE workspace_id = :ws AND job_seq = :seq AND state = :running",
        seq=job.job_seq,
        running=State.RUNNING,
    )
    tx.record(Change("job", job.job_id, "cancel"))


def retry(tx: Tx, job: Job, attempts: int) -> None:
    """Queue an ended job again.  Its id and its results so far are kept."""
    if job.state in LIVE or job.state is State.SUCCEEDED:
        raise BadState(
            f"Job {job.job_id} is {job.state}; only a job that failed or was cancelled can be retried."
        ).because("not-retryable")
    tx.run(
        """
        UPDATE jobs SET state = :queued, reason = '', cause = '', due_at = 0, is_cancelling = 0,
            max_attempts = attempt + :attempts, unique_key = '', started_at = NULL, ended_at = NULL
        WHERE workspace_id = :ws AND job_seq = :seq
        """,
        queued=State.QUEUED,
        attempts=attempts,
        seq=job.job_seq,
    )
    tx.record(Change("job", job.job_id, "retry"))


def delete(tx: Tx, job: Job) -> None:
    if job.state in LIVE:
        raise BadState(f"Job {job.job_id} is {job.state}; cancel it before you delete it.").because("still-live")
    tx.run("DELETE FROM job_logs WHERE workspace_id = :ws AND job_seq = :seq", seq=job.job_seq)
    tx.run("DELETE FROM jobs WHERE workspace_id = :ws AND job_seq = :seq", seq=job.job_seq)
    tx.record(Change("job", job.job_id, "delete"))


def remove_all(tx: Tx) -> None:
    """Remove the jobs and schedules of a workspace that is deleted.  Servers then end its running jobs."""
    for table in ("job_logs", "job_schedules", "job_queues", "jobs"):
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws")


# Queues


def queues(tx: Tx) -> list[Queue]:
    """Return the queues of all workspaces with due jobs."""
    rows = tx.all(
        f"""
        SELECT q.workspace_id, q.max_running, q.is_paused,
            (SELECT COUNT(*) FROM jobs r WHERE r.workspace_id = q.workspace_id AND r.state = :running),
            (SELECT COUNT(*) FROM jobs w WHERE w.workspace_id = q.workspace_id AND w.state = :queued AND {_DUE})
        FROM job_queues q
        WHERE q.is_paused = 0 AND EXISTS
            (SELECT 1 FROM jobs e WHERE e.workspace_id = q.workspace_id AND e.state = :queued AND {_DUE})
        """,
        running=State.RUNNING,
        queued=State.QUEUED,
        far=tx.now + LONGEST_PAUSE_MS,
    )
    return [_queue(row) for row in rows]


def queue(tx: Tx) -> Queue:
    row = tx.one(
        """
        SELECT MAX(workspace_id), MAX(max_running), MAX(is_paused),
            (SELECT COUNT(*) FROM jobs WHERE workspace_id = :ws AND state = :running),
            (SELECT COUNT(*) FROM jobs WHERE workspace_id = :ws AND state = :queued)
        FROM job_queues WHERE workspace_id = :ws
        """,
        running=State.RUNNING,
        queued=State.QUEUED,
    )
    assert row is not None
    return _queue((tx.ws, row[1], row[2] or 0, *row[3:]))


def set_queue(tx: Tx, *, max_running: int | None, is_paused: bool) -> None:
    tx.run(
        """
        INSERT INTO job_queues (workspace_id, max_running, is_paused) VALUES (:ws, :most, :paused)
        ON CONFLICT (workspace_id) DO UPDATE SET max_running = excluded.max_running, is_paused = excluded.is_paused
        """,
        most=max_running,
        paused=int(is_paused),
    )


def lease(tx: Tx, holder: str, most: int, usual_limit: int, lease_s: float) -> list[Job]:
    """Lease up to `most` due jobs of the workspace, by priority and age.

    The row of the queue is locked, so that several servers together never exceed the limit.  A server that finds the row locked
    leases no job."""
    held = tx.one(
        "SELECT max_running, is_paused FROM job_queues WHERE workspace_id = :ws FOR UPDATE SKIP LOCKED",
    )
    if held is None or held[1]:
        return []
    (running,) = tx.one(
        "SELECT COUNT(*) FROM jobs WHERE workspace_id = :ws AND state = :running", running=State.RUNNING
    ) or (0,)
    room = min(most, (usual_limit if held[0] is None else held[0]) - running)
    if room <= 0:
        return []
    found = tx.all(
        f"""
        SELECT job_seq FROM jobs WHERE workspace_id = :ws AND state = :queued AND {_DUE}
        ORDER BY order_key, job_seq LIMIT :room FOR UPDATE SKIP LOCKED
        """,
        queued=State.QUEUED,
        far=tx.now + LONGEST_PAUSE_MS,
        room=room,
    )
    if not found:
        return []
    rows = tx.all(
        f"""
        UPDATE jobs SET state = :running, reason = '', cause = '', holder = :holder, attempt = attempt + 1,
            started_at = :now, ended_at = NULL, leased_until = {leases.NOW[tx.dialect]} + :length
        WHERE workspace_id = :ws AND job_seq IN :seqs RETURNING {_JOB}
        """,
        running=State.RUNNING,
        holder=holder,
        length=int(lease_s * 1000),
        seqs=[seq for (seq,) in found],
    )
    jobs = sorted(map(_job, rows), key=lambda job: (-job.priority, job.job_seq))
    tx.record_all([Change("job", job.job_id, "start") for job in jobs])
    return jobs


def set_token(tx: Tx, job: Job, token_id: int) -> None:
    tx.run("UPDATE jobs SET token_id = :id WHERE workspace_id = :ws AND job_seq = :seq", id=token_id, seq=job.job_seq)


def beat(tx: Tx, job: Job, progress: Progress, lease_s: float) -> bool | None:
    """Renew the lease and store the progress.  Return whether cancellation is requested; None if the lease was lost."""
    row = tx.one(
        f"""
        UPDATE jobs SET progress = :progress, leased_until = {leases.NOW[tx.dialect]} + :length
        WHERE workspace_id = :ws AND job_seq = :seq AND state = :running AND holder = :holder AND attempt = :attempt
        RETURNING is_cancelling
        """,
        progress=msgspec.json.encode(progress).decode(),
        length=int(lease_s * 1000),
        seq=job.job_seq,
        running=State.RUNNING,
        holder=job.holder,
        attempt=job.attempt,
    )
    return None if row is None else bool(row[0])


def lost(tx: Tx, holder: str) -> list[tuple[int, str]]:
    """Return (workspace, job id) of the jobs whose lease expired.

    A SQLite store has only one server, so the leases of other servers are void.  On PostgreSQL, servers wait until a lease
    expires, unless its holder has certainly ended."""
    gone = "holder <> :holder" if tx.dialect == "sqlite" else _expired(tx)
    rows = tx.all(
        f"SELECT workspace_id, job_id FROM jobs WHERE state = :running AND holder <> '' AND {gone}",
        running=State.RUNNING,
        **({"holder": holder} if tx.dialect == "sqlite" else leases.earlier(holder)),
    )
    return [(ws, job_id) for ws, job_id in rows]


def is_expired(tx: Tx, job: Job, holder: str) -> bool:
    """Return whether the lease of a locked job has expired."""
    if tx.dialect == "sqlite":
        return job.holder != holder
    row = tx.one(
        f"""
        SELECT 1 FROM jobs WHERE workspace_id = :ws AND job_seq = :seq AND state = :running AND {_expired(tx)}
        """,
        seq=job.job_seq,
        running=State.RUNNING,
        **leases.earlier(holder),
    )
    return row is not None


def _expired(tx: Tx) -> str:
    return f"(leased_until < {leases.NOW[tx.dialect]} OR {leases.has_ended('holder')})"


def end(tx: Tx, job: Job, next_: Next) -> bool:
    """Write the state after an attempt.  Return False if another attempt has started meanwhile."""
    changed = tx.run(
        """
        UPDATE jobs SET state = :state, reason = :reason, cause = :cause, due_at = :due_at, max_attempts = :max_attempts,
            result = :result, holder = '', leased_until = 0, token_id = NULL, ended_at = :ended_at,
            is_cancelling = CASE WHEN :state = 'queued' THEN is_cancelling ELSE 0 END
        WHERE workspace_id = :ws AND job_seq = :seq AND state = :before AND attempt = :attempt AND holder = :holder
        """,
        state=next_.state,
        reason=next_.reason,
        cause="" if next_.cause == Cause() else msgspec.json.encode(next_.cause).decode(),
        due_at=next_.due_at,
        max_attempts=next_.max_attempts,
        result=next_.result,
        ended_at=None if next_.state is State.QUEUED else tx.now,
        seq=job.job_seq,
        before=job.state,
        attempt=job.attempt,
        holder=job.holder,
    )
    if changed:
        detail = msgspec.json.encode({"state": next_.state, "reason": next_.reason}).decode()
        tx.record(Change("job", job.job_id, "state", detail))
    return bool(changed)


# Logs


def append_log(tx: Tx, job: Job, text: str) -> None:
    tx.run(
        """
        INSERT INTO job_logs (workspace_id, job_seq, logged_at, size_bytes, text)
        VALUES (:ws, :seq, :now, :size, :text)
        """,
        seq=job.job_seq,
        size=len(text),
        text=text,
    )


def trim_log(tx: Tx, job: Job) -> None:
    """Drop the oldest lines above MAX_LOG_BYTES."""
    tx.run(
        """
        DELETE FROM job_logs WHERE workspace_id = :ws AND job_seq = :seq AND chunk_seq <= (
            SELECT MAX(chunk_seq) FROM (
                SELECT chunk_seq, SUM(size_bytes) OVER (ORDER BY chunk_seq DESC) AS newer
                FROM job_logs WHERE workspace_id = :ws AND job_seq = :seq
            ) AS sums WHERE newer > :most
        )
        """,
        seq=job.job_seq,
        most=MAX_LOG_BYTES,
    )


def log_after(tx: Tx, job: Job, cursor: int, most: int) -> tuple[list[str], int]:
    """Return lines after a cursor, and the next cursor.  At least one chunk is read, so `most` may be exceeded."""
    lines: list[str] = []
    rows = tx.all(
        """
        SELECT chunk_seq, text FROM job_logs WHERE workspace_id = :ws AND job_seq = :seq AND chunk_seq > :cursor
        ORDER BY chunk_seq LIMIT :most
        """,
        seq=job.job_seq,
        cursor=cursor,
        most=most,
    )
    for chunk_seq, text in rows:
        found = text.split("\n")
        if lines and len(lines) + len(found) > most:
            break
        lines += found
        cursor = chunk_seq
    return lines, cursor


# Retention


def old(tx: Tx, ended_before: int, most: int) -> list[tuple[int, str]]:
    """Return (workspace, job id) of jobs that ended before a time."""
    rows = tx.all(
        """
        SELECT workspace_id, job_id FROM jobs WHERE state IN :ended AND ended_at < :before ORDER BY ended_at LIMIT :most
        """,
        ended=[state for state in State if state not in LIVE],
        before=ended_before,
        most=most,
    )
    return [(ws, job_id) for ws, job_id in rows]


def known(tx: Tx, job_ids: list[str]) -> set[str]:
    """Return which of the ids exist in any workspace."""
    return {job_id for (job_id,) in tx.all("SELECT job_id FROM jobs WHERE job_id IN :ids", ids=job_ids)}


def _queue(row: Row) -> Queue:
    ws, max_running, is_paused, running, queued = row
    return Queue(ws, max_running, bool(is_paused), running, queued)


def _job(row: Row) -> Job:
    (
        seq, ws, job_id, kind, title, params, state, reason, cause, order_key, attempt, max_attempts, timeout_s, due_at,
        schedule, user, principal_id, is_cancelling, holder, token_id, progress, result, created_at, started_at, ended_at,
    ) = row  # fmt: skip
    return Job(
        job_seq=seq,
        workspace_id=ws,
        job_id=job_id,
        kind=kind,
        title=title,
        params=params,
        state=State(state),
        reason=reason,
        cause=msgspec.json.decode(cause, type=Cause) if cause else Cause(),
        priority=-order_key,
        attempt=attempt,
        max_attempts=max_attempts,
        timeout_s=timeout_s,
        due_at=due_at,
        schedule=schedule,
        user=user,
        principal_id=principal_id,
        is_cancelling=bool(is_cancelling),
        holder=holder,
        token_id=token_id,
        progress=msgspec.json.decode(progress, type=Progress),
        result=result,
        created_at=created_at,
        started_at=started_at,
        ended_at=ended_at,
    )

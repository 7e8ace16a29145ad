"""Calls for jobs and their queue."""

import msgspec

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState
from trackside.core.http.routes import Route, command, query
from trackside.jobs import model as m
from trackside.jobs import ownership, plan, queue, readable, store
from trackside.jobs.kinds import Kinds
from trackside.jobs.model import check_number

PATH = "/api/trackside/v1/jobs"
PAGE = 100
LINES = 1000


class Calls:
    """The handlers.  `each` is the default limit of concurrent jobs of a workspace."""

    def __init__(self, kinds: Kinds, each: int) -> None:
        self._kinds = kinds
        self._each = each

    def kinds(self, tx: Tx, call: m.NoFields) -> m.JobKinds:
        """Return the kinds of jobs that can be started, with the JSON schemas of their parameters."""
        return m.JobKinds(self._kinds.shown())

    def create(self, tx: Tx, call: m.CreateJob) -> m.GotJob:
        """Queue a job."""
        kind = self._kinds.get_open(call.kind or "")
        queue.check_needs(tx, kind)
        job = queue.submit(
            tx,
            kind,
            kind.of_caller(call.params or {}),
            title=call.title or "",
            priority=m.check_priority(call.priority),
            timeout_s=m.check_timeout(call.timeout_s, kind.timeout_s),
        )
        return m.GotJob(m.shown(job))

    def list(self, tx: Tx, call: m.ListJobs) -> m.Jobs:
        """Return jobs of the workspace, the newest first."""
        most = check_number("max_results", call.max_results, PAGE, m.MAX_LISTED)
        found = store.page(
            tx,
            kind=call.kind,
            state=m.check_state(call.state),
            schedule=call.schedule,
            before=m.check_cursor(call.page_token),
            limit=most + 1,
        )
        token = str(found[most - 1].job_seq) if len(found) > most else msgspec.UNSET
        return m.Jobs([m.shown(job) for job in found[:most] if readable.is_readable(tx, job)], token)

    def get(self, tx: Tx, call: m.OfJob) -> m.GotJob:
        """Return a job with its progress."""
        job = readable.check(tx, store.get(tx, call.job_id or ""))
        return m.GotJob(m.shown(job), ownership.may_steer(tx, job.principal_id))

    def log(self, tx: Tx, call: m.ReadLog) -> m.Log:
        """Return lines of a job's log after a cursor.  To follow the log, repeat the call with the cursor of the answer."""
        most = check_number("lines", call.lines, LINES, m.MAX_LOG_LINES)
        job = readable.check(tx, store.get(tx, call.job_id or ""))
        lines, cursor = store.log_after(tx, job, max(0, call.cursor or 0), most)
        return m.Log(cursor, job.state not in m.LIVE and not lines, lines)

    def cancel(self, tx: Tx, call: m.OfJob) -> m.GotJob:
        """Cancel a job.  A queued job ends immediately, a running job within some seconds.  No effect on a job that has ended."""
        job = readable.check(tx, store.lock(tx, call.job_id or ""))
        if job.state in m.LIVE:
            self._kinds.cancel(tx, job)
        return m.GotJob(m.shown(store.get(tx, job.job_id)))

    def retry(self, tx: Tx, call: m.OfJob) -> m.GotJob:
        """Queue a failed or cancelled job again, as its user.  The job continues from its stored progress if the kind supports
        that."""
        job = readable.check(tx, store.lock(tx, call.job_id or ""))
        ownership.check_job(tx, job)
        kind = self._kinds.find(job.kind)
        if kind is None:
            raise BadState(f"This server knows no jobs of kind {job.kind!r}.")
        queue.check_needs(tx, kind)
        store.retry(tx, job, kind.max_attempts)
        return m.GotJob(m.shown(store.get(tx, job.job_id)))

    def delete(self, tx: Tx, call: m.OfJob) -> None:
        """Delete an ended job and its log."""
        store.delete(tx, readable.check(tx, store.lock(tx, call.job_id or "")))

    def queue(self, tx: Tx, call: m.NoFields) -> m.GotQueue:
        """Return the numbers of running and queued jobs, and the limit of the workspace."""
        return m.GotQueue(self._shown(store.queue(tx)))

    def update_queue(self, tx: Tx, call: m.UpdateQueue) -> m.GotQueue:
        """Set the number of jobs of the workspace that run at once, or pause the queue.  Running jobs continue."""
        before = store.queue(tx)
        most = before.max_running
        if call.max_running is not None:
            most = check_number("max_running", call.max_running, 1, m.MAX_RUNNING) if call.max_running else None
        paused = before.is_paused if call.is_paused is None else call.is_paused
        store.set_queue(tx, max_running=most, is_paused=paused)
        return m.GotQueue(self._shown(store.queue(tx)))

    def _shown(self, found: m.Queue) -> m.ShownQueue:
        return m.ShownQueue(found.running, found.queued, plan.limit_of(found, self._each), found.is_paused)


def routes(kinds: Kinds, each: int) -> list[Route]:
    calls = Calls(kinds, each)
    one = f"{PATH}/{{job_id}}"
    read, write, delete = Action.JOBS_READ, Action.JOBS_WRITE, Action.JOBS_DELETE
    of_queue = "/api/trackside/v1/job-queue"
    return [
        query("GET /api/trackside/v1/job-kinds", m.NoFields, calls.kinds, needs=read, answer=m.JobKinds),
        command(f"POST {PATH}", m.CreateJob, calls.create, needs=write, answer=m.GotJob, status=201),
        query(f"GET {PATH}", m.ListJobs, calls.list, needs=read, answer=m.Jobs),
        query(f"GET {one}", m.OfJob, calls.get, needs=read, answer=m.GotJob),
        query(f"GET {one}/logs", m.ReadLog, calls.log, needs=read, answer=m.Log),
        command(f"POST {one}/cancel", m.OfJob, calls.cancel, needs=write, answer=m.GotJob),
        command(f"POST {one}/retry", m.OfJob, calls.retry, needs=write, answer=m.GotJob),
        command(f"DELETE {one}", m.OfJob, calls.delete, needs=delete),
        query(f"GET {of_queue}", m.NoFields, calls.queue, needs=read, answer=m.GotQueue),
        command(f"PATCH {of_queue}", m.UpdateQueue, calls.update_queue, needs=write, answer=m.GotQueue),
    ]

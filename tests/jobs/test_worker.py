"""Jobs from the queue to their end, on both databases."""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jobs.conftest import ADD, CHILD, FAIL, LIMITS, WAIT, Add, Code, Office, Text
from trackside.core.errors import Invalid
from trackside.core.work import leases
from trackside.identity import credentials
from trackside.identity import store as identity
from trackside.jobs import plan, schedule_store, store
from trackside.jobs.kinds import Kinds
from trackside.jobs.model import Cause, State
from trackside.jobs.running import MARK

pytestmark = pytest.mark.both


def test_a_job_runs_and_leaves_its_result_log_and_progress(office: Office) -> None:
    job_id = office.submit(ADD, Add(2, 3))

    job = office.finish(office.worker(), job_id)

    assert (job.state, job.result, job.attempt, job.user) == (State.SUCCEEDED, '{"sum":5}', 1, "ann")
    assert (job.progress.done, job.progress.total, job.progress.unit) == (1, 2, "terms")
    assert office.log(job_id) == ["2 + 3"]


def test_a_fault_of_the_work_fails_the_job_at_once(office: Office) -> None:
    job = office.finish(office.worker(), office.submit(ADD, Add(-1)))

    assert (job.state, job.reason, job.attempt) == (State.FAILED, "left is -1; it must not be negative", 1)
    assert job.cause == Cause(error_code="INVALID_PARAMETER_VALUE")


def test_impossible_jobs_are_refused_before_they_are_queued(office: Office) -> None:
    with pytest.raises(Invalid, match="right is -1"):
        office.submit(ADD, Add(0, -1))


def test_a_temporary_failure_is_retried_after_a_pause(office: Office) -> None:
    job_id, worker = office.submit(FAIL, Text("the store is full")), office.worker()

    office.drive(worker, lambda: office.job(job_id).due_at)
    waiting = office.job(job_id)
    office.write(lambda tx: tx.run("UPDATE jobs SET due_at = 0 WHERE workspace_id = :ws"))
    ended = office.finish(worker, job_id)

    assert (waiting.state, waiting.reason) == (State.QUEUED, "the store is full")
    assert (ended.state, ended.attempt) == (State.FAILED, 2)
    assert ended.reason == "the store is full The job was tried 2 times."
    assert (waiting.cause.attempts, ended.cause.attempts) == (0, 2)


def test_a_retry_is_due_when_the_clock_was_set_back(office: Office) -> None:
    """A due time later than any pause was computed by a clock that was ahead."""
    job_id = office.submit(ADD, Add(1, 1))
    office.write(lambda tx: tx.run("UPDATE jobs SET due_at = :t WHERE workspace_id = :ws", t=tx.now + 3_600_000))

    assert office.finish(office.worker(), job_id).state is State.SUCCEEDED


def test_jobs_start_by_priority_and_then_by_age(office: Office) -> None:
    usual, later, urgent = (office.submit(ADD, Add(), priority=priority) for priority in (0, 0, 5))

    order = [office.write(lambda tx: store.lease(tx, "me", 1, 99, 30.0))[0].job_id for _ in range(3)]

    assert order == [urgent, usual, later]


def test_a_workspace_never_runs_more_jobs_than_its_limit(office: Office) -> None:
    ids = [office.submit(WAIT, Text()) for _ in range(5)]
    one, other = office.worker(replace(LIMITS, each=3)), office.worker(replace(LIMITS, each=3), name="b")

    for _ in range(3):
        one.step()
        other.step()

    assert [office.job(id_).state for id_ in ids].count(State.RUNNING) == 3


def test_a_paused_queue_starts_nothing(office: Office) -> None:
    job_id = office.submit(ADD, Add())
    office.write(lambda tx: store.set_queue(tx, max_running=None, is_paused=True))

    office.worker().step()

    assert office.job(job_id).state is State.QUEUED


def test_a_key_has_one_live_job(office: Office) -> None:
    first, second = (office.submit(ADD, Add(), key="nightly") for _ in range(2))
    office.finish(office.worker(), first)

    third = office.submit(ADD, Add(), key="nightly")

    assert first == second != third


def test_a_job_that_waits_is_cancelled_at_once_and_one_that_runs_soon(office: Office) -> None:
    waits, runs, worker = office.submit(ADD, Add()), office.submit(WAIT, Text(), priority=1), office.worker()
    office.write(lambda tx: Kinds([ADD]).cancel(tx, store.lock(tx, waits)))
    office.drive(worker, lambda: office.log(runs))

    office.write(lambda tx: store.request_cancel(tx, store.lock(tx, runs)))
    ended = office.finish(worker, runs)

    assert office.job(waits).state is State.CANCELLED
    assert (ended.state, ended.reason) == (State.CANCELLED, "The job was cancelled.")
    assert (office.job(waits).cause.key, ended.cause.key) == ("job-cancelled-queued", "job-cancelled")


def test_a_job_is_ended_after_its_time_limit(office: Office) -> None:
    job_id = office.submit(WAIT, Text(), timeout_s=5)

    ended = office.finish(office.worker(), job_id)

    assert (ended.state, ended.reason) == (State.FAILED, "The job was ended after its time limit of 5 s.")
    assert ended.cause == Cause(key="job-timed-out", values={"seconds": "5"})


def test_a_stopping_server_returns_its_jobs_to_the_queue(office: Office) -> None:
    job_id, worker = office.submit(WAIT, Text()), office.worker()
    office.drive(worker, lambda: office.job(job_id).state is State.RUNNING)

    worker.close()

    job = office.job(job_id)
    assert (job.state, job.holder, job.max_attempts) == (State.QUEUED, "", WAIT.max_attempts + 1)


def test_a_job_of_a_killed_server_runs_again(office: Office) -> None:
    job_id = office.submit(ADD, Add(1, 2))
    office.write(lambda tx: store.lease(tx, "gone", 1, 9, -1.0))

    job = office.finish(office.worker(), job_id)

    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)


def test_a_job_of_an_earlier_start_of_the_folder_runs_again_before_its_lease_expires(office: Office) -> None:
    job_id = office.submit(ADD, Add(1, 2))
    office.write(lambda tx: store.lease(tx, leases.new_holder("folder.1"), 1, 9, 3600.0))

    job = office.finish(office.worker(start="folder.2"), job_id)

    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)


def test_a_server_without_the_lease_of_a_job_writes_nothing_to_it(office: Office) -> None:
    office.submit(ADD, Add(1, 2))
    (old,) = office.write(lambda tx: store.lease(tx, "gone", 1, 9, -1.0))
    office.write(lambda tx: store.end(tx, old, plan.after(old, plan.Lost("gone"), tx.now)))
    (new,) = office.write(lambda tx: store.lease(tx, "new", 1, 9, 30.0))

    beat = office.write(lambda tx: store.beat(tx, old, old.progress, 30.0))
    ended = office.write(lambda tx: store.end(tx, old, plan.after(old, plan.Succeeded(), tx.now)))

    assert (beat, ended) == (None, False)
    assert office.job(new.job_id).state is State.RUNNING


def test_a_job_that_failed_is_retried_under_its_id(office: Office) -> None:
    job_id, worker = office.submit(ADD, Add(-1)), office.worker()
    office.finish(worker, job_id)

    office.write(lambda tx: store.retry(tx, store.lock(tx, job_id), 3))
    job = office.finish(worker, job_id)

    assert (job.state, job.attempt, job.max_attempts) == (State.FAILED, 2, 4)


# Child processes


def test_a_childs_output_is_the_log_and_its_reports_are_progress(office: Office) -> None:
    report = '{"done": 3, "total": 9, "unit": "rows", "message": "Scoring.", "key": "scoring"}'
    code = f"print('hello'); print({MARK!r} + {report!r}); print('bye')"

    job = office.finish(office.worker(), job_id := office.submit(CHILD, Code(code)))

    assert (job.state, job.progress.done, job.progress.total) == (State.SUCCEEDED, 3, 9)
    assert (job.progress.message, job.progress.message_key) == ("Scoring.", "scoring")
    assert office.log(job_id) == ["hello", "bye"]


def test_a_failed_child_fails_the_job_with_its_last_output(office: Office) -> None:
    job = office.finish(office.worker(), office.submit(CHILD, Code("raise SystemExit('no such table')")))

    assert (job.state, job.reason) == (State.FAILED, "The process ended with exit code 1: no such table")
    assert (job.cause.key, job.cause.values) == ("job-exit-code", {"code": "1", "line": "no such table"})


def test_a_child_that_is_killed_runs_again_until_its_attempts_are_used_up(office: Office) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"

    job = office.finish(office.worker(), office.submit(CHILD, Code(code)))

    assert (job.state, job.attempt) == (State.FAILED, 3)
    assert "killed by signal 9" in job.reason
    assert job.cause == Cause(key="job-killed", values={"signal": "9"}, attempts=3)


def test_a_cancelled_child_and_its_processes_end(office: Office, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    holds = f"import fcntl, time; f = open({str(lock)!r}, 'w'); fcntl.flock(f, 2); print('holds', flush=True); time.sleep(600)"
    starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {holds!r}])"
    job_id, worker = office.submit(CHILD, Code(starts)), office.worker()
    office.drive(worker, lambda: "holds" in office.log(job_id))

    office.write(lambda tx: store.request_cancel(tx, store.lock(tx, job_id)))
    job = office.finish(worker, job_id)

    assert job.state is State.CANCELLED
    import fcntl

    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while the child's child lives


def test_a_kind_is_called_for_each_unsuccessful_job_even_after_a_kill_of_the_server(office: Office) -> None:
    heard: list[tuple[str, str]] = []

    def ended(_tx: Any, job: Any, _params: Any, next_: Any) -> None:
        heard.append((job.job_id, next_.state))

    kinds: tuple[Any, ...] = tuple(dataclasses.replace(each, max_attempts=1, ended=ended) for each in (ADD, FAIL, WAIT))
    adds, fails, waits = kinds
    lost = office.submit(waits, Text())
    office.write(lambda tx: store.lease(tx, "of a server that is gone", 1, 9, 30.0))
    office.write(lambda tx: tx.run("UPDATE jobs SET leased_until = 1 WHERE workspace_id = :ws"))
    refused, cancelled, done = office.submit(fails, Text()), office.submit(waits, Text()), office.submit(adds, Add())
    office.write(lambda tx: Kinds(kinds).cancel(tx, store.lock(tx, cancelled)))
    worker = office.worker(kinds=kinds)

    states = {job_id: office.finish(worker, job_id).state for job_id in (done, refused, lost)}

    assert states == {done: State.SUCCEEDED, refused: State.FAILED, lost: State.FAILED}
    assert sorted(heard) == sorted([(lost, "failed"), (refused, "failed"), (cancelled, "cancelled")])


def test_a_missing_program_fails_the_job(office: Office) -> None:
    from trackside.jobs.executors.port import Command
    from trackside.jobs.kinds import Kind
    from trackside.jobs.running import Running

    def start(running: Running, params: Text) -> None:
        running.run(Command(argv=["no-such-program"], folder=str(running.folder), is_isolated=False))

    kind = Kind(name="missing", title="Missing", params=Text, run=start)
    job = office.finish(office.worker(kinds=(kind,)), office.submit(kind, Text()))

    assert job.reason == (
        "The process ended with exit code 127: no-such-program cannot be started: No such file or directory"
    )


def test_a_log_keeps_its_newest_lines(office: Office) -> None:
    job_id = office.submit(ADD, Add())
    (job,) = office.write(lambda tx: store.lease(tx, "me", 1, 9, 30.0))
    for number in range(6):
        line = f"{number}" + "x" * (1 << 20)
        office.write(partial(store.append_log, job=job, text=line))

    office.write(lambda tx: store.trim_log(tx, job))

    assert [line[0] for line in office.log(job_id)] == ["3", "4", "5"]


# Tokens


def test_a_job_acts_with_a_token_that_ends_with_it(office: Office) -> None:
    ann = office.write(lambda tx: identity.create(tx, "ann", is_admin=True))
    job_id, worker = office.submit(WAIT, Text(), principal_id=ann.principal_id), office.worker()
    office.drive(worker, lambda: office.job(job_id).token_id)
    (during,) = office.write(lambda tx: credentials.tokens_of(tx, ann.principal_id))

    office.write(lambda tx: store.request_cancel(tx, store.lock(tx, job_id)))
    office.finish(worker, job_id)

    assert (during.scope, during.place, during.name) == ("write", "default", f"job {job_id} attempt 1")
    assert not office.write(lambda tx: credentials.tokens_of(tx, ann.principal_id))


def test_the_token_of_a_killed_servers_job_is_revoked(office: Office) -> None:
    ann = office.write(lambda tx: identity.create(tx, "ann", is_admin=True))
    job_id = office.submit(WAIT, Text(), principal_id=ann.principal_id)
    worker = office.worker()
    office.drive(worker, lambda: office.job(job_id).token_id)
    office.write(lambda tx: tx.run("UPDATE jobs SET holder = 'gone', leased_until = 1 WHERE workspace_id = :ws"))

    other = office.worker(replace(LIMITS, slots=0), name="b")
    office.drive(other, lambda: office.job(job_id).state is State.QUEUED)

    assert not office.write(lambda tx: credentials.tokens_of(tx, ann.principal_id))


def test_a_job_of_a_removed_user_fails(office: Office) -> None:
    job = office.finish(office.worker(), office.submit(WAIT, Text(), principal_id=12345))

    assert (job.state, job.reason) == (
        State.FAILED,
        "The job acts in the name of 'ann', who has been removed or disabled.",
    )


@pytest.mark.parametrize("is_removed", [True, False])
def test_a_job_ends_when_its_user_is_removed_or_disabled(office: Office, is_removed: bool) -> None:
    office.write(lambda tx: identity.create(tx, "ruth", is_admin=True))
    ann = office.write(lambda tx: identity.create(tx, "ann"))
    job_id, worker = office.submit(WAIT, Text(), principal_id=ann.principal_id), office.worker()
    office.drive(worker, lambda: office.job(job_id).token_id)

    if is_removed:
        office.write(lambda tx: identity.delete(tx, ann))
    else:
        office.write(lambda tx: identity.set_disabled(tx, ann, is_disabled=True))
    job = office.finish(worker, job_id)

    assert (job.state, job.reason, job.attempt) == (
        State.FAILED,
        "The job acts in the name of 'ann', who has been removed or disabled.",
        1,
    )


# Schedules and retention


def test_a_schedule_fires_once_and_not_while_its_job_is_live(office: Office, db: Any) -> None:
    add_schedule(office)
    one, other = office.worker(replace(LIMITS, slots=0)), office.worker(replace(LIMITS, slots=0), name="b")
    for _ in range(3):
        office.write(lambda tx: tx.run("UPDATE job_schedules SET next_at = 1 WHERE workspace_id = :ws"))
        one.step()
        other.step()
        office.clock.now += 2.0

    schedule = office.write(lambda tx: schedule_store.get(tx, "nightly"))
    with db.read(1) as tx:
        (job,) = store.page(tx, kind=None, state=None, schedule="nightly", before=None, limit=10)
    assert (schedule.last_job_id, job.title, job.user) == (job.job_id, "nightly: Add", "ann")
    assert schedule.next_at > 1


def test_a_schedule_computes_its_time_again_when_the_clock_went_back(office: Office) -> None:
    add_schedule(office)
    ahead = 10**15
    office.write(
        lambda tx: tx.run("UPDATE job_schedules SET next_at = :t, computed_at = :t WHERE workspace_id = :ws", t=ahead)
    )

    office.worker().step()

    assert office.write(lambda tx: schedule_store.get(tx, "nightly")).next_at < ahead


def test_jobs_that_ended_long_ago_are_removed_with_their_folders(office: Office) -> None:
    old, new, worker = office.submit(ADD, Add(-1)), office.submit(ADD, Add(-1)), office.worker()
    office.finish(worker, old)
    office.finish(worker, new)
    office.write(lambda tx: tx.run("UPDATE jobs SET ended_at = 1 WHERE workspace_id = :ws AND job_id = :id", id=old))

    worker.prune()

    with pytest.raises(Exception, match="not found"):
        office.job(old)
    assert [each.name for each in (office.folder / "a").iterdir()] == [new]


@pytest.mark.slow
def test_ten_thousand_queued_jobs_delay_no_other_workspace(office: Office, make_workspace: Any) -> None:
    south = make_workspace("south")
    office.submit(WAIT, Text())
    office.write(
        lambda tx: tx.many(
            """
            INSERT INTO jobs (workspace_id, job_id, kind, title, params, state, reason, order_key, attempt, max_attempts,
                timeout_s, due_at, unique_key, schedule, user_name, is_cancelling, holder, leased_until, progress, created_at)
            VALUES (:ws, :id, 'wait', 'Wait', '{}', 'queued', '', 0, 0, 3, 60, 0, '', '', '', 0, '', 0, '{}', :now)
            """,
            [{"id": f"job{number}"} for number in range(10_000)],
        )
    )
    mine = office.submit(ADD, Add(1, 1), ws=south)

    worker = office.worker(replace(LIMITS, each=2))
    worker.step()
    office.drive(worker, lambda: office.job(mine, south).state is State.SUCCEEDED)

    assert office.job(mine, south).attempt == 1
    with office.db.read(1) as tx:
        assert store.queue(tx).running == 2


def add_schedule(office: Office) -> None:
    from jobs.test_plan import SCHEDULE

    nightly = replace(SCHEDULE, name="nightly", cron="0 3 * * *")
    office.write(lambda tx: schedule_store.create(tx.by("ann"), nightly))

"""The next state of a job, the next jobs to start, and the times of schedules: pure decisions."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trackside.core.errors import Invalid
from trackside.jobs import plan, schedules
from trackside.jobs.model import Job, Progress, Queue, Schedule, State

JOB = Job(
    job_seq=1, workspace_id=1, job_id="j", kind="add", title="Add", params="{}", state=State.RUNNING, reason="", priority=0,
    attempt=1, max_attempts=3, timeout_s=60, due_at=0, schedule="", user="ann", principal_id=None, is_cancelling=False,
    holder="h", token_id=None, progress=Progress(), result=None, created_at=0, started_at=0, ended_at=None,
)  # fmt: skip
SCHEDULE = Schedule(
    schedule_seq=1, name="s", kind="add", params="{}", cron="", timezone="UTC", interval_s=0, priority=0, is_paused=False,
    next_at=0, computed_at=0, last_at=None, last_job_id="", user="ann", principal_id=None, created_at=0, updated_at=0,
)  # fmt: skip


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (plan.Succeeded("{}"), State.SUCCEEDED),
        (plan.Failed("no"), State.FAILED),
        (plan.Failed("busy", may_retry=True), State.QUEUED),
        (plan.Lost("killed"), State.QUEUED),
        (plan.Released(), State.QUEUED),
        (plan.TimedOut(), State.FAILED),
        (plan.Cancelled(), State.CANCELLED),
    ],
)
def test_the_end_of_an_attempt_decides_the_state_of_its_job(ending: plan.Ending, state: State) -> None:
    assert plan.after(JOB, ending, 0).state is state


@pytest.mark.parametrize("ending", [plan.Failed("busy", may_retry=True), plan.Lost("killed"), plan.Released()])
def test_a_cancelled_job_does_not_go_back_to_the_queue(ending: plan.Ending) -> None:
    assert plan.after(replace(JOB, is_cancelling=True), ending, 0).state is State.CANCELLED


def test_a_job_whose_attempts_are_used_up_fails_with_its_last_reason() -> None:
    found = plan.after(replace(JOB, attempt=3), plan.Lost("The server ended."), 0)

    assert (found.state, found.reason) == (State.FAILED, "The server ended. The job was tried 3 times.")


def test_a_stopping_server_does_not_count_as_an_attempt() -> None:
    last = replace(JOB, attempt=3)

    assert plan.after(last, plan.Released(), 0).max_attempts == 4


def test_pauses_grow_up_to_a_limit() -> None:
    assert [plan.pause_ms(attempt) // 1000 for attempt in (1, 2, 3, 7, 50)] == [5, 10, 20, 300, 300]


def test_a_reason_with_invalid_characters_is_made_storable() -> None:
    assert plan.after(JOB, plan.Failed("a\0b\ud800" + "x" * 5000), 0).reason.startswith("a\ufffdb?x")


queues = st.lists(
    st.builds(
        Queue,
        workspace_id=st.integers(1, 6),
        max_running=st.none() | st.integers(0, 5),
        is_paused=st.booleans(),
        running=st.integers(0, 6),
        queued=st.integers(0, 20),
    ),
    unique_by=lambda queue: queue.workspace_id,
)


@given(queues, st.integers(0, 5), st.integers(0, 12))
def test_shares_fill_the_slots_and_exceed_no_limit(found: list[Queue], usual: int, free: int) -> None:
    given_ = plan.shares(found, usual, free)

    room = {
        q.workspace_id: max(0, min(plan.limit_of(q, usual) - q.running, q.queued)) for q in found if not q.is_paused
    }
    assert all(0 < count <= room[ws] for ws, count in given_.items())
    assert sum(given_.values()) == min(free, sum(room.values()))


def test_a_long_queue_does_not_starve_the_others() -> None:
    long, short = Queue(1, None, False, 3, 10_000), Queue(2, None, False, 0, 1)

    assert plan.shares([long, short], 10, 2) == {2: 1, 1: 1}


# Schedules


@pytest.mark.parametrize(
    ("cron", "zone", "now", "expected"),
    [
        ("30 6 * * 1-5", "UTC", "2026-11-27T06:30:00", "2026-11-30T06:30:00"),
        ("0 12 * * *", "Europe/Madrid", "2026-07-01T09:00:00", "2026-07-01T10:00:00"),
        ("0 12 * * *", "Europe/Madrid", "2026-12-01T09:00:00", "2026-12-01T11:00:00"),
        ("30 2 * * *", "Europe/Madrid", "2026-03-28T12:00:00", "2026-03-29T01:00:00"),  # 2:30 does not exist that day
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
    ],
)
def test_a_cron_expression_is_read_in_its_time_zone(cron: str, zone: str, now: str, expected: str) -> None:
    assert schedules.next_after(replace(SCHEDULE, cron=cron, timezone=zone), ms(now)) == ms(expected)


def test_an_interval_keeps_its_phase_and_skips_missed_times() -> None:
    hourly = replace(SCHEDULE, interval_s=3600, next_at=ms("2026-01-01T10:00:00"))

    late, long_after = ms("2026-01-01T10:00:07"), ms("2026-01-02T10:00:07")
    assert schedules.next_after(hourly, late) == ms("2026-01-01T11:00:00")
    assert schedules.next_after(hourly, long_after) == ms("2026-01-02T11:00:07")


def test_an_interval_does_not_wait_for_a_clock_that_went_back() -> None:
    hourly = replace(SCHEDULE, interval_s=3600, next_at=ms("2031-01-01T10:00:00"))

    assert schedules.next_after(hourly, ms("2026-01-01T10:00:00")) == ms("2026-01-01T11:00:00")


def test_the_next_times_of_a_schedule_are_those_at_which_it_fires() -> None:
    daily = replace(SCHEDULE, cron="0 3 * * *", timezone="Europe/Madrid", next_at=ms("2026-10-24T01:00:00"))
    hourly = replace(SCHEDULE, interval_s=3600, next_at=ms("2026-01-01T10:00:00"))

    days = ["2026-10-24T01:00:00", "2026-10-25T02:00:00", "2026-10-26T02:00:00"]  # summer time ends on the 25th
    assert schedules.upcoming(daily, 3) == [ms(day) for day in days]
    assert schedules.upcoming(hourly, 2) == [ms("2026-01-01T10:00:00"), ms("2026-01-01T11:00:00")]
    assert schedules.upcoming(replace(daily, is_paused=True)) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (("", "UTC", 0), "needs either cron or interval_s"),
        (("* * * * *", "UTC", 60), "and not both"),
        (("0 0 30 2 *", "UTC", 0), "cron is '0 0 30 2 *', which never fires: none of its months has such a day"),
        (("0 0 31 4,6 *", "UTC", 0), "cron is '0 0 31 4,6 *', which never fires"),
        (("0 0 32 2 *", "UTC", 0), "cron is '0 0 32 2 *' (bad day-of-month)"),
        (("61 * * * *", "UTC", 0), "cron is '61 * * * *'"),
        (("* * *", "UTC", 0), "it must have five fields"),
        (("* * 1", "UTC", 0), "it must have five fields"),
        (("* * * * *", "Mars/Olympus", 0), "timezone is 'Mars/Olympus'"),
        (("* * * * *", "../../etc/passwd", 0), "timezone is"),
        (("", "UTC", 59), "interval_s is 59"),
    ],
)
def test_an_invalid_schedule_or_one_that_never_fires_is_refused(fields: tuple[str, str, int], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        schedules.check(*fields)

    assert words in refused.value.message


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(["*/5 * * * *", "0 0 1 1 *", "15 3 * * 0"]))
def test_the_next_time_is_after_now(now_ms: int, cron: str) -> None:
    assert schedules.next_after(replace(SCHEDULE, cron=cron), now_ms) > now_ms


def test_the_rate_counts_the_progress_of_the_current_attempt() -> None:
    progress = Progress(done=300, total=1000, at_ms=12_000, since_ms=2_000, since_done=100)

    assert (progress.per_s, progress.left_s) == (20.0, 35.0)


def test_an_attempt_that_has_counted_nothing_has_no_rate_from_the_one_before() -> None:
    progress = Progress(done=300, total=1000, at_ms=1_700_000_000_000)

    assert (progress.per_s, progress.left_s) == (None, None)

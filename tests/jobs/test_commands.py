"""`trackside job` on a server: messages about ended jobs."""

from collections.abc import Callable
from pathlib import Path

from support.processes.servers import Server, trackside


def test_the_cancellation_of_a_job_that_has_ended_says_that_nothing_was_cancelled(
    server: Server, tmp_path: Path
) -> None:
    _, said, _ = trackside("job", "start", "storage-count", "--wait", "--server", server.url, cwd=tmp_path)
    job_id = said.split()[2]

    code, said, complaint = trackside("job", "cancel", job_id[:12], "--server", server.url, cwd=tmp_path)

    assert (code, said) == (1, "")
    assert complaint == f"trackside: nothing was cancelled: job {job_id} has already succeeded\n"


def test_a_job_may_be_cancelled_twice(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start("--job-slots", "0")
    _, said, _ = trackside("job", "start", "storage-count", "--server", server.url, cwd=tmp_path)
    job_id = said.split()[2]

    first = trackside("job", "cancel", job_id, "--server", server.url, cwd=tmp_path)
    second = trackside("job", "cancel", job_id, "--server", server.url, cwd=tmp_path)

    assert first == second == (0, f"job {job_id} is cancelled\n", "")

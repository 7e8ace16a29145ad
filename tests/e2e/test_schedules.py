"""`trackside schedule …` on a server: made, listed, paused, resumed and deleted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.processes.servers import Server, trackside


@pytest.mark.slow
def test_a_schedule_is_created_changed_and_deleted_from_the_command_line(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start("--job-slots", "0")
    run_id = server.api.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]

    def call(*words: str) -> str:
        code, said, complaint = trackside("schedule", *words, "--server", server.url, cwd=tmp_path)
        assert code == 0, complaint
        return said

    made = call("create", "nightly", "project", f'{{"run_id": "{run_id}"}}', "--cron", "0 3 * * *")
    listed = call("list")
    shown = call("show", "nightly")
    paused = call("pause", "nightly")
    resumed = call("resume", "nightly")
    queued = call("run", "nightly")
    deleted = call("delete", "nightly")
    refused = trackside(
        *("schedule", "create", "never", "project", "{}", "--cron", "0 0 31 2 *", "--server", server.url), cwd=tmp_path
    )

    assert made.startswith("created schedule nightly; it fires next at ")
    assert "0 3 * * * UTC" in listed
    assert shown.count("03:00:00Z") == 5
    assert paused.strip() == "schedule nightly is paused"
    assert resumed.startswith("schedule nightly fires next at ")
    assert queued.startswith("queued job ")
    assert deleted.strip() == "deleted schedule nightly; its jobs stay"
    assert refused[0] != 0

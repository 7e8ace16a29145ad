"""Jobs of a workspace: work that the server does in the background."""

from __future__ import annotations

import time
from typing import Any, Callable, Iterator, Mapping
from urllib.parse import quote

from trackside_mlflow.errors import JobFailed

PATH = "/api/trackside/v1/jobs"
LOOK_S = 0.5
ENDED = ("succeeded", "failed", "cancelled")

Call = Callable[[str, str, "Mapping[str, Any] | None"], "dict[str, Any]"]  # method, path and body, in the workspace


class Job:
    """A job.  Its attributes are as of the last call of `refresh`, `wait`, `cancel` or `retry`."""

    def __init__(self, call: Call, record: Mapping[str, Any]) -> None:
        self._call = call
        self._record = record

    @property
    def id(self) -> str:
        return str(self._record["job_id"])

    @property
    def state(self) -> str:
        """The state: queued, running, succeeded, failed or cancelled."""
        return str(self._record["state"])

    @property
    def reason(self) -> str:
        """The reason why the job failed, or waits for another attempt."""
        return str(self._record["reason"])

    @property
    def progress(self) -> dict[str, Any]:
        """The progress: `done`, `total`, `unit`, `message`, `per_s` and `left_s`, as far as they are known."""
        return dict(self._record["progress"])

    @property
    def result(self) -> dict[str, Any]:
        return dict(self._record.get("result") or {})

    def refresh(self) -> Job:
        self._record = self._call("GET", f"{PATH}/{quote(self.id, safe='')}", None)["job"]
        return self

    def wait(self, timeout_s: float | None = None) -> Job:
        """Return when the job has succeeded.  Raise JobFailed if it failed or was cancelled, TimeoutError after `timeout_s`."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while self.refresh().state not in ENDED:
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"Job {self.id} is {self.state} after {timeout_s:g} s.")
            time.sleep(LOOK_S)
        if self.state != "succeeded":
            raise JobFailed(f"Job {self.id} {self.state}: {self.reason}")
        return self

    def cancel(self) -> Job:
        self._record = self._call("POST", f"{PATH}/{quote(self.id, safe='')}/cancel", {})["job"]
        return self

    def retry(self) -> Job:
        self._record = self._call("POST", f"{PATH}/{quote(self.id, safe='')}/retry", {})["job"]
        return self

    def logs(self) -> Iterator[str]:
        """Yield the lines of the log so far."""
        cursor = 0
        while True:
            lines, cursor = self.logs_after(cursor)
            if not lines:
                return
            yield from lines

    def logs_after(self, cursor: int) -> tuple[list[str], int]:
        """Return lines of the log after a cursor, and the next cursor; 0 is the beginning."""
        page = self._call("GET", f"{PATH}/{quote(self.id, safe='')}/logs?cursor={cursor}&lines=5000", None)
        return list(page.get("lines", [])), int(page["cursor"])

    def __repr__(self) -> str:
        return f"Job(id={self.id!r}, kind={self._record['kind']!r}, state={self.state!r})"

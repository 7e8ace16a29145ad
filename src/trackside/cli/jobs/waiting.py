"""A command that waits for its job, with the job's progress on a terminal."""

import argparse
import sys
import time
from typing import Any

from trackside.cli.jobs import commands as jobs

LOOK_S = 0.3
CLEAR = "\x1b[2K\r"


def wait(args: argparse.Namespace, job_id: str) -> Any:
    """Return the job once it has ended.  Its progress is shown if stderr is a terminal."""
    shown = ""
    is_terminal = sys.stderr.isatty()
    while True:
        job = jobs.ask(args, f"{jobs.PATH}/{job_id}")["job"]
        line = " ".join(filter(None, (_bar(job), jobs.progress_of(job), job["progress"].get("message", ""))))
        if is_terminal and line != shown:
            print(f"{CLEAR}{line}", end="", file=sys.stderr, flush=True)
            shown = line
        if job["state"] not in jobs.LIVE:
            if is_terminal:
                print(CLEAR, end="", file=sys.stderr, flush=True)
            return job
        time.sleep(LOOK_S)


def _bar(job: dict[str, Any], width: int = 24) -> str:
    progress = job["progress"]
    if not progress.get("total"):
        return ""
    full = int(width * min(1.0, progress["done"] / progress["total"]))
    return f"[{'#' * full}{' ' * (width - full)}]"

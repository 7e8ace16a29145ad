"""Submits a job to a Ray cluster and follows it: `python ray_driver.py ORDER`, in a Python with Ray.

It imports nothing of Trackside.  The exit code is that of the job's process.  The job also ends if this process is killed: a
second process watches this one and then stops the job on the cluster.  Earlier attempts are stopped before a job is submitted, so
that two attempts never run at the same time.
"""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

MARK = "\x1etrackside "
LOOK_S = 0.5
GIVE_UP_S = 120.0  # the driver fails after this time without an answer of the cluster
STOP_WITHIN_S = 60.0
STOPPED = 128 + signal.SIGTERM
# send all files of a project, also those that git ignores
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_RUNTIME_ENV_IGNORE_GITIGNORE": "1"}


class Failed(Exception):
    """The job cannot be run or followed; the message is for the user."""


def main(words: list[str]) -> int:
    os.environ.update(QUIET)
    logging.disable(logging.WARNING)  # Ray's own messages would appear in the job's log
    if words[0] == "watch":
        return watch(words[1], words[2])
    order = json.loads(Path(words[0]).read_text("utf-8"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))
    try:
        client = connected(order["address"])
    except ImportError as fault:
        return failed(f"--ray-python has no ray[default], which jobs on Ray need: {fault}.")
    except Exception as fault:  # noqa: BLE001  # of Ray, of gRPC or of HTTP
        return failed(f"The Ray cluster at {order['address']} cannot be reached: {first_line(fault)}")
    watcher = subprocess.Popen(  # noqa: S603  # this file
        [sys.executable, "-I", __file__, "watch", order["address"], order["submission_id"]],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert watcher.stdin is not None
    try:
        code = run(client, order)
    except Failed as fault:
        return failed(str(fault))
    watcher.stdin.write(b"done\n")  # not after an exception: then the watcher stops the job
    watcher.stdin.close()
    return code


def run(client: Any, order: dict[str, Any]) -> int:
    """Submit the job, print its log, and return its exit code."""
    name = order["submission_id"]
    for each in order["earlier"]:
        end_earlier(client, each)
    environment: dict[str, Any] = {"working_dir": order["folder"]}
    if order["requirements"]:
        environment["uv"] = {"packages": order["requirements"], "uv_pip_install_options": ["--no-build"]}
    entry = f'"$(command -v python || command -v python3)" {order["entry"]}'
    try:
        client.submit_job(entrypoint=entry, submission_id=name, runtime_env=environment, metadata={"by": "trackside"})
    except Exception as fault:  # noqa: BLE001
        raise Failed(f"The Ray cluster refuses the job: {first_line(fault)}") from None
    print(f"The job of Ray is {name}.", flush=True)  # noqa: T201  # the log of the job
    follow(client, name)
    info = ask(lambda: client.get_job_info(name))
    if info.status.name == "SUCCEEDED":
        return 0
    code = getattr(info, "driver_exit_code", None)
    if info.status.name == "STOPPED":
        raise Failed("The job was stopped on the Ray cluster.")
    if not code:
        raise Failed(f"The job failed on the Ray cluster: {first_line(info.message or 'it gives no reason')}")
    return int(code) if code > 0 else 128 - int(code)


def end_earlier(client: Any, name: str) -> None:
    """Stop earlier attempts that still run because their server failed, and wait until they have ended."""
    until = time.monotonic() + STOP_WITHIN_S
    while True:
        try:
            if client.get_job_status(name).is_terminal():
                return
            client.stop_job(name)
        except RuntimeError:
            return  # the cluster has no such job
        if time.monotonic() > until:
            raise Failed(f"The job {name} of an earlier attempt still runs on the Ray cluster, and does not stop.")
        time.sleep(LOOK_S)


def follow(client: Any, name: str) -> None:
    """Print the log until the job has ended."""
    seen = 0

    async def tail() -> None:
        nonlocal seen
        async for lines in client.tail_job_logs(name):
            seen += len(lines)
            print(lines, end="", flush=True)  # noqa: T201

    with suppress(Exception):  # after a lost connection the rest is read below
        asyncio.run(tail())
    while True:
        has_ended = ask(lambda: client.get_job_status(name)).is_terminal()
        text = ask(lambda: client.get_job_logs(name))
        print(text[seen:], end="", flush=True)  # noqa: T201
        seen = max(seen, len(text))
        if has_ended:
            return
        time.sleep(LOOK_S)


def ask(question: Any) -> Any:
    """Return the cluster's answer; retry a failed call for some time."""
    until = time.monotonic() + GIVE_UP_S
    while True:
        try:
            return question()
        except Exception as fault:  # noqa: BLE001
            if time.monotonic() > until:
                raise Failed(f"The Ray cluster does not answer any more: {first_line(fault)}") from None
        time.sleep(LOOK_S)


def watch(address: str, name: str) -> int:
    """Stop the job if standard input ends before `done` was read."""
    if sys.stdin.buffer.read():
        return 0
    until = time.monotonic() + STOP_WITHIN_S
    while time.monotonic() < until:
        with suppress(Exception):  # the job is not submitted yet, or the cluster does not answer
            client = connected(address)
            if client.get_job_status(name).is_terminal():
                return 0
            client.stop_job(name)
        time.sleep(LOOK_S)
    return 1


def connected(address: str) -> Any:
    """Return a client of the cluster's job API."""
    from ray.dashboard.utils import get_address_for_submission_client  # noqa: PLC0415  # the watcher needs Ray at its end
    from ray.job_submission import JobSubmissionClient  # noqa: PLC0415

    os.environ.pop("RAY_ADDRESS", None)  # Ray would use it instead of the address
    return JobSubmissionClient(get_address_for_submission_client(address))


def failed(reason: str) -> int:
    print(MARK + json.dumps({"error": reason}), flush=True)  # noqa: T201  # for the server
    return 1


def first_line(fault: object) -> str:
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[0][:500] if lines else type(fault).__name__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

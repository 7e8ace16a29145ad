"""Runs processes of jobs on a Ray cluster as Ray jobs (`ray.job_submission`).

`ray_driver` submits the job and follows it, in a Python with Ray, so that the server does not need Ray.  `ray_entry` runs on the
cluster.  The job's environment, which contains its token, is sent as a file in the folder, since Ray's dashboard and API show the
environment variables of a job to all their users.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from trackside.core import disk
from trackside.jobs.executors.port import Command, Executor

FOLDER, ENTRY, SECRET = ".trackside-job", "entry.py", "order.json"  # in the folder of the job
DRIVER, ON_CLUSTER = (Path(__file__).with_name(name) for name in ("ray_driver.py", "ray_entry.py"))


class RayExecutor:
    """`here` runs the driver on this machine; `python` is an interpreter with Ray; `address` is the address of the cluster or of
    its dashboard."""

    def __init__(self, here: Executor, address: str, python: str) -> None:
        self._here = here
        self._address = address
        self._python = python

    def run(self, command: Command, on_line: Callable[[str], None], stop: threading.Event) -> int:
        assert command.cluster is not None
        folder = Path(command.folder) / FOLDER
        # The user's code may have made it a symbolic link or a folder: never write through it.
        shutil.rmtree(folder, ignore_errors=True)
        if folder.is_symlink() or folder.exists():
            folder.unlink()
        disk.make_folder(folder)
        try:
            _prepare(command, folder)
            with tempfile.TemporaryDirectory(prefix="trackside-ray-") as scratch:
                file = Path(scratch) / "order.json"
                file.write_bytes(msgspec.json.encode(self._order(command)))
                driver = Command(
                    argv=[self._python, "-I", str(DRIVER), str(file)],
                    folder=scratch,
                    is_isolated=False,  # the driver runs no code of the user
                )
                return self._here.run(driver, on_line, stop)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _order(self, command: Command) -> dict[str, object]:
        assert command.cluster is not None
        job_id, attempt = command.cluster.job_id, command.cluster.attempt
        return {
            "address": self._address,
            "submission_id": _name(job_id, attempt),
            "earlier": [_name(job_id, each) for each in range(1, attempt)],
            "folder": command.folder,
            "entry": f"{FOLDER}/{ENTRY}",
            "requirements": command.cluster.requirements,
        }


def _prepare(command: Command, folder: Path) -> None:
    """Write the entry point, and the private file with the environment."""
    assert command.cluster is not None
    shutil.copyfile(ON_CLUSTER, folder / ENTRY)
    secret = folder / SECRET
    secret.touch(0o600)
    secret.write_bytes(
        msgspec.json.encode(
            {
                "argv": command.argv,
                "environment": command.environment,
                "python": command.cluster.python,
                "job_url": command.cluster.job_url,
                "attempt": command.cluster.attempt,
                "token": command.cluster.token,
            }
        )
    )


def _name(job_id: str, attempt: int) -> str:
    """Return the submission id of an attempt.  The id is deterministic, so that a later attempt can find and stop an earlier
    one."""
    return f"trackside-{job_id}-{attempt}"

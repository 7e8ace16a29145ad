"""Processes of jobs on a Ray cluster, as jobs of Ray (`ray.job_submission`).

`ray_driver` submits the job and follows it, in a Python that has Ray, so that the server needs none.  `ray_entry` is what runs on
the cluster.  The job's environment, which holds its token, travels as a file of the folder: Ray's dashboard and its API show the
variables of a job to everyone who may see them.
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
    """`here` runs the driver on this machine; `python` has Ray; `address` is that of the cluster or of its dashboard."""

    def __init__(self, here: Executor, address: str, python: str) -> None:
        self._here = here
        self._address = address
        self._python = python

    def run(self, command: Command, hear: Callable[[str], None], stop: threading.Event) -> int:
        assert command.cluster is not None
        folder = Path(command.folder) / FOLDER
        shutil.rmtree(folder, ignore_errors=True)  # a link or a folder of the user's: nothing is written through it
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
                    is_isolated=False,  # it runs nothing of the user
                )
                return self._here.run(driver, hear, stop)
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
    """Write what runs on the cluster, and what only it may read."""
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
    """Return the submission id of an attempt: the same each time, so that a later attempt finds what is left of it."""
    return f"trackside-{job_id}-{attempt}"

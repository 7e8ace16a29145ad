"""Publishes the result of a scoring job atomically: as an artifact of the run, a file on this machine or in a bucket, or a table.

The failed rows of an earlier result are removed after the result was replaced.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots
from trackside.core import disk
from trackside.core.errors import Invalid
from trackside.jobs.running import Running
from trackside.scoring import commands, places
from trackside.scoring.buckets import Table
from trackside.scoring.lakes import Lakes
from trackside.scoring.model import LAKES, Score
from trackside.workspaces.model import Workspace

PUBLISHING = "publishing"  # a file that marks the output as written by this job


def has_begun(running: Running) -> bool:
    """Return whether an attempt of the job has begun to write to the output."""
    return (running.folder / PUBLISHING).exists()


class Published(NamedTuple):
    """The locations of the result and of the failed rows (empty if there are none), and the version of a table."""

    place: str
    errors: str
    version: str = ""


@dataclass(frozen=True)
class Publication:
    """The complete result of an attempt, in the folders `made`."""

    running: Running
    params: Score
    model_uri: str
    run_id: str
    workspace: Workspace
    root: artifacts.Root
    made: commands.Work
    roots: Roots
    lakes: Lakes

    def to(self, target: Path | Table | None) -> Published:
        """Publish the result.  `target` is None for an artifact of the run, and for a table of Spark's catalog."""
        self.running.check()
        if self.params.stream:
            return Published(f"{target}/", "")
        self.running.progress(message="Writing the result to its place.", key="writing")
        if isinstance(target, Table):
            return self._to_bucket(target)
        return self._to_run() if target is None else self._to_path(target)

    def _to_bucket(self, target: Table) -> Published:
        is_again = self._begin()
        failed = target.beside(f"{self._of_job}.{commands.ERRORS}")
        if self._has_errors:
            failed.put(self.made.errors, self.running.check)
        version = ""
        if self.params.output_format in LAKES:
            version = self._write_lake(target, is_again=is_again)
        else:
            target.put(Path(self.made.output), self.running.check)
        if not self._has_errors:
            failed.remove()
        return Published(str(target), str(failed) if self._has_errors else "", version)

    def _to_path(self, target: Path) -> Published:
        disk.make_folder(target.parent)
        is_again = self._begin()
        failed = target.with_name(f"{target.name}{self._of_job}.{commands.ERRORS}")
        version = ""
        if self._has_errors:
            _place(self.made.errors, failed, self.running)
        if self.params.output_format in LAKES:
            version = self._write_lake(target, is_again=is_again)
        elif self.params.writes_folder:
            _place_folder(Path(self.made.output), target)
        else:
            _place(Path(self.made.output), target, self.running)
        if not self._has_errors:
            failed.unlink(missing_ok=True)
        place = f"{target}/" if self.params.writes_folder else str(target)
        return Published(place, str(failed) if self._has_errors else "", version)

    def _to_run(self) -> Published:
        output = Path(self.made.output)
        files = [] if self.params.writes_table else [output]
        files += [self.made.errors] if self._has_errors else []
        for file in files:
            places.put_file(self.roots.of(self.root, file.name, self.workspace), file, self.running.check)
        if files:
            names = [file.name for file in files]
            self.running.store.write(lambda tx: artifacts.record_files(tx, "run", self.run_id, *names))
        place = self.params.output if self.params.writes_table else f"runs:/{self.run_id}/{output.name}"
        return Published(place, f"runs:/{self.run_id}/{self.made.errors.name}" if self._has_errors else "")

    @property
    def _has_errors(self) -> bool:
        return self.made.errors.exists()

    @property
    def _of_job(self) -> str:
        """Return a part of the name of the failed rows, which is unique to the job if results are appended."""
        return f".{self.running.job.job_id}" if self.params.append else ""

    def _begin(self) -> bool:
        """Record that this job writes the output.  Return whether an earlier attempt has recorded that."""
        is_again = has_begun(self.running)
        (self.running.folder / PUBLISHING).touch()
        return is_again

    def _write_lake(self, target: Path | Table, *, is_again: bool) -> str:
        output = Path(self.made.output)
        return self.lakes.write(self.running, self.params, self.model_uri, output, target, is_again=is_again).version


def _place(source: Path, target: Path, running: Running) -> None:
    """Copy a file to a location that may be on another disk: first to the same folder, and then by a rename."""
    draft = target.with_name(f".{target.name}.{running.job.job_id}.part")
    try:
        with source.open("rb") as read, draft.open("wb") as written:
            while piece := read.read(places.PIECE_BYTES):
                running.check()
                written.write(piece)
        disk.settle(draft, target)
    except OSError as fault:
        raise Invalid(f"The result cannot be written to {str(target)!r}: {fault.strerror or fault}.") from None
    finally:
        draft.unlink(missing_ok=True)


def _place_folder(source: Path, target: Path) -> None:
    """Rename a complete folder to its location on the same disk.  An existing folder is moved away first."""
    old = target.with_name(f"{source.parent.name}.old")
    try:
        if target.exists():
            target.replace(old)
        source.replace(target)
        disk.sync_folder(target.parent)
    except OSError as fault:
        raise Invalid(f"The result cannot be written to {str(target)!r}: {fault.strerror or fault}.") from None
    shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink(missing_ok=True)

"""The input of a job that calls a model: files of a run, of a bucket, or in folders that the operator allows."""

from pathlib import Path

from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots
from trackside.core.locations import is_in_bucket
from trackside.jobs.running import Running
from trackside.scoring import places
from trackside.scoring.buckets import Buckets
from trackside.scoring.places import Folders
from trackside.workspaces.model import Workspace


class Inputs:
    def __init__(self, roots: Roots, folders: Folders, buckets: Buckets) -> None:
        self._roots = roots
        self._folders = folders
        self._buckets = buckets

    def check(self, place: str, kind: str) -> None:
        """Raise a Fault for a location that jobs may not read, or that has no file of the format.

        Files of a run or a bucket are checked when the job runs, since a transaction must not wait for other systems."""
        if places.run_of(place) is not None:
            return
        if is_in_bucket(place):
            self._buckets.checked("input", place)
        else:
            places.local_files(self._folders.checked("input", place), kind)

    def fetch(self, running: Running, place: str, kind: str, workspace: Workspace) -> list[Path]:
        """Return the files of the format on this machine.  Files elsewhere are copied to the job's folder."""
        source = places.run_of(place)
        folder = running.folder / "input"
        if is_in_bucket(place):
            running.progress(message="Copying the table.", key="copying-table")
            return self._buckets.checked("input", place).fetch(kind, folder, running.check)
        if source is None:
            return places.local_files(self._folders.checked("input", place), kind)
        running.progress(message="Copying the table.", key="copying-table")
        root = running.store.read(lambda tx: artifacts.root_of_run(tx, source[0]))
        return places.fetch(self._roots.of(root, source[1], workspace), kind, folder, running.check)

"""Delta and Iceberg tables of scoring jobs.  Separate processes, without the model, read a snapshot and commit the result.

Such a process accesses only local files.  For a table in a bucket, the server downloads the log of the table, lets the process
commit to the copy, and uploads the new files.  The file that is the commit is uploaded last, and only if no other writer has
created it.
"""

import shutil
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trackside.core import disk
from trackside.core.errors import Invalid, NotFound
from trackside.endpoints.backends.process import SCORER
from trackside.endpoints.environments import Environments
from trackside.jobs.executors.port import Command
from trackside.jobs.running import Running
from trackside.scoring import places
from trackside.scoring.buckets import Table
from trackside.scoring.model import LAKES, Score

PACKAGES = {
    "delta": ("deltalake>=1.6,<2", "pyarrow>=20", "numpy"),
    "iceberg": ("pyiceberg[pyarrow,sql-sqlite]>=0.12,<0.13", "numpy"),
}
SNAPSHOT, COPY = "snapshot.json", "snapshot"
LOGS = {"delta": "_delta_log", "iceberg": "metadata"}  # the folders of a table with its metadata
HINT = "metadata/version-hint.text"
MAX_TRIES = 3  # attempts of a commit with concurrent writers


class Snapshot(Struct, frozen=True):
    """The Parquet files of a table at one version: its own files, or a copy of its rows."""

    files: list[str]
    version: str
    columns: list[list[str]] = []


class Commit(Struct, frozen=True):
    """The result of a commit.  `is_new` is false if the job had committed before.  `head` is the file whose creation is the
    commit."""

    version: str
    is_new: bool
    head: str = ""


def as_files(params: Score) -> Score:
    """Return the order for the scoring process, which reads and writes Parquet files instead of such tables."""
    if params.input_format in LAKES:
        params = replace(params, input_format="parquet")
    if params.output_format in LAKES:
        params = replace(params, output_format="parquet", output=params.output.rstrip("/"))
    return params


class Lakes:
    """`environments` builds one environment for each format, separate from those of models."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def read(self, running: Running, params: Score, table: Path) -> Snapshot:
        """Return the newest version of a table.  Later attempts of a job get the version of the first attempt."""
        note = running.folder / SNAPSHOT
        if note.exists():
            return msgspec.json.decode(note.read_bytes(), type=Snapshot)
        folder = table if table.is_dir() else table.parent.parent
        copy = running.folder / COPY
        disk.make_folder(copy)
        running.progress(message=f"Reading the {params.input_format} table.", key="reading-table")
        order = {"action": "read", "format": params.input_format, "table": str(table), "copy": str(copy)}
        found = msgspec.convert(self._run(running, params, order, [str(folder)], [str(copy)]), Snapshot)
        for file in found.files:
            _check_below(Path(file), folder, copy)
        draft = note.with_name(f"{SNAPSHOT}.new")
        draft.write_bytes(msgspec.json.encode(found))
        disk.settle(draft, note)
        return found

    def write(
        self, running: Running, params: Score, model_uri: str, source: Path, target: Path | Table, *, is_again: bool
    ) -> Commit:
        """Commit the rows of a Parquet file to a table, once per job.  `is_again`: an earlier attempt had begun to commit."""
        running.progress(message=f"Committing to the {params.output_format} table.", key="committing")
        order = {
            "action": "write",
            "format": params.output_format,
            "table": str(target),
            "source": str(source),
            "mode": "append" if params.append else "overwrite" if params.overwrite else "create",
            "job_id": running.job.job_id,
            "model_uri": model_uri,
            "is_again": is_again,
        }
        if isinstance(target, Table):
            return self._write_to_bucket(running, params, order, source, target)
        is_new = not target.exists()
        disk.make_folder(target)
        try:
            return msgspec.convert(self._run(running, params, order, [str(source)], [str(target)]), Commit)
        finally:
            if is_new and not any(target.iterdir()):
                target.rmdir()

    def _write_to_bucket(
        self, running: Running, params: Score, order: dict[str, Any], source: Path, target: Table
    ) -> Commit:
        copy = running.folder / "lake-output"
        for _ in range(MAX_TRIES):
            log = _fetch_log(params, target, copy, running)
            if not log and not order["is_again"] and not target.is_empty():
                raise Invalid(
                    f"output is '{target}', which is a folder with files and no {params.output_format.capitalize()} table"
                )
            given = {**order, "table": str(copy), "location": str(target)}
            commit = msgspec.convert(self._run(running, params, given, [str(source)], [str(copy)]), Commit)
            if not commit.is_new or _store(target, copy, log, commit, running):
                return commit
        raise Invalid(f"{target} was changed by other writers {MAX_TRIES} times; run the job again")

    def _run(
        self, running: Running, params: Score, order: dict[str, Any], readable: list[str], writable: list[str]
    ) -> dict[str, object]:
        def say(text: str) -> None:
            running.log(text)
            running.progress(message=text)

        python = self._environments.with_packages(params.env, PACKAGES[order["format"]], say)
        running.check()
        folder = running.folder / "lake"
        disk.make_folder(folder)
        file = folder / f"{order['action']}.json"
        file.write_bytes(msgspec.json.encode(order))
        return running.run(
            Command(
                argv=[python, str(SCORER), "lake", str(file)],
                folder=str(folder),
                readable=[python, str(SCORER), *readable],
                writable=writable,
            )
        )


def _fetch_log(params: Score, target: Table, copy: Path, running: Running) -> set[Path]:
    """Download the log of a table in a bucket, and return its files; none if there is no table."""
    shutil.rmtree(copy, ignore_errors=True)
    disk.make_folder(copy)
    name = LOGS[params.output_format]
    try:
        target.below(name).fetch_tree(copy / name, running.check)
    except NotFound:
        shutil.rmtree(copy / name, ignore_errors=True)
    return set(places.files_of([copy]))


def _store(target: Table, copy: Path, log: set[Path], commit: Commit, running: Running) -> bool:
    """Upload the files of a commit, with the commit itself last.  Return False if another writer was first."""
    made = {path.relative_to(copy).as_posix(): path for path in places.files_of([copy]) if path not in log}
    head = made.pop(commit.head)
    # Files that later commits replace: the pointer to a checkpoint of Delta's log, and the newest version number of an Iceberg
    # table.
    later = {name: made.pop(name) for name in list(made) if name == HINT or name.startswith(f"{LOGS['delta']}/")}
    for name, path in made.items():
        target.below(name).put(path, running.check)
    running.check()
    if not target.below(commit.head).put_new(head.read_bytes()):
        for name in made:
            target.below(name).remove()
        return False
    for name, path in later.items():
        target.below(name).put(path, lambda: None)
    return True


def is_free(target: Path | Table) -> bool:
    """Return whether a location is missing, or an empty folder."""
    if isinstance(target, Table):
        return target.is_empty()
    return not target.exists() or (target.is_dir() and not any(target.iterdir()))


def _check_below(file: Path, *folders: Path) -> None:
    """Raise Invalid if a table refers to a file outside of its folder."""
    real = file.resolve()
    if not any(real.is_relative_to(folder.resolve()) for folder in folders):
        raise Invalid(f"The table names the file {str(file)[:200]!r}, which is outside of its folder.")

"""Delta and Iceberg tables of scoring jobs.  Processes of their own, without the model, read a snapshot and commit the result."""

from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trackside.core import disk
from trackside.core.errors import Invalid
from trackside.endpoints.backends.process import SCORER
from trackside.endpoints.environments import Environments
from trackside.jobs.executors.port import Command
from trackside.jobs.running import Running
from trackside.scoring.model import LAKES, Score

PACKAGES = {
    "delta": ("deltalake>=1.6,<2", "pyarrow>=20", "numpy"),
    "iceberg": ("pyiceberg[pyarrow,sql-sqlite]>=0.12,<0.13", "numpy"),
}
SNAPSHOT, COPY = "snapshot.json", "snapshot"


class Snapshot(Struct, frozen=True):
    """The Parquet files of a table at one version: its own, or a copy of its rows."""

    files: list[str]
    version: str
    columns: list[list[str]] = []


class Commit(Struct, frozen=True):
    """`is_new` is false where the job had committed before."""

    version: str
    is_new: bool


def as_files(params: Score) -> Score:
    """Return the order for the process that scores: it sees Parquet files in place of such tables."""
    if params.input_format in LAKES:
        params = replace(params, input_format="parquet")
    if params.output_format in LAKES:
        params = replace(params, output_format="parquet", output=params.output.rstrip("/"))
    return params


class Lakes:
    """`environments` builds one environment for each format, apart from those of models."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def read(self, running: Running, params: Score, table: Path) -> Snapshot:
        """Return the newest version of a table.  An attempt that follows another one gets the version of the first."""
        note = running.folder / SNAPSHOT
        if note.exists():
            return msgspec.json.decode(note.read_bytes(), type=Snapshot)
        folder = table if table.is_dir() else table.parent.parent
        copy = running.folder / COPY
        disk.make_folder(copy)
        running.progress(message=f"Reading the {params.input_format} table.")
        order = {"action": "read", "format": params.input_format, "table": str(table), "copy": str(copy)}
        found = msgspec.convert(self._run(running, params, order, [str(folder)], [str(copy)]), Snapshot)
        for file in found.files:
            _check_below(Path(file), folder, copy)
        draft = note.with_name(f"{SNAPSHOT}.new")
        draft.write_bytes(msgspec.json.encode(found))
        disk.settle(draft, note)
        return found

    def write(self, running: Running, params: Score, model_uri: str, source: Path, target: Path) -> Commit:
        """Commit the rows of a Parquet file to a table, once for each job."""
        is_new = not target.exists()
        disk.make_folder(target)
        running.progress(message=f"Committing to the {params.output_format} table.")
        order = {
            "action": "write",
            "format": params.output_format,
            "table": str(target),
            "source": str(source),
            "mode": "append" if params.append else "overwrite" if params.overwrite else "create",
            "job_id": running.job.job_id,
            "model_uri": model_uri,
        }
        try:
            return msgspec.convert(self._run(running, params, order, [str(source)], [str(target)]), Commit)
        finally:
            if is_new and not any(target.iterdir()):
                target.rmdir()

    def _run(
        self, running: Running, params: Score, order: dict[str, str], readable: list[str], writable: list[str]
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


def is_free(target: Path) -> bool:
    """Tell whether nothing is at the place, or an empty folder."""
    return not target.exists() or (target.is_dir() and not any(target.iterdir()))


def _check_below(file: Path, *folders: Path) -> None:
    """Raise Invalid for a file that a table names outside of its folder."""
    real = file.resolve()
    if not any(real.is_relative_to(folder.resolve()) for folder in folders):
        raise Invalid(f"The table names the file {str(file)[:200]!r}, which is outside of its folder.")

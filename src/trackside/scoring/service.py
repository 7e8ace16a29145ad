"""The job of kind `score`.  Each step may run again: scored parts are kept in the job's folder until the job succeeds."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots
from trackside.core import disk
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Invalid
from trackside.core.locations import is_in_bucket
from trackside.core.settings import Settings
from trackside.endpoints import sources
from trackside.endpoints.environments import Environments, local
from trackside.endpoints.model import Model
from trackside.jobs.kinds import Kind
from trackside.jobs.model import Job, State
from trackside.jobs.plan import Cancelled, Next
from trackside.jobs.running import Running, Stopped
from trackside.runs import model as m
from trackside.runs import store as runs
from trackside.scoring import commands, lakes, lineage, places, publication, rights
from trackside.scoring.buckets import Buckets, Table
from trackside.scoring.inputs import Inputs
from trackside.scoring.lakes import Lakes
from trackside.scoring.model import LAKES, Score, Scored, check, check_master
from trackside.scoring.places import Folders
from trackside.scoring.profiling import Profiling
from trackside.scoring.publication import Publication, Published
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace


class _Result(Struct, frozen=True):
    """The report of the child process."""

    rows: int
    failed_rows: int
    columns: list[list[str]] = []


class _Source(Struct, frozen=True, kw_only=True):
    """The input on this machine: the files to score, and the folders that a process needs to read them."""

    files: list[Path]
    readable: list[Path]
    place: lineage.Place
    digest: str
    columns: list[list[str]] = []


class Scoring:
    """`environments` builds the environments of models; `local_python` is the interpreter for env local."""

    def __init__(
        self,
        roots: Roots,
        environments: Environments,
        local_python: str,
        folders: Folders,
        buckets: Buckets,
        masters: Sequence[str] = (),
        ray_address: str = "",
        java_home: str = "",
    ) -> None:
        self._roots = roots
        self._environments = environments
        self._local_python = local_python
        self._folders = folders
        self._buckets = buckets
        self._masters = masters
        self._ray_address = ray_address
        self._java_home = java_home
        self._lakes = Lakes(environments)
        self._inputs = Inputs(roots, folders, buckets)

    def kind(self) -> Kind[Score]:
        return Kind(
            name="score",
            title="Score a table",
            params=Score,
            run=self.run,
            check=self.check,
            ended=_end_run,
            describe=lambda params: f"Score {_name(params)} with {params.model}"[:500],
            needs=(Action.RUNS_WRITE,),
            checks_objects=True,
        )

    def check(self, tx: Tx, params: Score) -> Score:
        """Resolve the model.  Raise a Fault for parameters that can never work, and for objects that the caller may not read."""
        params = check(params)
        check_master(params, self._masters)
        model = sources.resolve(tx, params.model)
        place = "" if params.is_of_catalog else params.input
        rights.check(tx, model, place, params.run_id, params.experiment_id)
        self._check_input(params)
        target = self._target(params)
        # Files of a bucket are checked when the job runs, since a transaction must not wait for the network.
        if isinstance(target, Path):
            _check_free(target, params)
        if params.checkpoint:
            self._folders.checked("checkpoint", params.checkpoint)
        if params.env == "local" and not self._local_python:
            local(self._local_python)
        return replace(params, model=model.uri)

    def _check_input(self, params: Score) -> None:
        if params.is_of_catalog:
            return
        is_remote = places.run_of(params.input) is not None or is_in_bucket(params.input)
        if params.stream and is_remote:
            raise Invalid(f"input is {params.input!r}; a stream reads a folder below the server's --job-folders")
        if params.stream:
            places.stream_files(self._folders.checked("input", params.input), params.input_format)
        elif not is_remote and params.input_format in LAKES:
            places.local_table(self._folders.checked("input", params.input))
        else:
            self._inputs.check(params.input, params.input_format)

    def _target(self, params: Score) -> Path | Table | None:
        """Return the location of the output; None for an artifact of the run, or a table of Spark's catalog.

        Raise Denied or Invalid for a location that is not allowed."""
        if not params.output or params.writes_table:
            return None
        if not is_in_bucket(params.output):
            return self._folders.checked("output", params.output)
        if params.writes_folder:
            raise Invalid(f"output is {params.output!r}; Spark writes a folder below the server's --job-folders")
        return self._buckets.checked("output", params.output)

    def run(self, running: Running, params: Score) -> Scored:
        run_id = params.run_id or running.job.job_id
        model = running.store.read(lambda tx: sources.resolve(tx, params.model))
        running.store.write(
            lambda tx: lineage.begin(
                tx, "score", run_id, running.job.job_id, params.experiment_id, model, is_own=not params.run_id
            )
        )
        status = m.Status.FAILED
        result: _Result | None = None
        try:
            result, scored = self._score(running, params, model, run_id)
            status = m.Status.FINISHED
        except Stopped as stopped:
            status = m.Status.KILLED if isinstance(stopped.ending, Cancelled) else m.Status.RUNNING
            raise
        finally:
            metrics = {} if result is None else {"rows": float(result.rows), "failed_rows": float(result.failed_rows)}
            if status is not m.Status.RUNNING:
                running.store.write(lambda tx: lineage.end(tx, run_id, status, metrics))
        return scored

    def _score(self, running: Running, params: Score, model: Model, run_id: str) -> tuple[_Result, Scored]:
        def read(tx: Tx) -> tuple[Workspace, artifacts.Root]:
            return workspaces.current(tx), artifacts.root_of_run(tx, run_id)

        workspace, root = running.store.read(read)
        target = self._target(params)
        if not publication.has_begun(running):
            _check_free(target, params)
        running.progress(message="Copying the files of the model.", key="copying-model")
        files = running.folder / "model"
        sources.fetch(self._roots, workspace, workspace.default_artifact_root, model, files)
        running.check()
        python = self._python(running, params, files)
        running.check()
        source = self._source(running, params, workspace)
        files_order = lakes.as_files(params)
        made = self._work(running, files_order, model, source.digest, target if isinstance(target, Path) else None)
        try:
            command = commands.command(
                files_order,
                model,
                running.job.job_id,
                python,
                files,
                source.files,
                made,
                folder=source.readable[0] if params.stream else None,
                readable=source.readable,
                ray_address=self._ray_address,
                java_home=self._java_home,
            )
            result = msgspec.convert(running.run(command), _Result)
            published = Publication(
                running, params, model.uri, run_id, workspace, root, made, self._roots, self._lakes
            ).to(target)
        finally:
            if made.parts.parent != made.folder:
                shutil.rmtree(made.parts, ignore_errors=True)
        written = target if isinstance(target, Path) and not published.version else Path(made.output)
        _log_datasets(running, params, run_id, source, result, published, written)
        scored = Scored(
            run_id=run_id,
            model=model.uri,
            rows=result.rows,
            failed_rows=result.failed_rows,
            output=published.place,
            errors=published.errors,
        )
        return result, scored

    def _python(self, running: Running, params: Score, files: Path) -> str:
        def say(text: str) -> None:
            running.log(text)
            running.progress(message=text)

        return self._environments.python(params.env, files, say, params.engine)

    def _source(self, running: Running, params: Score, workspace: Workspace) -> "_Source":
        """Copy the input to this machine, at the version that the first attempt of the job read."""
        if params.is_of_catalog:
            place = lineage.Place(params.input, "catalog")
            return _Source(files=[], readable=[], place=place, digest=lineage.digest_of_text(params.input))
        if params.stream:
            folder = self._folders.checked("input", params.input)
            files = places.stream_files(folder, params.input_format)
            digest = lineage.digest(files, running.check)
            return _Source(files=files, readable=[folder], place=lineage.Place(params.input), digest=digest)
        if params.input_format not in LAKES:
            files = self._inputs.fetch(running, params.input, params.input_format, workspace)
            digest = lineage.digest(files, running.check)
            return _Source(files=files, readable=files, place=lineage.Place(params.input), digest=digest)
        table = self._table(running, params, workspace)
        found = self._lakes.read(running, params, table)
        return _Source(
            files=[Path(each) for each in found.files],
            readable=[table if table.is_dir() else table.parent.parent, running.folder / lakes.COPY],
            place=lineage.Place(params.input, params.input_format, found.version),
            digest=lineage.digest_of_text(f"{params.input}@{found.version}"),
            columns=found.columns,
        )

    def _table(self, running: Running, params: Score, workspace: Workspace) -> Path:
        """Return the folder of a Delta or Iceberg table, or of a copy if the table is in a bucket or a run."""
        run = places.run_of(params.input)
        if run is None and not is_in_bucket(params.input):
            return places.local_table(self._folders.checked("input", params.input))
        folder = running.folder / "input"
        if (running.folder / lakes.SNAPSHOT).exists():
            return folder
        running.progress(message="Copying the table.", key="copying-table")
        if run is None:
            return self._buckets.checked("input", params.input).fetch_tree(folder, running.check)
        root = running.store.read(lambda tx: artifacts.root_of_run(tx, run[0]))
        return places.fetch_tree(self._roots.of(root, run[1], workspace), folder, running.check)

    def _work(self, running: Running, params: Score, model: Model, digest: str, target: Path | None) -> commands.Work:
        """Create the folders of an attempt.  Parts of another table or with other parameters are deleted."""
        folder = running.folder / "work"
        about = msgspec.json.encode([digest, model.uri, params.columns, params.where, params.input_format])
        note = folder / "about.json"
        if not note.exists() or note.read_bytes() != about:
            shutil.rmtree(folder, ignore_errors=True)
            disk.make_folder(folder)
            note.write_bytes(about)
        checkpoint = self._folders.checked("checkpoint", params.checkpoint) if params.checkpoint else None
        made = commands.work(params, folder, running.job.job_id, target, checkpoint)
        for each in (made.parts, made.target, made.checkpoint):
            if each is not None:
                disk.make_folder(each)
        return made


def _end_run(tx: Tx, job: Job, params: Score, next_: Next) -> None:
    """End the run of a job that was interrupted by the end of its server or by its time limit."""
    run_id = params.run_id or job.job_id
    if runs.get(tx, run_id).info.status not in m.ENDED:
        lineage.end(tx, run_id, m.Status.KILLED if next_.state is State.CANCELLED else m.Status.FAILED, {})


def kinds(settings: Settings, roots: Roots) -> list[Kind[Any]]:
    """Return the kinds of jobs that call models in the models' own environments: `score` and `profile`."""
    environments = Environments(settings.data / "jobs-environments", settings.model_python)
    folders, buckets = Folders(settings.job_folders), Buckets(settings.job_buckets)
    scoring = Scoring(
        roots,
        environments,
        settings.model_python,
        folders,
        buckets,
        settings.spark_masters,
        settings.ray_address,
        settings.child_environment.get("JAVA_HOME", ""),
    )
    profiling = Profiling(roots, environments, settings.model_python, Inputs(roots, folders, buckets))
    return [scoring.kind(), profiling.kind()]


def _check_free(target: Path | Table | None, params: Score) -> None:
    """Raise AlreadyExists for an existing output that the job may not replace."""
    if target is None or params.may_exist:
        return
    is_lake = params.output_format in LAKES
    if lakes.is_free(target) if is_lake else not target.exists():
        return
    remedy = "set overwrite to replace its rows, or append to add to them" if is_lake else "set overwrite to replace it"
    raise AlreadyExists(f"output is {params.output!r}, which already exists; {remedy}.").because(
        "output-exists", output=params.output
    )


def _log_datasets(
    running: Running,
    params: Score,
    run_id: str,
    source: _Source,
    result: _Result,
    published: Published,
    written: Path,
) -> None:
    """Log the input and the output to the run.  `written` is the file or folder of the output, for its digest."""
    if params.writes_table:
        digest = lineage.digest_of_text(f"{published.place}@{running.job.job_id}")
    else:
        digest = lineage.digest(places.files_of([written]), running.check)
    kind = "catalog" if params.writes_table else params.output_format if published.version else ""
    place = lineage.Place(published.place, kind, published.version)
    name = published.place.rstrip("/").rpartition("/")[2]
    count = result.rows + result.failed_rows
    columns = source.columns or result.columns

    def note(tx: Tx) -> None:
        lineage.log_dataset(tx, run_id, _name(params), source.place, "scoring", source.digest, count, columns)
        lineage.log_dataset(tx, run_id, name, place, "scored", digest, result.rows)

    running.store.write(note)


def _name(params: Score) -> str:
    return params.input if params.is_of_catalog else params.input.rstrip("/").rpartition("/")[2]

"""The job of kind `score`.  Each step may run again: what was scored stays in the job's folder until the job succeeds."""

import shutil
from collections.abc import Sequence
from pathlib import Path

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
from trackside.jobs.plan import Cancelled
from trackside.jobs.running import Running, Stopped
from trackside.runs import model as m
from trackside.scoring import commands, lineage, places, rights
from trackside.scoring.buckets import Buckets, Table
from trackside.scoring.model import Score, Scored, check, check_master
from trackside.scoring.places import Folders
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

PUBLISHING = "publishing"  # a file that says: from here on, what lies at the output is this job's


class _Result(Struct, frozen=True):
    """What the child process reports."""

    rows: int
    failed_rows: int
    columns: list[list[str]] = []


class Scoring:
    """`environments` builds those of models; `local_python` scores with env local."""

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

    def kind(self) -> Kind[Score]:
        return Kind(
            name="score",
            title="Score a table",
            params=Score,
            run=self.run,
            check=self.check,
            describe=lambda params: f"Score {params.input} with {params.model}"[:500],
            needs=(Action.RUNS_WRITE,),
        )

    def check(self, tx: Tx, params: Score) -> Score:
        """Resolve the model, and raise a Fault for what can never work or the caller may not read."""
        params = check(params)
        check_master(params, self._masters)
        model = sources.resolve(tx, params.model)
        rights.check(tx, params, model)
        self._check_input(params)
        target = self._target(params)
        # What a bucket has is asked when the job runs: here a transaction would wait for the network.
        if isinstance(target, Path) and target.exists() and not params.overwrite and not params.stream:
            raise AlreadyExists(f"output is {params.output!r}, which exists already; set overwrite to replace it.")
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
        if is_in_bucket(params.input):
            self._buckets.checked("input", params.input)
        elif not is_remote:
            places.local_files(self._folders.checked("input", params.input), params.input_format)

    def _target(self, params: Score) -> Path | Table | None:
        """Return where the output goes; None for a file of the run.  Raise Denied, Invalid for a place that it may not have."""
        if not params.output:
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
            lambda tx: lineage.begin(tx, run_id, running.job.job_id, params, model, is_own=not params.run_id)
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
        may_replace = params.overwrite or params.stream or self._is_ours(running)
        if target is not None and not may_replace and target.exists():
            raise AlreadyExists(f"output is {params.output!r}, which exists already; set overwrite to replace it.")
        running.progress(message="Copying the files of the model.")
        files = running.folder / "model"
        sources.fetch(self._roots, workspace, workspace.default_artifact_root, model, files)
        running.check()
        python = self._python(running, params, files)
        running.check()
        inputs = [] if params.is_of_catalog else self._inputs(running, params, workspace)
        digest = lineage.digest(inputs, running.check) if inputs else lineage.digest_of_text(params.input)
        made = self._work(running, params, model, digest, target if isinstance(target, Path) else None)
        try:
            command = commands.command(
                params,
                model,
                running.job.job_id,
                python,
                files,
                inputs,
                made,
                ray_address=self._ray_address,
                java_home=self._java_home,
            )
            result = msgspec.convert(running.run(command), _Result)
            place, errors = self._publish(running, params, workspace, root, run_id, target, made)
        finally:
            if made.parts.parent != made.folder:
                shutil.rmtree(made.parts, ignore_errors=True)
        written = target if isinstance(target, Path) else Path(made.output)
        out_digest = lineage.digest(places.files_of([written]), running.check)

        def note(tx: Tx) -> None:
            count = result.rows + result.failed_rows
            lineage.log_dataset(
                tx, run_id, _name(params), params.input, "scoring", digest, count, result.columns,
                is_of_catalog=params.is_of_catalog,
            )  # fmt: skip
            lineage.log_dataset(
                tx, run_id, place.rstrip("/").rpartition("/")[2], place, "scored", out_digest, result.rows
            )

        running.store.write(note)
        scored = Scored(
            run_id=run_id,
            model=model.uri,
            rows=result.rows,
            failed_rows=result.failed_rows,
            output=place,
            errors=errors,
        )
        return result, scored

    def _python(self, running: Running, params: Score, files: Path) -> str:
        def say(text: str) -> None:
            running.log(text)
            running.progress(message=text)

        return self._environments.python(params.env, files, say, params.engine)

    def _inputs(self, running: Running, params: Score, workspace: Workspace) -> list[Path]:
        source = places.run_of(params.input)
        folder = running.folder / "input"
        if is_in_bucket(params.input):
            running.progress(message="Copying the table.")
            return self._buckets.checked("input", params.input).fetch(params.input_format, folder, running.check)
        if source is None:
            return places.local_files(self._folders.checked("input", params.input), params.input_format)
        running.progress(message="Copying the table.")
        root = running.store.read(lambda tx: artifacts.root_of_run(tx, source[0]))
        return places.fetch(self._roots.of(root, source[1], workspace), params.input_format, folder, running.check)

    def _work(self, running: Running, params: Score, model: Model, digest: str, target: Path | None) -> commands.Work:
        """Make the folders of an attempt.  Parts of another table or order are dropped."""
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

    def _publish(
        self,
        running: Running,
        params: Score,
        workspace: Workspace,
        root: artifacts.Root,
        run_id: str,
        target: Path | Table | None,
        made: commands.Work,
    ) -> tuple[str, str]:
        """Put the result in its place, whole.  Return where it is, and where the failed rows are."""
        running.check()
        if params.stream:
            return f"{target}/", ""
        running.progress(message="Writing the result to its place.")
        output, errors = Path(made.output), made.errors
        if isinstance(target, Table):
            (running.folder / PUBLISHING).touch()
            failed = target.beside(f".{commands.ERRORS}")
            if errors.exists():
                failed.put(errors, running.check)
            target.put(output, running.check)
            return str(target), str(failed) if errors.exists() else ""
        if target is not None:
            disk.make_folder(target.parent)
            (running.folder / PUBLISHING).touch()
            beside = target.with_name(f"{target.name}.failed_rows.jsonl")
            if errors.exists():
                _place(errors, beside, running)
            if params.writes_folder:
                _place_folder(output, target)
            else:
                _place(output, target, running)
            return params.output if params.writes_folder else str(target), str(beside) if errors.exists() else ""
        names = [output.name, *([errors.name] if errors.exists() else [])]
        for name in names:
            places.put_file(self._roots.of(root, name, workspace), output.with_name(name), running.check)
        running.store.write(lambda tx: artifacts.record_files(tx, "run", run_id, *names))
        return f"runs:/{run_id}/{output.name}", f"runs:/{run_id}/{errors.name}" if errors.exists() else ""

    def _is_ours(self, running: Running) -> bool:
        return (running.folder / PUBLISHING).exists()


def kind(settings: Settings, roots: Roots) -> Kind[Score]:
    """Return the kind of jobs that score tables, each in the environment of its model."""
    environments = Environments(settings.data / "jobs-environments", settings.model_python)
    folders = Folders(settings.job_folders)
    return Scoring(
        roots,
        environments,
        settings.model_python,
        folders,
        Buckets(settings.job_buckets),
        settings.spark_masters,
        settings.ray_address,
        settings.child_environment.get("JAVA_HOME", ""),
    ).kind()


def _place(source: Path, target: Path, running: Running) -> None:
    """Copy a file to a place that may be on another disk: beside the place first, and then by one renaming."""
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
    """Give a folder that is whole its name, on the same disk.  One that is there is moved away first."""
    old = target.with_name(f"{source.parent.name}.old")
    try:
        if target.exists():
            target.replace(old)
        source.replace(target)
        disk.sync_folder(target.parent)
    except OSError as fault:
        raise Invalid(f"The result cannot be written to {str(target)!r}: {fault.strerror or fault}.") from None
    shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink(missing_ok=True)


def _name(params: Score) -> str:
    return params.input if params.is_of_catalog else params.input.rstrip("/").rpartition("/")[2]

"""The job of kind `score`.  Each step may run again: what was scored stays in the job's folder until the job succeeds."""

import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots
from trackside.core import disk
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import AlreadyExists, Denied, Invalid
from trackside.core.settings import Settings
from trackside.endpoints import sources
from trackside.endpoints.backends.process import SCORER
from trackside.endpoints.environments import Environments, local
from trackside.endpoints.model import Model
from trackside.jobs.executors.port import Command
from trackside.jobs.kinds import Kind
from trackside.jobs.plan import Cancelled
from trackside.jobs.running import Running, Stopped
from trackside.logged_models import store as logged_models
from trackside.registry import sources as uris
from trackside.runs import model as m
from trackside.runs import store as runs
from trackside.scoring import lineage, places
from trackside.scoring.model import FORMATS, Score, Scored, check
from trackside.scoring.places import Folders
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

RESULT, ERRORS = "scored", "failed_rows.jsonl"
PUBLISHING = "publishing"  # a file that says: from here on, what lies at the output is this job's


class _Result(Struct, frozen=True):
    """What the child process reports."""

    rows: int
    failed_rows: int
    columns: list[list[str]] = []


class Scoring:
    """`environments` builds those of models; `local_python` scores with env local."""

    def __init__(self, roots: Roots, environments: Environments, local_python: str, folders: Folders) -> None:
        self._roots = roots
        self._environments = environments
        self._local_python = local_python
        self._folders = folders

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
        model = sources.resolve(tx, params.model)
        _check_model(tx, model)
        source = places.run_of(params.input)
        if source is not None:
            artifacts.root_of_run(tx, source[0])
            _check_run(tx, source[0], Action.RUNS_READ, "input")
        else:
            places.local_files(self._folders.checked("input", params.input), params.input_format)
        if params.output:
            target = self._folders.checked("output", params.output)
            if target.exists() and not params.overwrite:
                raise AlreadyExists(f"output is {params.output!r}, which exists already; set overwrite to replace it.")
        if params.run_id:
            runs.active(tx, params.run_id)
            _check_run(tx, params.run_id, Action.RUNS_WRITE, "run_id")
        if params.env == "local" and not self._local_python:
            local(self._local_python)
        return replace(params, model=model.uri)

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
        target = self._folders.checked("output", params.output) if params.output else None
        if target is not None and target.exists() and not params.overwrite and not self._is_ours(running):
            raise AlreadyExists(f"output is {params.output!r}, which exists already; set overwrite to replace it.")
        running.progress(message="Copying the files of the model.")
        files = running.folder / "model"
        sources.fetch(self._roots, workspace, workspace.default_artifact_root, model, files)
        running.check()
        python = self._python(running, params, files)
        running.check()
        inputs = self._inputs(running, params, workspace)
        digest = lineage.digest(inputs, running.check)
        work = self._work_folder(running, params, model, digest)
        found = running.run(self._command(running, params, model, python, files, inputs, work))
        result = msgspec.convert(found, _Result)
        output = work / f"{RESULT}{FORMATS[params.output_format]}"
        errors = work / ERRORS
        place, errors_place = self._publish(running, workspace, root, run_id, target, output, errors)
        out_digest = lineage.digest([target or output], running.check)

        def note(tx: Tx) -> None:
            lineage.log_dataset(
                tx, run_id, _name(params.input), params.input, "scoring", digest, result.rows + result.failed_rows,
                result.columns,
            )  # fmt: skip
            lineage.log_dataset(tx, run_id, _name(place), place, "scored", out_digest, result.rows, [])

        running.store.write(note)
        scored = Scored(
            run_id=run_id,
            model=model.uri,
            rows=result.rows,
            failed_rows=result.failed_rows,
            output=place,
            errors=errors_place,
        )
        return result, scored

    def _python(self, running: Running, params: Score, files: Path) -> str:
        def say(text: str) -> None:
            running.log(text)
            running.progress(message=text)

        return self._environments.python(params.env, files, say)

    def _inputs(self, running: Running, params: Score, workspace: Workspace) -> list[Path]:
        source = places.run_of(params.input)
        if source is None:
            return places.local_files(self._folders.checked("input", params.input), params.input_format)
        running.progress(message="Copying the table.")
        root = running.store.read(lambda tx: artifacts.root_of_run(tx, source[0]))
        return places.fetch(
            self._roots, root, workspace, source[1], params.input_format, running.folder / "input", running.check
        )

    def _work_folder(self, running: Running, params: Score, model: Model, digest: str) -> Path:
        """Return the folder of the parts.  Parts of another table or order are dropped."""
        work = running.folder / "work"
        about = msgspec.json.encode([digest, model.uri, params.columns, params.where, params.input_format])
        note = work / "about.json"
        if not note.exists() or note.read_bytes() != about:
            shutil.rmtree(work, ignore_errors=True)
            disk.make_folder(work)
            note.write_bytes(about)
        return work

    def _command(
        self, running: Running, params: Score, model: Model, python: str, files: Path, inputs: list[Path], work: Path
    ) -> Command:
        processes = params.processes or len(os.sched_getaffinity(0))
        order: dict[str, Any] = {
            "model": str(files),
            "model_uri": model.uri,
            "job_id": running.job.job_id,
            "inputs": [str(path) for path in inputs],
            "input_format": params.input_format,
            "output": str(work / f"{RESULT}{FORMATS[params.output_format]}"),
            "output_format": params.output_format,
            "errors": str(work / ERRORS),
            "parts": str(work / "parts"),
            "columns": params.columns,
            "where": params.where,
            "processes": processes,
            "max_failed_rows": params.max_failed_rows,
        }
        file = work / "order.json"
        file.write_bytes(msgspec.json.encode(order))
        threads = str(max(1, len(os.sched_getaffinity(0)) // processes))
        return Command(
            argv=[python, str(SCORER), "batch", str(file)],
            folder=str(work),
            readable=[str(files), python, str(SCORER), *(str(path) for path in inputs)],
            environment={"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "MKL_NUM_THREADS": threads},
        )

    def _publish(
        self,
        running: Running,
        workspace: Workspace,
        root: artifacts.Root,
        run_id: str,
        target: Path | None,
        output: Path,
        errors: Path,
    ) -> tuple[str, str]:
        """Put the result in its place, whole.  Return where it is, and where the failed rows are."""
        running.check()
        running.progress(message="Writing the result to its place.")
        if target is not None:
            disk.make_folder(target.parent)
            (running.folder / PUBLISHING).touch()
            beside = target.with_name(f"{target.name}.failed_rows.jsonl")
            if errors.exists():
                _place(errors, beside, running)
            _place(output, target, running)
            return str(target), str(beside) if errors.exists() else ""
        names = [output.name, *([errors.name] if errors.exists() else [])]
        for name in names:
            places.put_file(self._roots, root, workspace, name, output.with_name(name), running.check)
        running.store.write(lambda tx: artifacts.record_files(tx, "run", run_id, *names))
        return f"runs:/{run_id}/{output.name}", f"runs:/{run_id}/{errors.name}" if errors.exists() else ""

    def _is_ours(self, running: Running) -> bool:
        return (running.folder / PUBLISHING).exists()


def kind(settings: Settings, roots: Roots) -> Kind[Score]:
    """Return the kind of jobs that score tables, each in the environment of its model."""
    environments = Environments(settings.data / "jobs-environments", settings.model_python)
    return Scoring(roots, environments, settings.model_python, Folders(settings.job_folders)).kind()


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


def _check_model(tx: Tx, model: Model) -> None:
    if model.name:
        _check_right(tx, Action.MODELS_READ, Object("model", model.name), "model")
        return
    run = uris.run_path(model.uri)
    if run is not None:
        _check_run(tx, run[0], Action.RUNS_READ, "model")
        return
    named = uris.model_uri(model.uri)
    if named is not None and named.model_id is not None:
        found = logged_models.locate(tx, named.model_id)
        if found is not None:
            _check_right(tx, Action.RUNS_READ, found, "model")


def _check_run(tx: Tx, run_id: str, action: Action, what: str) -> None:
    found = runs.locate(tx, run_id)
    if found is not None:
        _check_right(tx, action, found, what)


def _check_right(tx: Tx, action: Action, found: Object, what: str) -> None:
    if not tx.rights.allows(action, found):
        raise Denied(f"Permission denied: {what} needs {action} on {found.kind} {found.id}.")


def _name(place: str) -> str:
    return place.rstrip("/").rpartition("/")[2]

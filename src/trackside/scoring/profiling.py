"""The job of kind `profile`, which serves a model like an endpoint and measures it under load."""

from pathlib import Path

import msgspec
from msgspec.structs import replace

from trackside.artifacts.roots import Roots
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.endpoints import sources
from trackside.endpoints.backends.process import SCORER
from trackside.endpoints.environments import Environments, local
from trackside.endpoints.model import Model
from trackside.jobs.executors.port import Command
from trackside.jobs.kinds import Kind
from trackside.jobs.model import Job, State
from trackside.jobs.plan import Cancelled, Next
from trackside.jobs.running import Running, Stopped
from trackside.runs import model as m
from trackside.runs import store as runs
from trackside.scoring import lineage, rights
from trackside.scoring.inputs import Inputs
from trackside.scoring.profile import Measured, Profile, Profiled, check, recommend
from trackside.workspaces import store as workspaces

# Metrics of the run, with the number of callers as step.
METRICS = ("requests_per_s", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "cpu_ms_per_request", "failed")


class Profiling:
    """`environments` builds the environments of models; `local_python` is the interpreter for env local."""

    def __init__(self, roots: Roots, environments: Environments, local_python: str, inputs: Inputs) -> None:
        self._roots = roots
        self._environments = environments
        self._local_python = local_python
        self._inputs = inputs

    def kind(self) -> Kind[Profile]:
        return Kind(
            name="profile",
            title="Profile a model",
            params=Profile,
            run=self.run,
            check=self.check,
            ended=_end_run,
            describe=lambda params: f"Profile {params.model}"[:500],
            needs=(Action.RUNS_WRITE,),
            checks_objects=True,
        )

    def check(self, tx: Tx, params: Profile) -> Profile:
        """Resolve the model.  Raise a Fault for parameters that can never work, and for objects that the caller may not read."""
        params = check(params)
        model = sources.resolve(tx, params.model)
        rights.check(tx, model, params.input, params.run_id, params.experiment_id)
        if params.input:
            self._inputs.check(params.input, params.input_format)
        if params.env == "local" and not self._local_python:
            local(self._local_python)
        return replace(params, model=model.uri)

    def run(self, running: Running, params: Profile) -> Profiled:
        run_id, job_id = params.run_id or running.job.job_id, running.job.job_id
        model = running.store.read(lambda tx: sources.resolve(tx, params.model))
        running.store.write(
            lambda tx: lineage.begin(
                tx, "profile", run_id, job_id, params.experiment_id, model, is_own=not params.run_id
            )
        )
        status = m.Status.FAILED
        found: Measured | None = None
        try:
            found = self._measure(running, params, model)
            status = m.Status.FINISHED
        except Stopped as stopped:
            status = m.Status.KILLED if isinstance(stopped.ending, Cancelled) else m.Status.RUNNING
            raise
        finally:
            if status is not m.Status.RUNNING:
                running.store.write(lambda tx: _end(tx, run_id, status, found))
        return Profiled(
            run_id=run_id,
            model=model.uri,
            load_s=found.load_s,
            levels=found.levels,
            recommended=recommend(found, rate=params.rate, latency_ms=params.latency_ms),
            idle_mb=found.idle_mb,
            peak_mb=found.peak_mb,
            rows_per_request=found.rows_per_request,
        )

    def _measure(self, running: Running, params: Profile, model: Model) -> Measured:
        workspace = running.store.read(workspaces.current)
        running.progress(message="Copying the files of the model.", key="copying-model")
        files = running.folder / "model"
        sources.fetch(self._roots, workspace, workspace.default_artifact_root, model, files)
        running.check()

        def say(text: str) -> None:
            running.log(text)
            running.progress(message=text)

        python = self._environments.python(params.env, files, say)
        running.check()
        tables: list[Path] = []
        if params.input:
            tables = self._inputs.fetch(running, params.input, params.input_format, workspace)
        found = running.run(_command(params, running.folder, python, files, tables))
        try:
            return msgspec.convert(found, Measured)
        except msgspec.ValidationError as fault:  # the process runs code of the model
            raise Invalid(f"The process reports no profile: {fault}.") from None


def _command(params: Profile, folder: Path, python: str, files: Path, tables: list[Path]) -> Command:
    """Write the order file, and return the process that executes it."""
    names = ("rows", "concurrency", "seconds", "threads", "batching", "max_rows", "timeout_s", "input_format")
    order = {name: getattr(params, name) for name in names}
    file = folder / "order.json"
    file.write_bytes(msgspec.json.encode({**order, "model": str(files), "inputs": [str(path) for path in tables]}))
    return Command(
        argv=[python, str(SCORER), "profile", str(file)],
        folder=str(folder),
        readable=[str(files), python, str(SCORER), *(str(path) for path in tables)],
    )


def _end(tx: Tx, run_id: str, status: m.Status, found: Measured | None) -> None:
    if found is None:
        lineage.end(tx, run_id, status, {})
        return
    sizes = {"load_s": found.load_s, "idle_mb": found.idle_mb, "peak_mb": found.peak_mb}
    steps = [(level.callers, {name: float(getattr(level, name)) for name in METRICS}) for level in found.levels]
    lineage.end(tx, run_id, status, {name: value for name, value in sizes.items() if value is not None}, steps)


def _end_run(tx: Tx, job: Job, params: Profile, next_: Next) -> None:
    """End the run of a job that was interrupted by the end of its server or by its time limit."""
    run_id = params.run_id or job.job_id
    if runs.get(tx, run_id).info.status not in m.ENDED:
        lineage.end(tx, run_id, m.Status.KILLED if next_.state is State.CANCELLED else m.Status.FAILED, {})

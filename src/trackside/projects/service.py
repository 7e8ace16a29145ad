"""The job of kind `project`: fetches the code, builds its environment, runs its entry point, and ends its run."""

import sys
from pathlib import Path

import msgspec

from trackside.artifacts import store as artifacts
from trackside.artifacts.blobs import put
from trackside.artifacts.roots import Roots
from trackside.core import disk
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault, Invalid
from trackside.core.settings import Settings
from trackside.endpoints.environments import Environments, local
from trackside.jobs.executors.port import Command
from trackside.jobs.kinds import Kind
from trackside.jobs.model import Job, State
from trackside.jobs.plan import Cancelled, Next
from trackside.jobs.running import Running, Stopped
from trackside.projects import commands, conda, describe, sources
from trackside.projects.model import PROCESS, RAY, Described, Project, Ran, check, check_pip_alone
from trackside.runs import batch, lifecycle, limits
from trackside.runs import model as m
from trackside.runs import store as runs
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

JOB_TAG, REASON_TAG = "trackside.job_id", "trackside.failure"
LOG = "log.txt"  # a file of the run: the end of the log
MAX_LOG_LINES = 2_000


class Projects:
    """`environments_folder` keeps the environments of projects; `local_python` runs those with env local.

    `executors` are those of the server, and `cluster_url` is where the machines of a cluster reach it."""

    def __init__(
        self,
        roots: Roots,
        environments_folder: Path,
        local_python: str,
        allowed_sources: tuple[str, ...],
        executors: tuple[str, ...],
        cluster_url: str,
    ) -> None:
        self._roots = roots
        self._environments_folder = environments_folder
        self._environments = Environments(environments_folder)
        self._local_python = local_python
        self._sources = allowed_sources
        self._executors = executors
        self._cluster_url = cluster_url

    def kind(self) -> Kind[Project]:
        return Kind(
            name="project",
            title="Run a project",
            params=Project,
            run=self.run,
            check=self.check,
            ended=_end_run,
            describe=lambda params: f"Run {params.entry_point} of {params.git_uri or 'a project'}"[:500],
            needs=(Action.RUNS_WRITE,),
            checks_objects=True,
            has_token=True,
            max_attempts=1,  # code of a user may not be run twice unasked
        )

    def check(self, tx: Tx, params: Project) -> Project:
        params = check(params, self._sources, self._executors)
        runs.active(tx, params.run_id)
        found = runs.locate(tx, params.run_id)
        if found is not None and not tx.rights.allows(Action.RUNS_WRITE, found):
            raise Denied(f"Permission denied: run_id needs {Action.RUNS_WRITE} on {found.kind} {found.id}.")
        if params.env == "local" and params.compute != RAY and not self._local_python:
            local(self._local_python)
        return params

    def run(self, running: Running, params: Project) -> Ran:
        said = _Tail(running)
        status, reason = m.Status.FAILED, ""
        try:
            running.store.write(lambda tx: _begin(tx, params.run_id, running.job.job_id))
            command = self._run(running, params)
            status = m.Status.FINISHED
        except Stopped as stopped:
            status = m.Status.KILLED if isinstance(stopped.ending, Cancelled) else m.Status.FAILED
            reason = "The job was cancelled." if status is m.Status.KILLED else "The job was ended before it was done."
            raise
        except Fault as fault:
            reason = fault.message
            raise
        finally:
            self._end(running, params.run_id, status, reason, said)
        return Ran(run_id=params.run_id, command=command)

    def _run(self, running: Running, params: Project) -> str:
        code = running.folder / "project"
        workspace, root = running.store.read(
            lambda tx: (workspaces.current(tx), artifacts.root_of_run(tx, params.run_id))
        )
        running.progress(message="Fetching the project.", key="fetching-project")
        if params.git_uri:
            sources.from_git(params, code, running)
        else:
            sources.from_archive(self._roots, root, workspace, code, running)
        folder = code / params.subdirectory if params.subdirectory else code
        if not folder.is_dir() or not folder.resolve().is_relative_to(code.resolve()):  # git keeps links that lead out
            raise Invalid(f"subdirectory is {params.subdirectory!r}, which the project does not have.")
        storage = running.folder / "files"
        disk.make_folder(storage)
        running.progress(message="Reading the project.", key="reading-project")
        found = self._described(running, params, folder, storage)
        experiment_id = running.store.read(lambda tx: runs.get(tx, params.run_id).info.experiment_id)
        job = commands.Place(running, params, folder, experiment_id)
        if params.compute == RAY:
            command = commands.on_ray(job, found, self._cluster_url)
        elif found.conda is not None and params.env == "uv" and (program := conda.find()):
            requirements = commands.with_mlflow(found.requirements, found.conda.packages)
            prefix = conda.build(running, program, self._environments_folder, found.conda, requirements)
            command = commands.in_conda(job, found.command, prefix, storage)
        else:
            command = commands.here(job, found.command, self._python(running, params, found), storage)
        running.progress(message="Running.", key="running")
        running.log(f"$ {found.command}")
        running.run(command)
        return found.command

    def _described(self, running: Running, params: Project, folder: Path, storage: Path) -> Described:
        """Let MLflow's own code read the project.  Raise a Fault with its words for one that cannot run."""
        python = self._reader(running)
        result = running.run(
            Command(
                argv=[
                    python,
                    describe.__file__,
                    str(folder),
                    params.entry_point,
                    msgspec.json.encode(params.parameters).decode(),
                    str(storage),
                ],
                folder=str(storage),
                readable=[python, describe.__file__, str(folder)],
                environment={"MLFLOW_DISABLE_TELEMETRY": "true"},
            )
        )
        return msgspec.convert(result, Described)

    def _reader(self, running: Running) -> str:
        """Return a Python that has mlflow."""
        if self._local_python:
            return local(self._local_python)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return self._environments.build_for(version, ["mlflow>=3"], running.log)

    def _python(self, running: Running, params: Project, found: Described) -> str:
        if params.env == "local":
            return local(self._local_python)
        check_pip_alone(found, "install conda, mamba or micromamba on the server's machine")
        version = found.python or f"{sys.version_info.major}.{sys.version_info.minor}"

        def say(text: str) -> None:
            running.log(text)
            running.progress(message=text)

        return self._environments.build_for(version, commands.with_mlflow(found.requirements), say)

    def _end(self, running: Running, run_id: str, status: m.Status, reason: str, said: "_Tail") -> None:
        """End the run, with the end of its log as a file.  Does nothing if the run was deleted."""
        try:
            workspace, root = running.store.read(lambda tx: (workspaces.current(tx), artifacts.root_of_run(tx, run_id)))
            _put_log(self._roots, root, workspace, said.lines, reason)
            running.store.write(lambda tx: _ended(tx, run_id, status, reason))
        except Fault as fault:
            running.log(f"The run {run_id} cannot be ended: {fault.message}")


class _Tail:
    """The last lines of a job's log, in addition to the log in the store."""

    def __init__(self, running: Running) -> None:
        self.lines: list[str] = []
        running.listen(self._on_line)

    def _on_line(self, line: str) -> None:
        self.lines.append(line)
        if len(self.lines) > 2 * MAX_LOG_LINES:
            del self.lines[:-MAX_LOG_LINES]


def kind(settings: Settings, roots: Roots) -> Kind[Project]:
    """Return the kind of jobs that run projects."""
    executors = (PROCESS, RAY) if settings.ray_address else (PROCESS,)
    return Projects(
        roots,
        settings.data / "jobs-environments",
        settings.model_python,
        settings.project_sources,
        executors,
        settings.ray_server_url.rstrip("/"),
    ).kind()


def _begin(tx: Tx, run_id: str, job_id: str) -> None:
    _log(tx, m.LogBatch(run_id=run_id, tags=[m.GivenTag(key=JOB_TAG, value=job_id)]))
    lifecycle.update(tx, run_id, m.Status.RUNNING, None, None)


def _ended(tx: Tx, run_id: str, status: m.Status, reason: str) -> None:
    artifacts.record_files(tx, "run", run_id, LOG)
    if reason:
        _log(tx, m.LogBatch(run_id=run_id, tags=[m.GivenTag(key=REASON_TAG, value=reason[:5000])]))
    lifecycle.update(tx, run_id, status, tx.now, None)


def _end_run(tx: Tx, job: Job, params: Project, next_: Next) -> None:
    """End the run of a job that could not do so itself, because its server was killed or the job never began."""
    if runs.get(tx, params.run_id).info.status in m.ENDED:
        return
    status = m.Status.KILLED if next_.state is State.CANCELLED else m.Status.FAILED
    tags = [m.GivenTag(key=JOB_TAG, value=job.job_id), m.GivenTag(key=REASON_TAG, value=next_.reason[:5000])]
    _log(tx, m.LogBatch(run_id=params.run_id, tags=tags))
    lifecycle.update(tx, params.run_id, status, tx.now, None)


def _put_log(roots: Roots, root: artifacts.Root, workspace: Workspace, lines: list[str], reason: str) -> None:
    text = "\n".join([*lines[-MAX_LOG_LINES:], *([reason] if reason else [])]) + "\n"
    spot = roots.of(root, LOG, workspace)
    put(spot.blobs, spot.key, iter([[text.encode("utf-8", "replace")]]))


def _log(tx: Tx, call: m.LogBatch) -> None:
    (answer,) = batch.log(tx, [limits.batch(call)])
    if isinstance(answer, Fault):
        raise answer

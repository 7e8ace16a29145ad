"""The project backend `trackside`: `mlflow run URI --backend trackside` runs an MLflow Project on the server.

MLflow's code reads and checks the project and creates the run; a job of the server executes it.
"""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any, Mapping

from trackside_mlflow import jobs, uris
from trackside_mlflow.errors import ConfigError
from trackside_mlflow.jobs import Job
from trackside_mlflow.server import Server

ARCHIVE = "project.tar.gz"
LOOK_S = 1.0
SKIPPED = {".git", "__pycache__", ".venv", "mlruns", "mlartifacts"}
MAX_BYTES = 500 << 20


def backend() -> Any:
    """Return the backend; MLflow's plug-in interface."""
    from mlflow.projects.backend.abstract_backend import AbstractBackend

    class Backend(AbstractBackend):  # type: ignore[misc]  # mlflow has no types
        def run(
            self,
            project_uri: str,
            entry_point: str,
            params: Mapping[str, Any] | None,
            version: str | None,
            backend_config: Mapping[str, Any],
            tracking_uri: str,
            experiment_id: str,
        ) -> Any:
            return run(project_uri, entry_point, params, version, backend_config, tracking_uri, experiment_id)

    return Backend()


def run(
    project_uri: str,
    entry_point: str,
    params: Mapping[str, Any] | None,
    version: str | None,
    backend_config: Mapping[str, Any],
    tracking_uri: str,
    experiment_id: str,
) -> Any:
    """Send the project to the server, start its job, and return the submitted run.

    `backend_config` takes COMPUTE (an executor of the server; absent or "local": its own machine), STREAM_OUTPUT (print the
    log, and return when the project has ended; on by default), and USE_CONDA and ENV_MANAGER (build the project's environment,
    or use the server's Python).  Raise ExecutionException if a project whose log is printed fails."""
    from mlflow.exceptions import ExecutionException
    from mlflow.projects import utils
    from mlflow.tracking import MlflowClient

    call = _caller(tracking_uri)
    given = dict(params or {})  # `mlflow.projects.run` passes None for no parameters
    asked: dict[str, Any] = {
        "entry_point": entry_point,
        "parameters": {name: str(value) for name, value in given.items()},
        "env": _env(backend_config),
        "compute": str(backend_config.get("COMPUTE") or ""),
    }
    client = MlflowClient(tracking_uri)
    uri, subdirectory = utils._parse_subdirectory(project_uri)
    if utils._is_local_uri(uri) or utils._is_zip_uri(uri):
        folder = utils.fetch_and_validate_project(project_uri, version, entry_point, given)
        run_id = _new_run(utils, project_uri, experiment_id, folder, version, entry_point, given)
        with tempfile.TemporaryDirectory() as scratch:
            packed = _pack(Path(folder), Path(scratch) / ARCHIVE)
            client.log_artifact(run_id, str(packed))
    else:
        run_id = _run_of_git(client, uri, experiment_id, version, entry_point, asked["parameters"])
        asked.update(git_uri=uri, version=version or "", subdirectory=subdirectory)
    try:
        body = {"kind": "project", "params": {"run_id": run_id, **asked}}
        record = call("POST", jobs.PATH, body)["job"]
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_tag(run_id, "mlflow.project.backend", "trackside")
    submitted = _submitted_class()(run_id, Job(call, record))
    print(f"trackside: job {record['job_id']} runs the project; its run is {run_id}", file=sys.stderr)
    if _switch(backend_config, "STREAM_OUTPUT", usual=True) and not submitted.wait():
        raise ExecutionException(f"Run (ID '{run_id}') {submitted.job.state}: {submitted.job.reason}")
    return submitted


def _submitted_class() -> Any:
    from mlflow.entities import RunStatus
    from mlflow.projects.submitted_run import SubmittedRun

    states = {
        "queued": RunStatus.SCHEDULED,
        "running": RunStatus.RUNNING,
        "succeeded": RunStatus.FINISHED,
        "failed": RunStatus.FAILED,
        "cancelled": RunStatus.KILLED,
    }

    class TracksideSubmittedRun(SubmittedRun):  # type: ignore[misc]  # mlflow has no types
        """A project that runs as a job of the server."""

        def __init__(self, run_id: str, job: Job) -> None:
            super().__init__()
            self._run_id = run_id
            self.job = job
            self._cursor = 0

        @property
        def run_id(self) -> str:
            return self._run_id

        def wait(self) -> bool:
            """Return whether the project succeeded, after its end.  Prints its log meanwhile."""
            while True:
                has_ended = self.job.refresh().state in jobs.ENDED
                while True:
                    lines, self._cursor = self.job.logs_after(self._cursor)
                    if not lines:
                        break
                    print("\n".join(lines), flush=True)
                if has_ended:
                    break
                time.sleep(LOOK_S)
            return self.job.state == "succeeded"

        def get_status(self) -> str:
            return str(RunStatus.to_string(states[self.job.refresh().state]))

        def cancel(self) -> None:
            self.job.cancel()
            while self.job.refresh().state not in jobs.ENDED:
                time.sleep(LOOK_S)

    return TracksideSubmittedRun


def _caller(tracking_uri: str) -> Any:
    """Return a function that calls the server of a tracking URI, in its workspace."""
    http = uris.to_http(tracking_uri) if uris.is_trackside(tracking_uri) else tracking_uri
    if not uris.is_http(http):
        raise ConfigError(
            f"the tracking URI is {tracking_uri!r}; the backend trackside needs that of a Trackside server, such as"
            " http://127.0.0.1:5000 or Workspace.get_mlflow_tracking_uri()"
        )
    server = Server(uris.server_url(http))
    name = uris.workspace_of(http) or os.environ.get("MLFLOW_WORKSPACE") or uris.DEFAULT_WORKSPACE

    def call(method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        return server.call(method, path, body, within=name)

    return call


def _env(config: Mapping[str, Any]) -> str:
    """Return the source of the packages.  USE_CONDA and ENV_MANAGER conda build the environment with uv."""
    if "USE_CONDA" in config:
        return "uv" if _switch(config, "USE_CONDA", usual=True) else "local"
    return "local" if config.get("ENV_MANAGER") == "local" else "uv"


def _switch(config: Mapping[str, Any], name: str, *, usual: bool) -> bool:
    given = config.get(name, usual)
    return given.strip().lower() in ("1", "true", "yes") if isinstance(given, str) else bool(given)


def _new_run(utils: Any, *arguments: Any) -> str:
    """Create the run as MLflow's own backends do, with the project's tags and parameters."""
    make = getattr(utils, "get_or_create_run")  # noqa: B009  # its types differ between releases of MLflow
    return str(make(None, *arguments).info.run_id)


def _run_of_git(
    client: Any, uri: str, experiment_id: str, version: str | None, entry_point: str, params: Mapping[str, str]
) -> str:
    tags = {
        "mlflow.source.name": uri,
        "mlflow.source.type": "PROJECT",
        "mlflow.source.git.repoURL": uri,
        "mlflow.project.entryPoint": entry_point,
        **({"mlflow.project.version": version} if version else {}),
    }
    run_id = str(client.create_run(experiment_id, tags=tags).info.run_id)
    for name, value in params.items():
        client.log_param(run_id, name, value)
    return run_id


def _pack(folder: Path, target: Path) -> Path:
    """Write the files of a project to an archive, without files that do not belong to it."""
    size = 0

    def kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        nonlocal size
        if SKIPPED.intersection(Path(member.name).parts):
            return None
        size += member.size
        if size > MAX_BYTES:
            raise ConfigError(f"the project {str(folder)!r} has more than {MAX_BYTES >> 20} MiB of files")
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with tarfile.open(target, "w:gz", compresslevel=3) as archive:
        archive.add(folder, ".", filter=kept)
    return target

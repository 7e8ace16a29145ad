"""The process of a project's entry point: on this machine, in an environment of uv or conda, or on a Ray cluster."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from trackside.core.errors import Invalid
from trackside.jobs.executors.port import Command, OnCluster
from trackside.jobs.running import Running
from trackside.projects import conda
from trackside.projects.model import RAY, Described, Project, check_pip_alone

MLFLOW = "mlflow-skinny>=2.10"  # for projects without mlflow in their requirements
_CERTIFICATES = ("/etc/passwd", "/etc/ssl", "/etc/ca-certificates")


class Place(NamedTuple):
    """The job, and the folder of the project's code."""

    running: Running
    params: Project
    folder: Path
    experiment_id: str


def here(job: Place, text: str, python: str, storage: Path) -> Command:
    """Return a process of this machine, with the programs beside `python`."""
    programs = Path(python).parent
    return _here(job, text, programs, storage, [python], {"VIRTUAL_ENV": str(programs.parent)})


def in_conda(job: Place, text: str, prefix: Path, storage: Path) -> Command:
    """Return a process of this machine, in an environment of conda that is activated."""
    return _here(job, conda.ACTIVATE + text, prefix / "bin", storage, [str(prefix)], {"CONDA_PREFIX": str(prefix)})


def on_ray(job: Place, found: Described, url: str) -> Command:
    """Return a process on a Ray cluster, which reaches the server at `url`.  Raise Invalid for what cannot run there."""
    running = job.running
    check_pip_alone(found, "run the project on the server's machine")
    if str(running.folder) in found.command:
        raise Invalid(
            "compute is 'ray', and a parameter of type path names a file of the server's machine: give it type uri, and let"
            " the project read it."
        )
    url = url or running.url
    is_local = job.params.env == "local"
    return Command(
        argv=["bash", "-c", found.command],
        folder=str(job.folder),
        environment=_variables(job, url),
        cluster=OnCluster(
            executor=RAY,
            job_id=running.job.job_id,
            attempt=running.job.attempt,
            job_url=f"{url}/ws/{running.workspace}/api/trackside/v1/jobs/{running.job.job_id}",
            token=running.token,
            python="" if is_local else found.python,
            requirements=[] if is_local else with_mlflow(found.requirements),
        ),
    )


def with_mlflow(requirements: list[str], others: Sequence[str] = ()) -> list[str]:
    """Add mlflow, without which a project cannot log, where neither the requirements nor `others` name one."""
    has_mlflow = any(each.lower().startswith("mlflow") for each in (*requirements, *others))
    return requirements if has_mlflow else [*requirements, MLFLOW]


def _here(
    job: Place, text: str, programs: Path, storage: Path, readable: list[str], variables: dict[str, str]
) -> Command:
    return Command(
        argv=["bash", "-c", text],
        folder=str(job.folder),
        readable=[*readable, *_CERTIFICATES],
        writable=[str(storage)],
        environment={
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(storage),
            **variables,
            **_variables(job, job.running.url),
        },
        has_network=True,
    )


def _variables(job: Place, url: str) -> dict[str, str]:
    """Return the environment variables with which a project logs to its run."""
    running = job.running
    return {
        "PYTHONUNBUFFERED": "1",
        "MLFLOW_TRACKING_URI": f"{url}/ws/{running.workspace}",
        "MLFLOW_RUN_ID": job.params.run_id,
        "MLFLOW_EXPERIMENT_ID": job.experiment_id,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        **({"MLFLOW_TRACKING_TOKEN": running.token} if running.token else {}),
    }

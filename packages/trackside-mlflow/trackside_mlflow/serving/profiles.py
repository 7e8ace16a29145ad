"""`ModelProfile` with azureml-core's interface: the result of a job of kind `profile`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackside_mlflow.errors import ConfigError, JobFailed, WebserviceException

if TYPE_CHECKING:
    from trackside_mlflow.jobs import Job
    from trackside_mlflow.workspace import Workspace

STATES = {"succeeded": "Succeeded", "failed": "Failed", "cancelled": "Cancelled", "queued": "NotStarted"}
FILE = "rows.jsonl"


class ModelProfile:
    """The profile of a model.  The results are available after `wait_for_completion`."""

    def __init__(self, workspace: Workspace, name: str, job: Job, description: str | None = None) -> None:
        self.workspace = workspace
        self.name = name
        self.description = description
        self.job = job

    @property
    def state(self) -> str:
        """NotStarted, Running, Succeeded, Failed or Cancelled."""
        return STATES.get(self.job.state, "Running")

    @property
    def recommended_cpu(self) -> float | None:
        """The number of processors that one replica needs."""
        return self.job.result["recommended"]["cores"] if self.job.result else None

    @property
    def recommended_memory(self) -> float | None:
        """The memory that one replica needs, in GiB."""
        return self.job.result["recommended"].get("memory_gb") if self.job.result else None

    def wait_for_completion(self, show_output: bool = False) -> None:
        """Wait for the results.  Raise `WebserviceException` if the job failed."""
        from trackside_mlflow.serving.models import print_line

        if show_output:
            print_line(f"Profiling {self.name}: job {self.job.id}")
        try:
            self.job.wait()
        except JobFailed as fault:
            raise WebserviceException(f"Profiling {self.name!r} failed: {fault}") from None
        if show_output:
            print_line(f"{self.state}: {self.get_details()}")

    def get_details(self) -> dict[str, Any]:
        """Return the measurements under azureml-core's names, for the number of callers with the highest rate."""
        found: dict[str, Any] = {"name": self.name, "description": self.description, "state": self.state}
        result = self.job.result
        if not result:
            return {**found, "error": self.job.reason or None}
        levels, best = result["levels"], max(result["levels"], key=lambda level: level["requests_per_s"])
        total, failed = (sum(level[key] for level in levels) for key in ("requests", "failed"))
        peak_mb = result.get("peak_mb")
        return {
            **found,
            "maxUtilizedCpu": max(level["cores"] for level in levels),
            "maxUtilizedMemoryInGB": None if peak_mb is None else peak_mb / 1024,
            "totalQueries": total,
            "successQueries": total - failed,
            "successRate": 100.0 * (total - failed) / total,
            "averageLatencyInMs": best["mean_ms"],
            **{f"latencyPercentile{share}InMs": best[f"p{share}_ms"] for share in (50, 90, 95, 99)},
            "measuredQueriesPerSecond": best["requests_per_s"],
            "recommendedCpu": self.recommended_cpu,
            "recommendedMemoryInGB": self.recommended_memory,
        }

    def serialize(self) -> dict[str, Any]:
        return {**self.get_details(), "id": self.job.id}

    def __repr__(self) -> str:
        return f"ModelProfile(workspace={self.workspace!r}, name={self.name!r}, state={self.state!r})"


def start(workspace: Workspace, name: str, model_uri: str, rows: Any, description: str | None) -> ModelProfile:
    """Start a profile.  `rows` is a location that the server can read, a DataFrame, or None for the model's input example."""
    params: dict[str, Any] = {}
    if isinstance(rows, str):
        params = {"input": rows}
    elif hasattr(rows, "to_json"):
        params = _sent(workspace, rows)
    elif rows is not None:
        raise ConfigError(
            f"input_dataset is a {type(rows).__name__}; it must be a DataFrame with rows of the model's inputs, or "
            f"the location of a table, such as 'runs:/RUN/rows.parquet'"
        )
    return ModelProfile(workspace, name, workspace.profile(model_uri, **params), description)


def _sent(workspace: Workspace, rows: Any) -> dict[str, Any]:
    """Send a frame as a file of a new run, which becomes the run of the profile."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=workspace.get_mlflow_tracking_uri())
    experiment = client.get_experiment_by_name("Default")
    run_id = client.create_run(
        experiment.experiment_id if experiment else client.create_experiment("Default")
    ).info.run_id
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        rows.to_json(file, orient="records", lines=True)
        client.log_artifact(run_id, str(file), "input")
    return {"input": f"runs:/{run_id}/input/{FILE}", "run_id": run_id}

"""Trackside for MLflow's users: `Workspace`, and the errors that it raises.  Imports neither the server nor mlflow."""

from trackside_mlflow.errors import (
    ConfigError,
    JobFailed,
    Refused,
    ServerUnreachable,
    TracksideError,
    WebserviceException,
    WorkspaceExists,
    WorkspaceNotFound,
)
from trackside_mlflow.jobs import Job
from trackside_mlflow.workspace import Workspace

__all__ = [
    "ConfigError",
    "Job",
    "JobFailed",
    "Refused",
    "ServerUnreachable",
    "TracksideError",
    "WebserviceException",
    "Workspace",
    "WorkspaceExists",
    "WorkspaceNotFound",
]
__version__ = "0.1.0"

"""The environment variables of the client.  Read at each use, since notebooks set them after the import."""

from __future__ import annotations

import os

DEFAULT_URL = "http://127.0.0.1:5000"


def url() -> str | None:
    """Return TRACKSIDE_URL: the server's address, with or without `/ws/<workspace>`."""
    return _value("TRACKSIDE_URL")


def workspace() -> str | None:
    """Return TRACKSIDE_WORKSPACE: the workspace for tracking URIs that name none."""
    return _value("TRACKSIDE_WORKSPACE")


def token() -> str | None:
    """Return TRACKSIDE_TOKEN, otherwise the token that mlflow sends to its tracking server."""
    return _value("TRACKSIDE_TOKEN") or _value("MLFLOW_TRACKING_TOKEN")


def own_token() -> str | None:
    """Return TRACKSIDE_TOKEN."""
    return _value("TRACKSIDE_TOKEN")


def mlflow_login() -> tuple[str | None, str | None]:
    """Return MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, which mlflow sends to its tracking server."""
    return _value("MLFLOW_TRACKING_USERNAME"), _value("MLFLOW_TRACKING_PASSWORD")


def user() -> str | None:
    """Return TRACKSIDE_USER: the name of the user in the server's history."""
    return _value("TRACKSIDE_USER")


def mlflow_workspace() -> str | None:
    """Return MLFLOW_WORKSPACE: the choice of `mlflow.set_workspace`, in clients with workspaces (3.10 and later)."""
    return _value("MLFLOW_WORKSPACE")


def certificates() -> str | None:
    """Return a file of trusted certificates, from the variables of mlflow and requests."""
    return _value("MLFLOW_TRACKING_SERVER_CERT_PATH") or _value("REQUESTS_CA_BUNDLE")


def insecure_tls() -> bool:
    """Return MLFLOW_TRACKING_INSECURE_TLS: whether to accept any certificate, as mlflow does."""
    return (_value("MLFLOW_TRACKING_INSECURE_TLS") or "").lower() in ("1", "true")


def cluster_variable(name: str) -> str | None:
    """Return a variable that a cluster's software sets, such as SLURM_JOB_ID."""
    return _value(name)


def _value(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None

"""The environment variables of the client.  Read when asked for, since notebooks set them after the import."""

from __future__ import annotations

import os

DEFAULT_URL = "http://127.0.0.1:5000"


def url() -> str | None:
    """TRACKSIDE_URL: the server's address, with or without `/ws/<workspace>`."""
    return _value("TRACKSIDE_URL")


def workspace() -> str | None:
    """TRACKSIDE_WORKSPACE: the workspace of tracking addresses that name none."""
    return _value("TRACKSIDE_WORKSPACE")


def token() -> str | None:
    """TRACKSIDE_TOKEN, else the token that mlflow itself would send to its tracking server."""
    return _value("TRACKSIDE_TOKEN") or _value("MLFLOW_TRACKING_TOKEN")


def own_token() -> str | None:
    """TRACKSIDE_TOKEN alone."""
    return _value("TRACKSIDE_TOKEN")


def mlflow_login() -> tuple[str | None, str | None]:
    """MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD: what mlflow itself would send to its tracking server."""
    return _value("MLFLOW_TRACKING_USERNAME"), _value("MLFLOW_TRACKING_PASSWORD")


def user() -> str | None:
    """TRACKSIDE_USER: who works here, as the server's history shall tell."""
    return _value("TRACKSIDE_USER")


def mlflow_workspace() -> str | None:
    """MLFLOW_WORKSPACE: what `mlflow.set_workspace` chose, in clients that know workspaces (3.10 and later)."""
    return _value("MLFLOW_WORKSPACE")


def certificates() -> str | None:
    """A file of trusted certificates, under the names that mlflow and requests give it."""
    return _value("MLFLOW_TRACKING_SERVER_CERT_PATH") or _value("REQUESTS_CA_BUNDLE")


def insecure_tls() -> bool:
    """MLFLOW_TRACKING_INSECURE_TLS: take any certificate, as mlflow does with it."""
    return (_value("MLFLOW_TRACKING_INSECURE_TLS") or "").lower() in ("1", "true")


def cluster_variable(name: str) -> str | None:
    """A variable that a cluster's own software sets, such as SLURM_JOB_ID."""
    return _value(name)


def _value(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None

"""Artifact repositories for `mlflow-artifacts:` and `trackside:` URIs, based on mlflow's own if they exist."""

from __future__ import annotations

import inspect
from typing import Any

from trackside_mlflow import uris

# mlflow's registry imports this module while mlflow is half imported, so its parts are imported when called.


def artifacts_by_address(artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> Any:
    """Return the repository of `trackside://host:port/team-a/path`: the files below this path of the workspace."""
    return _over_http(uris.artifacts_to_http(artifact_uri))


def artifacts_by_proxy(artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> Any:
    """Return the repository of `mlflow-artifacts:/path`, which mlflow resolves against the tracking URI.

    mlflow accepts only http(s) tracking URIs there, so `trackside://` is translated. With any other tracking URI it is mlflow's
    own class with unchanged arguments. mlflow before 1.24 has no such class, and this module provides one.
    """
    from mlflow.tracking import get_tracking_uri

    chosen = tracking_uri or get_tracking_uri()
    http = uris.to_http(chosen) if uris.is_trackside(chosen) else chosen
    try:
        from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
    except ImportError:
        return _over_http(uris.proxied_to_http(artifact_uri, http))
    if "tracking_uri" in inspect.signature(MlflowArtifactsRepository).parameters:
        return MlflowArtifactsRepository(artifact_uri, tracking_uri=http, registry_uri=registry_uri)
    if http == chosen:
        return MlflowArtifactsRepository(artifact_uri)
    return _over_http(uris.proxied_to_http(artifact_uri, http))


def _over_http(address: str) -> Any:
    try:
        from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository
    except ImportError:
        from trackside_mlflow.early_artifacts import EarlyArtifacts

        return EarlyArtifacts(address)
    return HttpArtifactRepository(address)

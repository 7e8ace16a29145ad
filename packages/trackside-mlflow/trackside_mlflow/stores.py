"""`trackside://host:port/team-a` as tracking and registry URI: mlflow's own REST stores, sent to the http address."""

from __future__ import annotations

from typing import Any

from trackside_mlflow import uris

# mlflow's registries import this module while mlflow is half imported, so its parts are imported when called.


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """Return mlflow's tracking store for the http(s) form of `store_uri`."""
    from mlflow.tracking._tracking_service.utils import _get_rest_store

    return _get_rest_store(uris.to_http(store_uri))


def model_registry_store(store_uri: str, tracking_uri: str | None = None) -> Any:
    """Return mlflow's model registry for the http(s) form of `store_uri`."""
    from mlflow.tracking._model_registry.utils import _get_rest_store

    return _get_rest_store(uris.to_http(store_uri))

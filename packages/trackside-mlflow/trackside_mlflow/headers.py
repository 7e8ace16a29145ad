"""Headers of mlflow's requests that mlflow does not set itself: workspace, token and user."""

from __future__ import annotations

import sys
from typing import Any

from trackside_mlflow import settings, uris


class TracksideHeaders:
    """mlflow's `request_header_provider`.

    - TRACKSIDE_WORKSPACE is sent as `X-MLFLOW-WORKSPACE` if the tracking URI is http(s), names no workspace itself,
      and `mlflow.set_workspace` (3.10 and later) has chosen none.  It selects a workspace for clients of any version.
    - TRACKSIDE_TOKEN is sent as bearer token if the tracking URI is `trackside://` or is below TRACKSIDE_URL.
      mlflow's own credentials (MLFLOW_TRACKING_TOKEN ...) take precedence.
    - TRACKSIDE_USER is sent as `X-Trackside-User`, for the server's history of who did what.

    Without these variables no header is added.
    """

    def in_context(self) -> bool:
        return any((settings.workspace(), settings.own_token(), settings.user()))

    def request_headers(self) -> dict[str, str]:
        uri = current_tracking_uri()
        if uri is None:
            return {}
        headers = {}
        workspace, token = settings.workspace(), settings.own_token()
        if workspace and settings.mlflow_workspace() is None and uris.is_http(uri) and not uris.names_workspace(uri):
            headers["X-MLFLOW-WORKSPACE"] = workspace
        if token and (uris.is_trackside(uri) or uris.is_under(uri, settings.url())):
            headers["Authorization"] = f"Bearer {token}"
        user = settings.user()
        if user and (uris.is_http(uri) or uris.is_trackside(uri)):
            headers["X-Trackside-User"] = user.encode().decode("latin-1")  # requests sends it as UTF-8 then
        return headers


def current_tracking_uri() -> str | None:
    """Return the tracking URI of the mlflow that is imported in this process."""
    tracking: Any = sys.modules.get("mlflow.tracking")
    return str(tracking.get_tracking_uri()) if tracking is not None else None

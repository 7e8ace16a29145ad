"""MLFLOW_TRACKING_AUTH=trackside: TRACKSIDE_TOKEN as bearer token, for mlflow 2 and later."""

from __future__ import annotations

from typing import Any, Callable

from trackside_mlflow import headers, settings, uris
from trackside_mlflow.errors import ConfigError


class TokenProvider:
    """mlflow's `request_auth_provider`; used only if MLFLOW_TRACKING_AUTH names it."""

    def get_name(self) -> str:
        return "trackside"

    def get_auth(self) -> Callable[[Any], Any]:
        """Return the function that requests calls for each request of mlflow."""
        token = settings.own_token()
        if token is None:
            raise ConfigError("MLFLOW_TRACKING_AUTH is trackside, but TRACKSIDE_TOKEN is not set")
        servers = [headers.current_tracking_uri(), settings.url()]

        def add_token(request: Any) -> Any:
            # Files and models may be on other hosts, which must not receive the token.
            if any(server and uris.same_host(request.url, server) for server in servers):
                request.headers["Authorization"] = f"Bearer {token}"
            return request

        return add_token

"""Health, version, features and the OpenAPI document of the server."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from trackside import __version__
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.codec import Call, encode
from trackside.core.http.routes import Route, query, stream
from trackside.core.http.streams import Request, Response

# The release of MLflow whose API is served: clients ask before they use what is newer than a server.
MLFLOW_VERSION = "3.17.2"
_TEXT = [(b"content-type", b"text/plain; charset=utf-8")]
_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": True,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": False,
    "multipart_downloads_enabled": False,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "features_enabled": {"gateway": False},
    "server": "trackside",
    "server_version": __version__,
}


class Health:
    """`fault` says in words why nothing can be stored; None if it can."""

    def __init__(self, fault: Callable[[], str | None]) -> None:
        self._fault = fault

    async def get(self, request: Request) -> Response:
        fault = self._fault()
        return Response(200, _TEXT, b"OK") if fault is None else Response(503, _TEXT, fault.encode())


async def version(request: Request) -> Response:
    return Response(200, _TEXT, MLFLOW_VERSION.encode())


def info(tx: Tx, call: Call) -> bytes:
    return encode(_INFO)


def info_for_mlflow_pages(tx: Tx, call: Call) -> bytes:
    """Return the features for MLflow's own pages: without workspaces, since the pages would ask the user to choose one and drop
    the run in a link."""
    return encode({**_INFO, "workspaces_enabled": False})


class Document:
    """The OpenAPI document, created at the first request."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = routes

    @cached_property
    def _body(self) -> bytes:
        from trackside.core.http import openapi  # noqa: PLC0415  # for the few who ask

        return encode(openapi.document(self._routes, "Trackside", __version__))

    async def get(self, request: Request) -> Response:
        return Response(200, [(b"content-type", b"application/json")], self._body)


def routes(fault: Callable[[], str | None], *, has_mlflow_pages: bool = False) -> list[Route]:
    more: dict[str, Any] = {"version": "3.0", "has_workspace": False, "quick": True}
    shown = info_for_mlflow_pages if has_mlflow_pages else info
    return [
        stream("GET /health", Health(fault).get, needs=Action.ANYONE, has_workspace=False, media="text/plain"),
        stream("GET /version", version, needs=Action.ANYONE, has_workspace=False, media="text/plain"),
        query("GET server-info", Call, info, needs=Action.ANYONE, api_only=True, **more),
        query("GET server-info", Call, shown, needs=Action.ANYONE, ajax_only=True, **more),
    ]

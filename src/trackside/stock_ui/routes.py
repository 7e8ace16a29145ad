"""The calls that only the pages of MLflow's UI make, and its files."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from trackside.artifacts.routes import Calls as ArtifactCalls
from trackside.core.access import Action
from trackside.core.db.limits import Limit
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NoEndpoint
from trackside.core.http.browser import NO_SNIFFING, page_headers, with_slash
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import Call, encode
from trackside.core.http.routes import HANDLED, LISTED, Route, query, stream
from trackside.core.http.streams import Headers, Request, Response
from trackside.core.work.threads import Threads
from trackside.runs.documents import Documents
from trackside.runs.model import GotRun
from trackside.stock_ui import files
from trackside.stock_ui.promptlab import Promptlab
from trackside.workspaces.model import page_address

_JSON = [(b"content-type", b"application/json")]
# MLflow's pages have inline styles, and compile templates and workers.
_PAGE_HEADERS = page_headers(
    "default-src 'self'",
    "script-src 'self' 'unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "frame-src 'self' data: blob:",
    "base-uri 'none'",
)
_FILE_HEADERS: Headers = [(b"cache-control", b"public, max-age=86400"), NO_SNIFFING]
MAX_QUERY_BYTES = 1 << 20
LIST_S = 120.0  # longer than the artifact store may take


class Graphql:
    """Answer GraphQL queries in separate threads, which may wait for an artifact store."""

    def __init__(self, documents: Documents, artifacts: ArtifactCalls, threads: Threads) -> None:
        self._documents = documents
        self._artifacts = artifacts
        self._threads = threads

    async def ask(self, request: Request) -> Response:
        """Answer a GraphQL query or mutation of MLflow's schema."""
        check_content_type(request.headers.get(b"content-type"))
        body = await request.whole_body(MAX_QUERY_BYTES)
        loop = asyncio.get_running_loop()
        return Response(
            200, _JSON, await loop.run_in_executor(self._threads, self._answer, request, body, request.limit(), loop)
        )

    def _answer(self, request: Request, body: bytes, limit: Limit, loop: asyncio.AbstractEventLoop) -> bytes:
        from trackside.stock_ui.queries import execution  # noqa: PLC0415  # only for those who ask
        from trackside.stock_ui.queries.fields import Server  # noqa: PLC0415

        def list_files(run_id: str, path: str) -> bytes:
            found = asyncio.run_coroutine_threadsafe(self._artifacts.listing(request, run_id, path), loop)
            return found.result(LIST_S)

        try:
            asked = msgspec.json.decode(body, type=execution.Query)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise Invalid(f"The body is no GraphQL request: {error}") from None
        limit.check()  # the wait for a thread may have used up the time
        return encode(execution.answer(Server(request, self._documents, list_files), asked, limit))


def telemetry(tx: Tx, call: Call) -> bytes:
    """Tell MLflow's pages to send no telemetry."""
    return b'{"disable_ui_telemetry":true,"disable_ui_events":[],"ui_rollout_percentage":0}'


class Pages:
    def __init__(self, folder: Path, static_prefix: str) -> None:
        self._folder = folder
        self._prefix = static_prefix

    async def page(self, request: Request) -> Response:
        """Return MLflow's web UI, in the workspace that the path names."""
        path: str = request.scope["path"]
        if not path.endswith("/"):
            return Response(308, [(b"location", with_slash(request.scope))])
        elsewhere = page_address(path.removeprefix(self._prefix))
        if elsewhere is not None:
            return Response(302, [(b"location", elsewhere.encode())])
        body = await request.in_thread((self._folder / "index.html").read_bytes)
        return Response(200, _PAGE_HEADERS, body)

    async def file(self, request: Request) -> Response:
        """A file of MLflow's web UI."""
        name = request.params["path"]
        found = files.find(self._folder, name)
        if found is None:
            raise NoEndpoint(f"MLflow's web UI has no file {name[:100]!r}.")
        body = await request.in_thread(found.read_bytes)
        return Response(200, [(b"content-type", files.media(found).encode()), *_FILE_HEADERS], body)


async def databricks_address(request: Request) -> Response:
    """Lead an address that a client of Databricks prints to the same page here."""
    rest = request.raw_params["path"].partition("/ml/experiments/")[2]
    up = "../" * (rest.count("/") + 2)
    return Response(302, [(b"location", f"{up}#/experiments/{rest}".encode("latin-1"))])


def calls(graphql: Graphql, promptlab: Promptlab) -> list[Route]:
    """Return the routes of the pages' calls, for each UI that the server has."""
    more: dict[str, Any] = {"version": "3.0", "ajax_only": True}
    return [
        stream(
            "POST runs/create-promptlab-run",
            promptlab.create,
            needs=Action.RUNS_WRITE,
            on=HANDLED,
            ajax_only=True,
            answer=GotRun,
        ),
        stream("POST /graphql", graphql.ask, needs=Action.RUNS_READ, on=LISTED),
        stream(
            "GET /ml/experiments/{path:path}",
            databricks_address,
            needs=Action.ANYONE,
            has_workspace=False,
            media="",
            status=302,
        ),
        query("GET ui-telemetry", Call, telemetry, needs=Action.ANYONE, has_workspace=False, **more),
    ]


def pages(folder: Path, static_prefix: str = "") -> list[Route]:
    """The pages themselves, in place of Trackside's."""
    served = Pages(folder, static_prefix)
    anyone = Action.ANYONE
    return [
        stream("GET /", served.page, needs=anyone, has_workspace=False, media="text/html"),
        stream(
            "GET /static-files/{path:path}", served.file, needs=anyone, has_workspace=False, media="text/javascript"
        ),
    ]

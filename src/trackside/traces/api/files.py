"""The files of a trace: traces.json, which is kept as spans, and attachments.  Knows HTTP's side of them.

Clients before 3.4 write traces.json through the artifact proxy and read it from there; MLflow's UI reads it by a call of its own.
"""

import re

from trackside.artifacts import keys, transfer
from trackside.artifacts.lanes import StoreThreads
from trackside.artifacts.roots import Roots
from trackside.artifacts.store import Root
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import BadRequest, Invalid
from trackside.core.http.codec import Call
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.traces import model as m
from trackside.traces.api.calls import TRACE, may
from trackside.traces.api.v3 import version_of
from trackside.traces.ingest import files
from trackside.traces.ingest.batch import Translate, batch_of
from trackside.traces.ingest.encodings import MAX_BYTES
from trackside.traces.spans import file_of, old_file_of
from trackside.traces.storage import reader
from trackside.traces.storage.reader import Row
from trackside.traces.storage.writer import Spans, write

NAME = "traces.json"
ATTACHMENTS = "attachments"

_KEY = re.compile(r"(?:workspaces/[^/]+/)?(?:[^/]+/)*traces/(?P<trace>[^/]+)/artifacts/traces\.json")
_HEADERS = [
    (b"content-type", b"application/octet-stream"),
    (b"content-disposition", b"attachment; filename=traces.json"),
    (b"x-content-type-options", b"nosniff"),
]


class OfFile(Call, frozen=True):
    request_id: str | None = None
    path: str | None = None


class SpanFiles:
    """The `traces.json` of traces that the server knows, as the artifact proxy meets them."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    def names(self, key: str) -> bool:
        return _KEY.fullmatch(key) is not None

    async def put(self, request: Request, key: str, data: bytes) -> bool:
        """Keep the spans of a file.  Return False for a trace that is not known, or a file that has no spans."""
        trace_id = _trace_of(key)
        row = await request.read(lambda tx: reader.find(tx, trace_id))
        if row is None or len(data) > MAX_BYTES:
            return False

        def decode() -> Spans | None:
            try:
                spans = files.read(data, trace_id)
            except Invalid:
                return None
            if not spans:
                return None
            batch = batch_of(trace_id, spans, {}, self._translate)
            return Spans(experiment_id=row.experiment_id, batches=[batch], may_write=may(request.visit))

        call = await request.in_thread(decode)
        if call is None:
            return False
        await request.write_together(write, call)
        return True

    async def get(self, request: Request, key: str) -> Response | None:
        """Return the file, in the form that the client reads; None for a trace whose spans are not in the store."""
        trace_id = _trace_of(key)

        def load(tx: Tx) -> bytes | None:
            rows = [row for row in reader.by_ids(tx, [trace_id]) if row.has_spans]
            return None if not rows else _file(request, tx, rows[0])

        data = await request.read(load)
        return None if data is None else Response(headers=_HEADERS, body=data)


class Calls:
    def __init__(self, roots: Roots, threads: StoreThreads) -> None:
        self._roots = roots
        self._threads = threads

    async def get(self, request: Request) -> Response:
        """Return the spans of a trace as a file, or one of its attachments."""
        trace_id = request.query.get("request_id", [""])[-1]
        if not trace_id:
            raise BadRequest('Request must include the "request_id" query parameter.')
        path = request.query.get("path", [""])[-1]

        def load(tx: Tx) -> tuple[bytes | None, Root]:
            row = reader.get(tx, trace_id)
            data = _file(request, tx, row) if row.has_spans and not path else None
            return data, _root(tx, row)

        data, root = await request.read(load)
        if data is not None:
            return Response(headers=_HEADERS, body=data)
        spot = self._roots.of(root, f"{ATTACHMENTS}/{keys.from_path(path)}" if path else NAME, request.workspace)
        return await transfer.answer(request, spot.blobs, spot.key, self._threads.of(spot))


def _trace_of(key: str) -> str:
    found = _KEY.fullmatch(key)
    assert found is not None
    return found["trace"]


def _file(request: Request, tx: Tx, row: Row) -> bytes:
    lines = reader.lines(tx, [row.seq]).get(row.seq, [])
    version = version_of(request.headers)
    return old_file_of(lines) if (0,) < version < (3,) else file_of(lines)


def _root(tx: Tx, row: Row) -> Root:
    found = tx.one(
        """
        SELECT e.artifact_location, w.default_artifact_root
        FROM experiments e JOIN workspaces w ON w.workspace_id = e.workspace_id
        WHERE e.workspace_id = :ws AND e.experiment_id = :id
        """,
        id=int(row.experiment_id),
    )
    if found is None:
        raise m.missing(row.trace_id)
    return Root(uri=f"{found[0]}/traces/{row.trace_id}/artifacts", workspace_root=found[1])


def routes(roots: Roots, threads: StoreThreads) -> list[Route]:
    calls = Calls(roots, threads)
    return [
        stream(
            f"GET /ajax-api/{version}/mlflow/get-trace-artifact",
            calls.get,
            needs=Action.TRACES_READ,
            on=TRACE,
            arguments=OfFile,
            media="application/octet-stream",
            summary="Returns the spans of a trace as a file, or one of its attachments.",
        )
        for version in ("2.0", "3.0")
    ]

"""The files of a trace: traces.json, which is stored as spans, and attachments.

Clients before 3.4 write and read traces.json through the artifact proxy; MLflow's UI has a call for it.
"""

import re

from trackside.artifacts import keys, transfer
from trackside.artifacts.roots import Roots
from trackside.artifacts.store import Root
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import BadRequest, Invalid
from trackside.core.http.codec import Call
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.traces import model as m
from trackside.traces.api.calls import TRACE, may
from trackside.traces.api.v3 import version_of
from trackside.traces.ingest import files as span_files
from trackside.traces.ingest.batch import Translate, batch_of, root_last
from trackside.traces.ingest.encodings import MAX_BYTES
from trackside.traces.spans import file_of, old_file_of
from trackside.traces.storage import reader
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.reader import Row, Stored
from trackside.traces.storage.writer import MOST_SPANS, Spans, portions, write

Found = tuple[int, Stored]  # the key of a trace, and its spans

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
    """The `traces.json` of known traces, for the artifact proxy."""

    def __init__(self, translate: Translate, files: BodyFiles) -> None:
        self._translate = translate
        self._files = files

    def names(self, key: str) -> bool:
        return _KEY.fullmatch(key) is not None

    async def put(self, request: Request, key: str, data: bytes) -> bool:
        """Store the spans of a file.  Return False for an unknown trace, or a file without spans."""
        trace_id = _trace_of(key)
        row = await request.read(lambda tx: reader.find(tx, trace_id))
        if row is None or len(data) > MAX_BYTES:
            return False

        def decode() -> Spans | None:
            try:
                spans = span_files.read(data, trace_id)
            except Invalid:
                return None
            if not spans:
                return None
            batches = [
                batch_of(trace_id, portion, {}, self._translate)
                for portion in root_last(spans, lambda span: span.parent_span_id is None, MOST_SPANS)
            ]
            return Spans(experiment_id=row.experiment_id, batches=batches, may_write=may(request.visit))

        call = await request.in_thread(decode)
        if call is None:
            return False
        for portion in portions(call):
            await request.write_together(write, portion)
        return True

    async def get(self, request: Request, key: str) -> Response | None:
        """Return the file in the form that the client reads; None for a trace whose spans are not in the store."""
        trace_id = _trace_of(key)

        def load(tx: Tx) -> Found | None:
            rows = [row for row in reader.by_ids(tx, [trace_id]) if row.has_spans]
            return None if not rows else (rows[0].seq, reader.stored(tx, [rows[0].seq], self._files))

        found = await request.read(load)
        return None if found is None else await _answer(request, found)


class Calls:
    def __init__(self, roots: Roots, threads: StoreThreads, files: BodyFiles) -> None:
        self._roots = roots
        self._threads = threads
        self._files = files

    async def get(self, request: Request) -> Response:
        """Return the spans of a trace as a file, or one of its attachments."""
        trace_id = request.query.get("request_id", [""])[-1]
        if not trace_id:
            raise BadRequest('Request must include the "request_id" query parameter.')
        path = request.query.get("path", [""])[-1]

        def load(tx: Tx) -> tuple[Found | None, Root]:
            row = reader.get(tx, trace_id)
            has_file = row.has_spans and not path
            return (row.seq, reader.stored(tx, [row.seq], self._files)) if has_file else None, _root(tx, row)

        found, root = await request.read(load)
        if found is not None:
            return await _answer(request, found)
        spot = self._roots.of(root, f"{ATTACHMENTS}/{keys.from_path(path)}" if path else NAME, request.workspace)
        return await transfer.answer(request, spot.blobs, spot.key, self._threads.of(spot))


def _trace_of(key: str) -> str:
    found = _KEY.fullmatch(key)
    assert found is not None
    return found["trace"]


async def _answer(request: Request, found: Found) -> Response:
    """Return the spans of a trace as a file, in the form that the client reads."""
    seq, stored = found
    form = old_file_of if (0,) < version_of(request.headers) < (3,) else file_of
    data = await request.in_thread(lambda: form(stored.lines(seq)))
    return Response(headers=_HEADERS, body=data)


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


def routes(roots: Roots, threads: StoreThreads, files: BodyFiles) -> list[Route]:
    calls = Calls(roots, threads, files)
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

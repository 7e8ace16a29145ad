"""Access to the files of traces for other slices, which imports the traces' modules at the first use."""

from typing import TYPE_CHECKING

from trackside.artifacts.roots import Roots
from trackside.core.access import Object
from trackside.core.db.tx import Tx
from trackside.core.http.streams import Request, Response
from trackside.core.prices import Prices

if TYPE_CHECKING:
    from trackside.traces.api.files import SpanFiles as Kept

_ENDING = "/artifacts/traces.json"


class SpanFiles:
    """The files traces.json of the artifact proxy."""

    def __init__(self, prices: Prices, roots: Roots, limit_s: float) -> None:
        """`limit_s`: how long a read of the artifact store may take."""
        self._prices = prices
        self._roots = roots
        self._limit_s = limit_s
        self._made: Kept | None = None

    def names(self, key: str) -> bool:
        return key.endswith(_ENDING) and self._kept().names(key)

    async def put(self, request: Request, key: str, data: bytes) -> bool:
        return await self._kept().put(request, key, data)

    async def get(self, request: Request, key: str) -> Response | None:
        return await self._kept().get(request, key)

    def _kept(self) -> "Kept":
        if self._made is None:
            from trackside.traces.api.files import SpanFiles as Kept  # noqa: PLC0415  # see above
            from trackside.traces.storage.body_files import BodyFiles  # noqa: PLC0415  # see above
            from trackside.traces.translation.attributes import translator  # noqa: PLC0415  # see above

            self._made = Kept(translator(self._prices), BodyFiles(self._roots, self._limit_s))
        return self._made


def locate_trace(tx: Tx, trace_id: str) -> Object | None:
    from trackside.traces.storage import reader  # noqa: PLC0415  # see above

    return reader.locate(tx, trace_id)


def locate_label_schema(tx: Tx, schema_id: str) -> Object | None:
    from trackside.traces.label_schemas import store  # noqa: PLC0415  # see above

    return store.locate(tx, schema_id)


def locate_review_queue(tx: Tx, queue_id: str) -> Object | None:
    from trackside.traces.review_queues import store  # noqa: PLC0415  # see above

    return store.locate(tx, queue_id)


def locate_issue(tx: Tx, issue_id: str) -> Object | None:
    from trackside.traces.issues import store  # noqa: PLC0415  # see above

    return store.locate(tx, issue_id)

"""The call `runs/search`, which joins the documents of runs to pages.  `search_sql` has the SQL."""

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, encode, invalid_value
from trackside.experiments import store as experiments
from trackside.experiments.model import view_type
from trackside.runs import orders, search_sql
from trackside.runs.documents import Documents
from trackside.runs.limits import DEFAULT_RESULTS, MAX_RESULTS
from trackside.runs.model import Run, SearchRuns
from trackside.runs.orders import Orders

MAX_ANSWER_BYTES = 8 << 20  # 5,000 runs of 25 entries; the server needs several times this memory for the answer


class Found(Answer, frozen=True):
    runs: list[Run] = []
    next_page_token: str | None = None


def search(tx: Tx, call: SearchRuns, documents: Documents, kept: Orders | None = None) -> bytes:
    """Return a page of runs as JSON.

    `kept` caches orders of runs in memory.  A page ends before it exceeds `MAX_ANSWER_BYTES`; its token continues from there."""
    most = DEFAULT_RESULTS if call.max_results is None else call.max_results
    if most > MAX_RESULTS:
        raise invalid_value("max_results", most)
    if most < 1:
        raise Invalid(f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer")
    seqs = experiments.seqs_of(tx, call.experiment_ids or [])
    stages = view_type(call.run_view_type).stages
    wanted = search_sql.parse(call.filter, call.order_by or [], seqs, stages)
    search_sql.check_token(wanted, call.page_token)
    if not seqs:
        return b"{}"
    rows = (orders.asked if kept is None else kept.page)(tx, wanted, most, call.page_token)
    page, token = search_sql.cut(wanted, rows, most)
    docs = documents.read(tx, page, MAX_ANSWER_BYTES)
    if len(docs) < len(page):
        page, token = search_sql.cut(wanted, rows, len(docs))
    return _rendered(docs, token)


def _rendered(docs: list[bytes], token: str | None) -> bytes:
    """Join documents to a page with one copy, since a page has several megabytes."""
    more = b'"next_page_token":' + encode(token) if token else b""
    if not docs:
        return b"{" + more + b"}"
    begin = b'{"runs":['
    end = (b"]," if more else b"]") + more + b"}"
    if len(docs) == 1:
        return begin + docs[0] + end
    return b",".join([begin + docs[0], *docs[1:-1], docs[-1] + end])

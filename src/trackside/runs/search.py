"""Searches runs: which, in what order, from which page on.  Knows documents; the question's SQL is `search_sql`."""

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, encode, invalid_value
from trackside.experiments import store as experiments
from trackside.experiments.model import view_type
from trackside.runs import store
from trackside.runs.limits import DEFAULT_RESULTS, MAX_RESULTS
from trackside.runs.model import Run, SearchRuns

SAVE_AT_ONCE = 50  # documents a command of the writer takes: a millisecond or two


class Found(Answer, frozen=True):
    runs: list[Run] = []
    next_page_token: str | None = None


def search(tx: Tx, call: SearchRuns, writer: GroupWriter) -> bytes:
    """The answer as JSON, put together from the runs' documents."""
    most = DEFAULT_RESULTS if call.max_results is None else call.max_results
    if most > MAX_RESULTS:
        raise invalid_value("max_results", most)
    if most < 1:
        raise Invalid(f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer")
    seqs = experiments.seqs_of(tx, call.experiment_ids or [])
    if not seqs:
        return b"{}"
    rows = tx.all("SELECT run_seq FROM runs WHERE workspace_id=:ws AND experiment_seq IN :e AND lifecycle_stage IN :s ORDER BY start_time DESC, run_id LIMIT :n", e=seqs, s=list(view_type(call.run_view_type).stages), n=most)
    token = None
    docs, fresh = store.documents(tx, [seq for (seq,) in rows])
    body = b'{"runs":[' + b",".join(docs) + b"]"
    if token:
        body += b',"next_page_token":' + encode(token)
    return body + b"}"

"""The sessions of an experiment: traces grouped by `mlflow.trace.session`."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.filters import keyset
from trackside.core.filters.keyset import Term
from trackside.core.filters.patterns import fold
from trackside.core.filters.to_sql import Binder
from trackside.traces.storage import columns

_NEWEST = "MAX(t.timestamp_ms)"
_TERMS = (Term(_NEWEST, ascending=False, kind="whole number"), Term("t.session_id"))


class Session(Struct, frozen=True):
    """A session.  `first_request` is the preview of the oldest trace; `user` is empty unless all traces have the same one."""

    session_id: str
    traces: int
    errors: int
    first_ms: int
    last_ms: int
    duration_ms: int
    total_tokens: int | None
    total_cost: float | None
    user: str
    first_request: str


class SessionSearch(Struct, frozen=True):
    experiment_seqs: Sequence[int]
    search: str
    limit: int
    page_token: str | None


def find(tx: Tx, asked: SessionSearch) -> tuple[list[Session], str | None]:
    """Return sessions, the one with the newest trace first, and the token of the next page.  `search` is a substring of the
    session's or the user's name, case-insensitive."""
    if not asked.experiment_seqs:
        return [], None
    bind = Binder()
    fingerprint = keyset.fingerprint("sessions", asked.search, sorted(asked.experiment_seqs))
    start = keyset.start(asked.page_token, fingerprint, [term.kind for term in _TERMS])
    conditions = [f"t.experiment_seq IN {bind(list(asked.experiment_seqs))}", "t.session_id <> ''"]
    if asked.search:
        pattern = bind(_contains(asked.search))
        conditions.append(
            f"(LOWER(t.session_id) LIKE {pattern} ESCAPE '!' OR LOWER(t.user_id) LIKE {pattern} ESCAPE '!')"
        )
    further = keyset.beyond(_TERMS, start.after, bind)
    rows = tx.all(
        f"""
        SELECT t.session_id, COUNT(*), SUM(CASE WHEN t.state = 'ERROR' THEN 1 ELSE 0 END), MIN(t.timestamp_ms), {_NEWEST},
            SUM(COALESCE(t.duration_ms, 0)), SUM(t.total_tokens), SUM(t.total_cost), MIN(t.user_id), MAX(t.user_id),
            {keyset.columns(_TERMS)}
        FROM traces AS t WHERE +t.workspace_id = :ws AND {" AND ".join(conditions)}
        GROUP BY t.session_id {f"HAVING {further}" if further else ""}
        ORDER BY {keyset.order_by(_TERMS)} LIMIT {bind(asked.limit + 1)} OFFSET {bind(start.offset)}
        """,
        **bind.params,
    )
    page, token = keyset.cut_rows(rows, asked.limit, fingerprint, 10)
    requests = _first_requests(tx, asked.experiment_seqs, [row[0] for row in page])
    return [_session(row, requests) for row in page], token


def _first_requests(tx: Tx, experiment_seqs: Sequence[int], ids: Sequence[str]) -> dict[str, str]:
    rows = tx.all(
        """
        SELECT session_id, request_preview, response_preview, previews FROM (
            SELECT session_id, request_preview, response_preview, previews,
                ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY timestamp_ms, trace_id) AS place
            FROM traces WHERE +workspace_id = :ws AND experiment_seq IN :seqs AND session_id IN :ids
        ) AS ordered WHERE place = 1
        """,
        seqs=list(experiment_seqs),
        ids=list(ids),
    )
    return {session: columns.previews(*stored)[0] or "" for session, *stored in rows}


def _session(row: Sequence[Any], requests: dict[str, str]) -> Session:
    session, traces, errors, first, last, duration, tokens, cost, least_user, greatest_user, *_ = row
    return Session(
        session_id=session,
        traces=traces,
        errors=int(errors),
        first_ms=first,
        last_ms=last,
        duration_ms=int(duration),
        total_tokens=None if tokens is None else int(tokens),
        total_cost=cost,
        user=least_user if least_user and least_user == greatest_user else "",
        first_request=requests.get(session, ""),
    )


def _contains(text: str) -> str:
    escaped = "".join(f"!{char}" if char in "!%_" else char for char in fold(text))
    return f"%{escaped}%"

"""Shared parts of both versions' calls: rights on an experiment, and the search."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from trackside.core.access import OPEN, Action, Visit, experiment_named
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Invalid
from trackside.core.http.admission import REFUSED
from trackside.core.http.targets import by
from trackside.experiments.model import check_id
from trackside.traces import model as m
from trackside.traces.search import scan, sql
from trackside.traces.storage import reader
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.storage.reader import Row

TRACE = by("trace", "trace_id", "request_id")


def check_write(visit: Visit, experiment_id: str) -> None:
    """Check the right to write traces, for calls whose body or headers name the experiment."""
    may_write = may(visit)
    if may_write is not None and not may_write(experiment_id):
        raise Denied(REFUSED)


def may(visit: Visit) -> Callable[[str], bool] | None:
    """Return a function that returns whether the caller may write traces to an experiment; None if to all of them."""
    if visit.caller is OPEN:
        return None
    rights = visit.rights

    def may_write(experiment_id: str) -> bool:
        return rights.allows(Action.TRACES_WRITE, experiment_named(experiment_id))

    return may_write


def seqs_of(tx: Tx, experiment_ids: Sequence[str]) -> list[int]:
    """Return the keys of the existing experiments whose traces the caller may read."""
    readable, bound = tx.only_readable("experiment", Action.TRACES_READ, "experiment_id")
    rows = tx.all(
        f"SELECT experiment_seq FROM experiments WHERE workspace_id = :ws AND experiment_id IN :ids{readable}",
        ids=[check_id(given) for given in experiment_ids],
        **bound,
    )
    return [row[0] for row in rows]


class TraceSearch(NamedTuple):
    """The parameters of a search."""

    experiment_ids: Sequence[str]
    filter_text: str | None
    max_results: int | None
    order_by: Sequence[str] | None
    page_token: str | None


def search(tx: Tx, asked: TraceSearch, files: BodyFiles) -> tuple[list[Row], str | None]:
    """Return a page of traces, and the token of the next page."""
    limit = m.DEFAULT_RESULTS if asked.max_results is None else asked.max_results
    if limit > m.MAX_RESULTS:
        raise Invalid(
            f"Invalid value {limit} for parameter 'max_results' supplied: It must be at most {m.MAX_RESULTS}, but got value "
            f"{limit}"
        )
    if limit < 1:
        raise Invalid(f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer")
    seqs = seqs_of(tx, asked.experiment_ids)
    wanted = sql.parse(asked.filter_text, asked.order_by or (), seqs)
    if not seqs:
        return [], None
    readable = tx.only_readable("experiment", Action.TRACES_READ, "e.experiment_id")
    found, token = scan.find(tx, wanted, limit, asked.page_token, readable, files)
    return reader.by_seqs(tx, found), token

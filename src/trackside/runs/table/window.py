"""One window of a table of runs: which rows, in which order, with which cells."""

from array import array
from collections.abc import Mapping, Sequence

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.runs import search_sql, selection
from trackside.runs import store as runs
from trackside.runs.orders import Orders
from trackside.runs.search_sql import Search
from trackside.runs.table import cells, model, snapshots, tree
from trackside.runs.table.model import RunsTable, Window
from trackside.runs.table.snapshots import Snapshot, Snapshots

PAGES_OF_TREE = (2, 8)  # of runs, in which the first top rows are looked for


def read(tx: Tx, call: RunsTable, kept: Snapshots, orders: Orders) -> Window:
    """Return a window.  The first one costs a page, or some pages of a tree without a filter; a later one lists every run
    once, for a snapshot."""
    fields = model.columns_of(call.columns or [])
    most, offset = model.rows_of(call.max_results), model.offset_of(call.offset)
    if call.page_token and (offset or call.parent is not None):
        raise Invalid("page_token does not go with offset or parent; send one of them")
    search = selection.read(tx, call, call.order_by or [])
    total = selection.total(tx, search)
    token = snapshots.token_of(call.snapshot)
    further: str | None = None
    matches: list[bool] | None = None
    page: list[int]
    name = search.fingerprint if call.parent is None else keyset.fingerprint("tree", search.fingerprint)
    snapshot = kept.find(token, tx.ws, name)
    nesting = _parents(tx, search) if snapshot is None and call.parent is not None else {}
    top_rows = None
    if nesting and not (call.parent or offset or search.tree):
        top_rows = _top_rows(tx, search, nesting, most, orders)
    is_whole = bool(nesting or offset) or search_sql.is_costly(search)
    if snapshot is None and top_rows is None and not call.page_token and is_whole:
        snapshot = _list(tx, search, nesting)
        kept.keep(token, tx.ws, name, snapshot)
    top = runs.seq_of(tx, call.parent) if call.parent else tree.TOP
    if call.parent and (snapshot is None or snapshot.tree is None):
        page, matching = [], 0  # no run is nested
    elif top_rows is not None:
        page, matching = top_rows, total - tree.count_below(nesting)
    elif snapshot is None or call.page_token:
        page, further = _first(tx, search, most, call.page_token, orders)
        matching = total if search.tree is None else selection.count(tx, search)
    elif snapshot.tree is None:
        page, matching = list(snapshot.rows[offset : offset + most]), len(snapshot.rows)
    else:
        rows = snapshot.tree.under.get(top, [])
        page, matching = rows[offset : offset + most], len(rows)
        matches = [seq in snapshot.tree.matching for seq in page]
    if snapshot is not None:
        matching_runs = len(snapshot.rows)
    elif search.tree is None:
        matching_runs = total
    else:
        matching_runs = selection.count(tx, search) if call.parent else matching
    infos = cells.infos(tx, page)
    page, flags = _present(page, matches, infos)
    return Window(
        matching=matching,
        matching_runs=matching_runs,
        total=total,
        offset=None if call.page_token else offset,
        snapshot=token,
        runs=cells.rows(infos, page, cells.parents(tx, infos), _children(tx, infos, search), flags),
        columns=cells.columns(tx, fields, infos, page),
        next_page_token=further if call.parent is None else None,
    )


def _first(tx: Tx, search: Search, most: int, page_token: str | None, orders: Orders) -> tuple[list[int], str | None]:
    if not search.experiments:
        return [], None
    return search_sql.cut(search, orders.page(tx, search, most, page_token), most)


def _top_rows(tx: Tx, search: Search, nesting: Mapping[int, int], most: int, orders: Orders) -> list[int] | None:
    """Return the first top rows of a tree of all runs; None if the first runs are below too few of them."""
    for pages in PAGES_OF_TREE:
        rows, further = _first(tx, search, most * pages, None, orders)
        found = tree.grow(rows, nesting).under[tree.TOP]
        if len(found) >= most or further is None:
            return found[:most]
    return None


def _list(tx: Tx, search: Search, nesting: Mapping[int, int]) -> Snapshot:
    """Return every row in order, as a tree where runs are nested."""
    rows = selection.seqs(tx, search)
    return Snapshot(array("q", rows), tree.grow(rows, nesting) if nesting else None)


def _parents(tx: Tx, search: Search) -> dict[int, int]:
    """Return the parents among the runs of the experiments, in the lifecycle that is searched, by child."""
    rows = tx.all(
        """
        SELECT t.run_seq, p.run_seq FROM tags t
        JOIN runs c ON c.run_seq = t.run_seq AND c.lifecycle_stage IN :stages
        JOIN runs p ON p.workspace_id = :ws AND p.run_id = t.value
        WHERE t.workspace_id = :ws AND t.experiment_seq IN :experiments AND t.key = 'mlflow.parentRunId'
            AND p.experiment_seq IN :experiments AND p.lifecycle_stage IN :stages
        """,
        experiments=list(search.experiments),
        stages=list(search.stages),
    )
    return dict(rows)


def _children(tx: Tx, infos: cells.Infos, search: Search) -> dict[str, int]:
    return cells.children(tx, [info["run_id"] for info in infos.values()], search.stages)


def _present(page: Sequence[int], matches: Sequence[bool] | None, infos: cells.Infos) -> tuple[list[int], list[bool]]:
    """Leaves out runs that are gone since their order was made."""
    flags = matches if matches is not None else [True] * len(page)
    pairs = [(seq, flag) for seq, flag in zip(page, flags, strict=True) if seq in infos]
    return [seq for seq, _ in pairs], [flag for _, flag in pairs]

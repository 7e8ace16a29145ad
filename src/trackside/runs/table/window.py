"""Reads one window of a table of runs: rows in order, with their cells."""

from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

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

PAGES_OF_TREE = (2, 8)  # pages of runs in which the first top rows are searched


class _Page(NamedTuple):
    """The rows of a window before their cells are read.  The counts are those of `Window`."""

    rows: list[int]  # run_seq of each
    matching: int
    matching_runs: int
    matches: list[bool] | None = None  # whether each row matches the filter itself; None: all do
    next_page_token: str | None = None


def read(tx: Tx, call: RunsTable, kept: Snapshots, orders: Orders) -> Window:
    """Return a window.  The first window reads one page, or some pages for a tree without a filter.  A later window lists every
    run once, for a snapshot."""
    fields = model.columns_of(call.columns or [])
    most, offset = model.rows_of(call.max_results), model.offset_of(call.offset)
    if call.page_token and (offset or call.parent is not None):
        raise Invalid("page_token does not go with offset or parent; send one of them")
    search = selection.read(tx, call, call.order_by or [])
    total = selection.total(tx, search)
    token = snapshots.token_of(call.snapshot)
    name = search.fingerprint if call.parent is None else keyset.fingerprint("tree", search.fingerprint)
    snapshot = kept.find(token, tx.ws, name)
    page: _Page | None = None
    if snapshot is None and not call.page_token:
        nesting = {} if call.parent is None else _parents(tx, search)
        if nesting and not (call.parent or offset or search.tree):
            page = _top_page(tx, search, nesting, most, total, orders)
        if page is None and (nesting or offset or search_sql.is_costly(search)):
            snapshot = _list(tx, search, nesting)
            kept.keep(token, tx.ws, name, snapshot)
    if page is None and call.parent:
        page = _page_of_children(tx, search, snapshot, call.parent, most, offset, total)
    elif page is None and (snapshot is None or call.page_token):
        page = _page_in_order(tx, search, snapshot, most, call.page_token, total, orders)
    elif page is None:
        assert snapshot is not None
        page = _page_of_list(snapshot, most, offset)
    infos = cells.infos(tx, page.rows)
    rows, flags = _present(page.rows, page.matches, infos)
    parents = cells.parents(tx, infos)
    names = cells.names(tx, sorted(set(parents.values())))
    return Window(
        matching=page.matching,
        matching_runs=page.matching_runs,
        total=total,
        offset=None if call.page_token else offset,
        snapshot=token,
        runs=cells.rows(infos, rows, parents, names, _children(tx, infos, search), flags),
        columns=cells.columns(tx, fields, infos, rows),
        next_page_token=page.next_page_token if call.parent is None else None,
    )


def _top_page(
    tx: Tx, search: Search, nesting: Mapping[int, int], most: int, total: int, orders: Orders
) -> _Page | None:
    """Return the first top rows of a tree of all runs, without a snapshot; None if they need one."""
    rows = _top_rows(tx, search, nesting, most, orders)
    return None if rows is None else _Page(rows, total - tree.count_below(nesting), total)


def _page_of_children(
    tx: Tx, search: Search, snapshot: Snapshot | None, parent: str, most: int, offset: int, total: int
) -> _Page:
    """Return a page of the rows below the run `parent`.  Raise NotFound if there is no such run."""
    seq = runs.seq_of(tx, parent)
    if snapshot is None:  # no run is nested
        return _Page([], 0, _count(tx, search, total))
    if snapshot.tree is None:
        return _Page([], 0, len(snapshot.rows))
    return _page_of_tree(snapshot, snapshot.tree, seq, most, offset)


def _page_in_order(
    tx: Tx, search: Search, snapshot: Snapshot | None, most: int, page_token: str | None, total: int, orders: Orders
) -> _Page:
    """Return the first page of a flat list, or the page of `page_token`."""
    rows, further = _first(tx, search, most, page_token, orders)
    matching = _count(tx, search, total)
    return _Page(rows, matching, matching if snapshot is None else len(snapshot.rows), next_page_token=further)


def _page_of_list(snapshot: Snapshot, most: int, offset: int) -> _Page:
    """Return a page of a snapshot, either of a flat list or of the top rows of a tree."""
    if snapshot.tree is not None:
        return _page_of_tree(snapshot, snapshot.tree, tree.TOP, most, offset)
    return _Page(list(snapshot.rows[offset : offset + most]), len(snapshot.rows), len(snapshot.rows))


def _page_of_tree(snapshot: Snapshot, grown: tree.Tree, parent: int, most: int, offset: int) -> _Page:
    below = grown.under.get(parent, [])
    rows = below[offset : offset + most]
    return _Page(rows, len(below), len(snapshot.rows), [seq in grown.matching for seq in rows])


def _count(tx: Tx, search: Search, total: int) -> int:
    return total if search.tree is None else selection.count(tx, search)


def _first(tx: Tx, search: Search, most: int, page_token: str | None, orders: Orders) -> tuple[list[int], str | None]:
    if not search.experiments:
        return [], None
    return search_sql.cut(search, orders.page(tx, search, most, page_token), most)


def _top_rows(tx: Tx, search: Search, nesting: Mapping[int, int], most: int, orders: Orders) -> list[int] | None:
    """Return the first top rows of a tree of all runs; None if the first pages of runs contain too few."""
    for pages in PAGES_OF_TREE:
        rows, further = _first(tx, search, most * pages, None, orders)
        found = tree.grow(rows, nesting).under[tree.TOP]
        if len(found) >= most or further is None:
            return found[:most]
    return None


def _list(tx: Tx, search: Search, nesting: Mapping[int, int]) -> Snapshot:
    """Return every row in order, as a tree if runs are nested."""
    rows = selection.seqs(tx, search)
    return Snapshot(array("q", rows), tree.grow(rows, nesting) if nesting else None)


def _parents(tx: Tx, search: Search) -> dict[int, int]:
    """Return parents by child, among the runs of the experiments in the searched lifecycle stage."""
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
    """Return the rows without runs that were deleted after their order was computed."""
    flags = matches if matches is not None else [True] * len(page)
    pairs = [(seq, flag) for seq, flag in zip(page, flags, strict=True) if seq in infos]
    return [seq for seq, _ in pairs], [flag for _, flag in pairs]

"""The kinds of jobs that look for orphans and move them."""

from typing import Any

from trackside.artifacts.roots import Roots
from trackside.cleanup.orphans import model as m
from trackside.cleanup.orphans import moves, search
from trackside.cleanup.orphans.model import FindOrphans, Purge, Quarantine, Restore
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.jobs.kinds import Kind

SEARCH, MOVE, RESTORE, PURGE = "orphan-search", "orphan-quarantine", "quarantine-restore", "quarantine-purge"


def kinds(roots: Roots) -> list[Kind[Any]]:
    needs = (Action.EXPERIMENTS_DELETE,)
    return [
        Kind(
            name=SEARCH,
            title="Find orphaned files and rows",
            params=FindOrphans,
            run=lambda running, params: search.run(running, roots, params),
            check=_check_search,
            needs=needs,
        ),
        Kind(
            name=MOVE,
            title="Move orphaned files to the quarantine",
            params=Quarantine,
            run=lambda running, params: moves.quarantine(running, roots, params),
            check=_check_move,
            needs=needs,
        ),
        Kind(
            name=RESTORE,
            title="Move files back from the quarantine",
            params=Restore,
            run=lambda running, params: moves.restore(running, roots, params),
            check=_check_restore,
            needs=needs,
        ),
        Kind(
            name=PURGE,
            title="Delete what is in the quarantine",
            params=Purge,
            run=lambda running, params: moves.purge(running, roots, params),
            check=_check_purge,
            needs=needs,
        ),
    ]


def _check_search(_tx: Tx, params: FindOrphans) -> FindOrphans:
    m.check_grace(params.grace_hours)
    return params


def _check_move(tx: Tx, params: Quarantine) -> Quarantine:
    m.check_grace(params.grace_hours)
    m.check_keys(params.keys)
    moves.check_free(tx)
    return params


def _check_restore(_tx: Tx, params: Restore) -> Restore:
    m.check_entries(params.entries, may_be_empty=False)
    return params


def _check_purge(tx: Tx, params: Purge) -> Purge:
    m.check_days(params.older_than_days)
    m.check_entries(params.entries, may_be_empty=True)
    moves.check_free(tx)
    return params

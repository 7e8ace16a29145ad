"""The kinds of jobs that search and move orphans."""

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct

from trackside.artifacts.roots import Roots
from trackside.cleanup.orphans import model as m
from trackside.cleanup.orphans import moves, search
from trackside.cleanup.orphans.model import FindOrphans, Purge, Quarantine, Restore
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.jobs.kinds import Kind
from trackside.jobs.running import Running

SEARCH, MOVE, RESTORE, PURGE = "orphan-search", "orphan-quarantine", "quarantine-restore", "quarantine-purge"


P = TypeVar("P", bound=Struct)


def kinds(roots: Roots) -> list[Kind[Any]]:
    def kind(
        name: str,
        title: str,
        params: type[P],
        work: Callable[[Running, Roots, P], Any],
        check: Callable[[Tx, P], P],
    ) -> Kind[P]:
        def run(running: Running, given: P) -> Any:
            return work(running, roots, given)

        return Kind(name=name, title=title, params=params, run=run, check=check, needs=(Action.EXPERIMENTS_DELETE,))

    return [
        kind(SEARCH, "Find orphaned files and rows", FindOrphans, search.run, _check_search),
        kind(MOVE, "Move orphaned files to the quarantine", Quarantine, moves.quarantine, _check_move),
        kind(RESTORE, "Move files back from the quarantine", Restore, moves.restore, _check_restore),
        kind(PURGE, "Delete files in the quarantine", Purge, moves.purge, _check_purge),
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

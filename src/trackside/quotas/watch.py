"""Records an event each time the usage of a quota reaches another level."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.db.group import GroupWriter
from trackside.core.db.tx import Tx
from trackside.quotas import store
from trackside.quotas.model import Level, Use

EVERY_S = 5.0

Key = tuple[str, str, str]


class Database(Protocol):
    writer: GroupWriter

    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


def step(db: Database) -> bool:
    """Check every workspace with quotas.  Return False: the next step runs at the next interval."""
    with db.read(0) as tx:
        found = store.workspaces(tx)
    for ws in found:
        with db.read(ws) as tx:
            uses, before = store.uses(tx, store.watched(tx)), store.levels(tx)
        changed = changes(uses, before)
        gone = before.keys() - {_key(use) for use in uses}
        if changed or gone:
            db.writer.submit(ws, lambda tx, changed=changed, gone=gone: _note(tx, changed, gone)).result()  # type: ignore[misc]
    return False


def changes(uses: Iterable[Use], before: Mapping[Key, Level]) -> list[tuple[Use, Level]]:
    """Return the uses with a changed level, and the previous level.  Pure."""
    found = [(use, before.get(_key(use), Level.NONE)) for use in uses]
    return [(use, level) for use, level in found if use.level is not level]


def _note(tx: Tx, changed: list[tuple[Use, Level]], gone: Iterable[Key]) -> None:
    for use, level in changed:
        store.note_level(tx, use, level)
    for scope, subject, measure in gone:
        store.drop_level(tx, scope, subject, measure)


def _key(use: Use) -> Key:
    return (use.quota.scope, use.subject, use.quota.measure)

"""The call that reads the change log."""

from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import Route, query
from trackside.events import facts, names, store
from trackside.events import model as m
from trackside.events.entries import Entry
from trackside.events.readable import has_details, readable


@dataclass(frozen=True)
class Calls:
    db: store.Database

    def list_changes(self, tx: Tx, call: m.ListChanges) -> m.ListedChanges:
        """Return changes with their user and time."""
        limit = m.check_limit(call.limit)
        wanted = store.Wanted(limit, call.entity or "", call.entity_id or "", call.user or "")
        if call.after is not None:
            page = store.feed(tx, self.db, call.after, wanted)
            return m.ListedChanges(changes=_changes(tx, page.changes, call), next_after=page.after, more=page.more)
        if call.before is not None:
            found = store.history(tx, call.before, wanted)
            return m.ListedChanges(changes=_changes(tx, found, call), more=len(found) == limit)
        newest = store.begin(self.db, tx)
        found = store.history(tx, newest + 1, wanted)
        return m.ListedChanges(changes=_changes(tx, found, call), next_after=newest, more=len(found) == limit)


def _changes(tx: Tx, entries: list[Entry], call: m.ListChanges) -> list[m.LoggedChange]:
    whole = has_details(tx.rights)
    if not whole:
        runs = [entry.entity_id for entry in entries if entry.entity == "run"]
        entries = readable(tx.rights, entries, facts.experiments_of_runs(tx, runs))
    found = names.of(tx, entries) if call.names else {}
    return [
        m.LoggedChange(
            seq=entry.seq,
            time=entry.at,
            entity=entry.entity,
            entity_id=entry.entity_id,
            action=entry.action,
            name=found.get((entry.entity, entry.entity_id), UNSET),
            user=entry.user or UNSET,
            detail=UNSET if entry.detail is None or not whole else msgspec.Raw(entry.detail.encode()),
        )
        for entry in entries
    ]


def routes(db: store.Database) -> list[Route]:
    return [
        query(
            "GET /api/trackside/v1/changes",
            m.ListChanges,
            Calls(db).list_changes,
            needs=Action.CHANGES_READ,
            answer=m.ListedChanges,
        ),
    ]

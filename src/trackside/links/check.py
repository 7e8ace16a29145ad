"""Compares both sides of a link item by item, and says what differs.  Changes nothing."""

from collections.abc import Iterable

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.links import cursors, diff, filesync, ours
from trackside.links.model import Entity
from trackside.links.side import Side
from trackside.metrics.series import POINT_BYTES


class Difference(Struct, frozen=True):
    entity: str
    local_id: str
    remote_id: str
    what: list[str]


class Page(Struct, frozen=True):
    """`next`: where the next page begins; absent after the last one."""

    compared: int
    differences: list[Difference]
    next: str | None = None


def page(side: Side, after: str, most: int) -> Page:
    """Runs of ours after that id, by id: those that the link mirrors, or that it shall mirror."""

    def ids_of(tx: Tx) -> list[str]:
        return [
            run_id
            for (run_id,) in tx.all(
                """
                SELECT run_id FROM runs WHERE workspace_id = :ws AND run_id > :after ORDER BY run_id LIMIT :most
                """,
                after=after,
                most=most,
            )
        ]

    ids = side.read(ids_of)
    found = []
    compared = 0
    for run_id in ids:
        what = _run(side, run_id)
        if what is None:
            continue
        compared += 1
        if what.what:
            found.append(what)
    return Page(compared, found, ids[-1] if len(ids) == most else None)


def _run(side: Side, run_id: str) -> Difference | None:
    part = side.read(lambda tx: ours.run(tx, run_id))
    if part is None:
        return None
    experiment = side.read(lambda tx: ours.experiment(tx, part.experiment_id))
    if experiment is None or not side.link.options.wants(experiment.doc["name", ""]):
        return None
    item = side.item(Entity.RUN, run_id)
    if item is None or not item.remote_id:
        is_left = int(part.doc["start_time", ""]) < side.link.options.since or not side.link.mode.sends
        return None if is_left else Difference(str(Entity.RUN), run_id, "", ["the run is missing there"])
    theirs = side.peer.read(Entity.RUN, item.remote_id)
    if theirs is None:
        return Difference(str(Entity.RUN), run_id, item.remote_id, ["the run is missing there"])
    doc = side.ours(theirs.doc, Entity.RUN)
    can = side.peer.can
    merged = diff.merge(item.agreed or {}, part.doc, doc, side.link.mode, lambda f, verb: can(Entity.RUN, f, verb))
    what = []
    for kind, key in sorted({*merged.for_them.put, *merged.for_them.drop, *merged.for_us.put, *merged.for_us.drop}):
        here, there = part.doc.get((kind, key)), doc.get((kind, key))
        what.append(f"{kind}{f' {key}' if key else ''} is {_shown(here)} here and {_shown(there)} there")
    what += _points(side, run_id, item)
    what += filesync.differences(side, Entity.RUN, run_id, item.remote_id, read=False)
    return Difference(str(Entity.RUN), run_id, item.remote_id, what)


def _points(side: Side, run_id: str, item: cursors.Item) -> list[str]:
    mine = side.read(lambda tx: ours.summaries(tx, run_id))
    marks = side.peer.series(item.remote_id)
    found = []
    for key in sorted({*mine, *marks}):
        if key not in marks:
            if side.link.mode.sends:
                found.append(f"metric {key} is missing there")
        elif key not in mine:
            if side.link.mode.takes:
                found.append(f"metric {key} is missing here")
        elif side.peer.mark_of(mine[key]) == marks[key] and side.peer.keeps_ids:
            continue
        else:
            here = side.read(lambda tx, key=key: _set(p.packed for p in ours.pieces(tx, run_id, key, 0)))  # type: ignore[misc]
            there = _set(packed for _, packed in side.peer.points(item.remote_id, key, 0))
            lacking = here - there if side.link.mode.sends else set()
            extra = there - here if side.link.mode.takes else set()
            if lacking or extra:
                found.append(f"metric {key}: {len(lacking)} points are missing there, {len(extra)} here")
    return found


def _set(pieces: Iterable[bytes]) -> set[bytes]:
    return {packed[at : at + POINT_BYTES] for packed in pieces for at in range(0, len(packed), POINT_BYTES)}


def _shown(value: str | None) -> str:
    return "absent" if value is None else repr(value if len(value) <= 80 else value[:80] + "…")

"""Calls that list orphans and the quarantine.  The jobs in `kinds` change both."""

from msgspec import UNSET, Struct, UnsetType

from trackside.cleanup.orphans import store
from trackside.cleanup.orphans.model import Kind, Side
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, query

PATH = "/api/trackside/v1/orphans"
DEFAULT_RESULTS, MAX_RESULTS = 100, 1000
MAX_OFFSET = 1_000_000


class FindOrphans(Call, frozen=True):
    """`side`: `files` (files without a row, the default) or `rows` (rows without files).  `page_token` comes from an earlier
    answer."""

    side: str | None = None
    kind: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class ShownOrphan(Struct, frozen=True):
    """`key` is a folder of the artifact store, or the location in a row; `root` is absent for the artifact store of the
    server.

    `modified_at` is the time of the newest file (ms).
    """

    kind: str
    key: str
    item_id: str
    file_count: int
    file_bytes: int
    modified_at: int
    root: str | UnsetType = UNSET


class Orphans(Answer, frozen=True):
    """The orphans that the last search found, the largest first.  `searched_at` is absent before the first search.  `total`,
    `file_count` and `file_bytes` are totals over all orphans of the side and kind."""

    orphans: list[ShownOrphan] = []
    total: int = 0
    file_count: int = 0
    file_bytes: int = 0
    searched_at: int | UnsetType = UNSET
    next_page_token: str | UnsetType = UNSET


class ShownEntry(Struct, frozen=True):
    """`state` is `moving`, `kept`, `restoring` or `purging`.  The current job or the next one completes every state except
    `kept`."""

    entry_id: str
    kind: str
    key: str
    item_id: str
    state: str
    file_count: int
    file_bytes: int
    moved_at: int
    moved_by: str
    root: str | UnsetType = UNSET


class Quarantined(Answer, frozen=True):
    """Entries of the quarantine, the earliest first."""

    entries: list[ShownEntry] = []


def find(tx: Tx, call: FindOrphans) -> Orphans:
    """List what the last search for orphans found."""
    side = _side(call.side)
    kind = call.kind or ""
    if kind and kind not in Kind.__members__.values():
        raise Invalid(f"kind is {kind[:50]!r}; it must be one of {', '.join(Kind)}")
    most = DEFAULT_RESULTS if call.max_results is None else call.max_results
    if not 1 <= most <= MAX_RESULTS:
        raise Invalid(f"max_results is {most}; it must be between 1 and {MAX_RESULTS}")
    offset = _offset(call.page_token or "0")
    found = store.page(tx, side, kind, offset, most + 1)
    total, files, size = store.totals(tx, side, kind)
    searched_at = store.last_search(tx)
    return Orphans(
        orphans=[
            ShownOrphan(
                kind=each.kind,
                key=each.key,
                item_id=each.item_id,
                file_count=each.file_count,
                file_bytes=each.file_bytes,
                modified_at=each.modified_at,
                root=each.root or UNSET,
            )
            for each in found[:most]
        ],
        total=total,
        file_count=files,
        file_bytes=size,
        searched_at=UNSET if searched_at is None else searched_at,
        next_page_token=str(offset + most) if len(found) > most else UNSET,
    )


def quarantined(tx: Tx, call: Call) -> Quarantined:
    """List the quarantine."""
    del call
    return Quarantined(
        entries=[
            ShownEntry(
                entry_id=each.entry_id,
                kind=each.kind,
                key=each.key,
                item_id=each.item_id,
                state=each.state,
                file_count=each.file_count,
                file_bytes=each.file_bytes,
                moved_at=each.moved_at,
                moved_by=each.moved_by,
                root=each.root or UNSET,
            )
            for each in store.entries(tx)
        ]
    )


def routes() -> list[Route]:
    needs = Action.RUNS_READ
    return [
        query(f"GET {PATH}", FindOrphans, find, needs=needs, answer=Orphans),
        query(f"GET {PATH}/quarantine", Call, quarantined, needs=needs, answer=Quarantined),
    ]


def _side(text: str | None) -> Side:
    if not text:
        return Side.FILES
    if text not in Side.__members__.values():
        raise Invalid(f"side is {text[:50]!r}; it must be one of {', '.join(Side)}")
    return Side(text)


def _offset(token: str) -> int:
    if not (token.isascii() and token.isdigit() and int(token[:9]) <= MAX_OFFSET and len(token) <= 9):
        raise Invalid(f"page_token is {token[:50]!r}; it must be the next_page_token of an earlier answer")
    return int(token)

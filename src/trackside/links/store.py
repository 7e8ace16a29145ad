"""Links in SQL: creation, state and log.

The tables are `links` and `link_log`; replicated items are in `state.item_store`.
"""

import msgspec

from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import AlreadyExists, BadState, NotFound
from trackside.core.work import leases
from trackside.events import store as events
from trackside.links.model import Kind, Link, LogEntry, LogKind, Options, State
from trackside.sync.document import Mode

TABLES = ("links", "link_dirty", "link_items", "link_series", "link_files", "link_records", "link_log")
MAX_LOG = 10_000  # log entries kept for each link
LEASE_MS = 30_000
PAUSED = "paused: "  # prefix of the error of a link that the server paused

_COLUMNS = """link_id, name, kind, url, mode, options, secret, state, seen_seq, remote_cursor, created_at, last_success_at,
    last_error, last_error_at, retry_at, sent_items, sent_points, sent_bytes, taken_items, points_per_s, backfill_cursor,
    heard_at, unread_changes, taken_points, taken_bytes, store_id, store_generation, store_generation_at, principal_id"""


def consumer(link_id: int) -> str:
    """Return the name of the link's consumer of the change log."""
    return f"link/{link_id}"


def create(
    tx: Tx,
    name: str,
    kind: Kind,
    url: str,
    mode: Mode,
    options: Options,
    secret: bytes | None,
    remote_cursor: str,
    seen_seq: int = 0,
) -> Link:
    """Create a link.  `seen_seq`: the position from which it reads the change log; the backfill covers everything before."""
    made = tx.one(
        """
        INSERT INTO links (workspace_id, name, kind, url, mode, options, secret, state, seen_seq, remote_cursor, created_at,
            sent_items, sent_points, sent_bytes, taken_items, points_per_s, owner, owned_until, principal_id)
        VALUES (:ws, :name, :kind, :url, :mode, :options, :secret, 'active', :seen, :cursor, :now, 0, 0, 0, 0, 0, '', 0,
            :principal)
        ON CONFLICT DO NOTHING RETURNING link_id
        """,
        name=name,
        kind=str(kind),
        url=url,
        mode=str(mode),
        options=msgspec.json.encode(options).decode(),
        secret=secret,
        seen=seen_seq,
        cursor=remote_cursor,
        principal=tx.caller.principal_id,
    )
    if made is None:
        raise AlreadyExists(f"Link '{name}' already exists in this workspace.").because("taken", kind="link", name=name)
    tx.record(Change("link", name, "create"))
    if mode.sends:
        from trackside.traces.storage import announce  # noqa: PLC0415  # not imported at the start

        announce.watch(tx)
    return get(tx, name)


def get(tx: Tx, name: str) -> Link:
    row = tx.one(f"SELECT {_COLUMNS} FROM links WHERE workspace_id = :ws AND name = :name", name=name)
    if row is None:
        raise NotFound(f"Link '{name[:100]}' not found in this workspace").because("missing", kind="link", name=name)
    return _link(row)


def find(tx: Tx, link_id: int) -> Link | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM links WHERE workspace_id = :ws AND link_id = :id", id=link_id)
    return None if row is None else _link(row)


def all_of(tx: Tx) -> list[Link]:
    return [_link(row) for row in tx.all(f"SELECT {_COLUMNS} FROM links WHERE workspace_id = :ws ORDER BY name")]


def everywhere(tx: Tx) -> list[tuple[int, int]]:
    """Return (workspace_id, link_id) of every link with work, for the workers, which open transactions in its workspace."""
    return [(ws, link_id) for ws, link_id in tx.all("SELECT workspace_id, link_id FROM links WHERE state <> 'paused'")]


def number_of_all(tx: Tx) -> int:
    """Return the number of links of all workspaces.  Each has a thread in this server."""
    row = tx.one("SELECT COUNT(*) FROM links")
    return int(row[0]) if row is not None else 0


def hold(tx: Tx, link_id: int) -> bool:
    """Lock the link until the end of the transaction; return whether it exists."""
    row = tx.one("SELECT 1 FROM links WHERE workspace_id = :ws AND link_id = :id FOR UPDATE", id=link_id)
    return row is not None


def is_active(tx: Tx, link_id: int) -> bool:
    return bool(
        tx.one(
            "SELECT 1 FROM links WHERE workspace_id = :ws AND link_id = :id AND state = :active",
            id=link_id,
            active=str(State.ACTIVE),
        )
    )


def set_state(tx: Tx, name: str, state: State) -> Link:
    changed = tx.run(
        "UPDATE links SET state = :state, retry_at = NULL WHERE workspace_id = :ws AND name = :name AND state <> 'removing'",
        name=name,
        state=str(state),
    )
    if not changed:
        link = get(tx, name)
        if state is not State.REMOVING:
            raise BadState(
                f"Link '{name}' is being removed. Its copies are deleted first; remove it with `--copies keep` to end it now."
            ).because("link-ending", name=name)
        return link
    tx.record(Change("link", name, str(state)))
    return get(tx, name)


def act_for_caller(tx: Tx, name: str) -> None:
    """Set the user for whom the link acts.  Clears an error for which the server paused it, but no error of the remote."""
    tx.run(
        """
        UPDATE links SET principal_id = :principal,
            last_error = CASE WHEN last_error LIKE :paused THEN NULL ELSE last_error END,
            last_error_at = CASE WHEN last_error LIKE :paused THEN NULL ELSE last_error_at END
        WHERE workspace_id = :ws AND name = :name
        """,
        principal=tx.caller.principal_id,
        name=name,
        paused=f"{PAUSED}%",
    )


def pause(tx: Tx, link: Link, message: str) -> None:
    """Pause the link in the server's name, with the reason."""
    paused = tx.run(
        """
        UPDATE links SET state = 'paused', last_error = :message, last_error_at = :now, retry_at = NULL
        WHERE workspace_id = :ws AND link_id = :id AND state = 'active'
        """,
        id=link.link_id,
        message=message,
    )
    if paused:
        note(tx, link.link_id, LogKind.ERROR, "", "", message)
        tx.record(Change("link", link.name, "paused", msgspec.json.encode({"message": message}).decode()))


def remove(tx: Tx, link: Link) -> None:
    """Delete the link and its state, and no item on either side."""
    for table in TABLES:
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws AND link_id = :id", id=link.link_id)
    events.forget(tx, consumer(link.link_id))
    tx.record(Change("link", link.name, "remove"))


def remove_all(tx: Tx) -> None:
    """Remove all links of a workspace that is deleted; the remotes keep their items."""
    found = tx.all("SELECT link_id FROM links WHERE workspace_id = :ws FOR UPDATE")
    for table in TABLES:
        tx.run(f"DELETE FROM {table} WHERE workspace_id = :ws")
    for (link_id,) in found:
        events.forget(tx, consumer(link_id))


def renew_lease(tx: Tx, link_id: int, owner: str) -> bool:
    """Take or renew the link's lease; return whether `owner` holds it.

    On PostgreSQL the database's clock counts, because the clocks of servers may differ.
    """
    return bool(
        tx.run(
            f"""
            UPDATE links SET owner = :owner, owned_until = CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT) + :lease
            WHERE workspace_id = :ws AND link_id = :id
                AND (owner = :owner OR owned_until < CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT)
                    OR owned_until > CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT) + :lease OR {leases.has_ended("owner")})
            """,
            id=link_id,
            owner=owner,
            lease=LEASE_MS,
            **leases.earlier(owner),
        )
    )


def release_leases(tx: Tx, owner: str) -> None:
    tx.run("UPDATE links SET owned_until = 0 WHERE workspace_id = :ws AND owner = :owner", owner=owner)


def succeeded(tx: Tx, link: Link) -> None:
    """Record a success.  Clears the error, which remains in the link's log."""
    tx.run(
        """
        UPDATE links SET last_success_at = :now, retry_at = NULL, last_error = NULL, last_error_at = NULL
        WHERE workspace_id = :ws AND link_id = :id
        """,
        id=link.link_id,
    )
    if link.last_error is not None:
        note(tx, link.link_id, LogKind.STATE, "", "", "the remote answers again")
        tx.record(Change("link", link.name, "recover"))


def failed(tx: Tx, link: Link, message: str, retry_at: int) -> None:
    """Record that the remote fails as a whole.  The same message again creates no log entry."""
    tx.run(
        """
        UPDATE links SET last_error = :message, last_error_at = :now, retry_at = :retry
        WHERE workspace_id = :ws AND link_id = :id
        """,
        id=link.link_id,
        message=message[:2000],
        retry=retry_at,
    )
    if link.last_error != message[:2000] or link.retry_at is None:
        note(tx, link.link_id, LogKind.ERROR, "", "", message)
        tx.record(Change("link", link.name, "error", msgspec.json.encode({"message": message[:500]}).decode()))


def count(
    tx: Tx,
    link_id: int,
    *,
    sent_items: int = 0,
    sent_points: int = 0,
    sent_bytes: int = 0,
    taken_items: int = 0,
    taken_points: int = 0,
    taken_bytes: int = 0,
    points_per_s: float | None = None,
) -> None:
    tx.run(
        """
        UPDATE links SET sent_items = sent_items + :items, sent_points = sent_points + :points,
            sent_bytes = sent_bytes + :bytes, taken_items = taken_items + :taken,
            taken_points = taken_points + :taken_points, taken_bytes = taken_bytes + :taken_bytes,
            points_per_s = COALESCE(:rate, points_per_s)
        WHERE workspace_id = :ws AND link_id = :id
        """,
        id=link_id,
        items=sent_items,
        points=sent_points,
        bytes=sent_bytes,
        taken=taken_items,
        taken_points=taken_points,
        taken_bytes=taken_bytes,
        rate=points_per_s,
    )


def set_remote_cursor(tx: Tx, link_id: int, cursor: str) -> None:
    tx.run(
        "UPDATE links SET remote_cursor = :cursor WHERE workspace_id = :ws AND link_id = :id",
        id=link_id,
        cursor=cursor,
    )


def heard(tx: Tx, link: Link, cursor: str, unread_changes: int, *, is_all: bool) -> None:
    """Save the position in the remote's changes.  `is_all`: there are no more."""
    tx.run(
        """
        UPDATE links SET remote_cursor = :cursor, unread_changes = :unread_changes,
            heard_at = CASE WHEN :is_all = 1 THEN :now ELSE heard_at END
        WHERE workspace_id = :ws AND link_id = :id AND remote_cursor = :before
        """,
        id=link.link_id,
        cursor=cursor,
        unread_changes=unread_changes,
        is_all=int(is_all),
        before=link.remote_cursor,
    )


def set_backfill_cursor(tx: Tx, link_id: int, cursor: str) -> None:
    tx.run(
        "UPDATE links SET backfill_cursor = :cursor WHERE workspace_id = :ws AND link_id = :id",
        id=link_id,
        cursor=cursor,
    )


def retry_now(tx: Tx, link: Link) -> None:
    """Retry now.  The change-log entry wakes the link."""
    tx.run("UPDATE links SET retry_at = NULL WHERE workspace_id = :ws AND link_id = :id", id=link.link_id)
    tx.record(Change("link", link.name, "sync"))


def note(tx: Tx, link_id: int, kind: LogKind, entity: str, entity_id: str, message: str) -> None:
    """Add an entry to the link's log, and remove the oldest ones."""
    row = tx.one(
        """
        INSERT INTO link_log (workspace_id, link_id, logged_at, kind, entity, entity_id, message)
        VALUES (:ws, :id, :now, :kind, :entity, :entity_id, :message) RETURNING log_id
        """,
        id=link_id,
        kind=str(kind),
        entity=entity,
        entity_id=entity_id,
        message=message[:4000],
    )
    assert row is not None
    if row[0] % 100 == 0:
        tx.run(
            "DELETE FROM link_log WHERE workspace_id = :ws AND link_id = :id AND log_id < :least",
            id=link_id,
            least=row[0] - MAX_LOG,
        )


def note_once(
    tx: Tx, link_id: int, kind: LogKind, entity: str, entity_id: str, message: str, *, since: int = 0
) -> None:
    """Add an entry to the link's log, unless it has the same entry since `since`, in ms."""
    said = tx.one(
        """
        SELECT 1 FROM link_log WHERE workspace_id = :ws AND link_id = :id AND kind = :kind AND entity = :entity
            AND entity_id = :entity_id AND message = :message AND logged_at >= :since LIMIT 1
        """,
        id=link_id,
        kind=str(kind),
        entity=entity,
        entity_id=entity_id,
        message=message[:4000],
        since=since,
    )
    if said is None:
        note(tx, link_id, kind, entity, entity_id, message)


def log(tx: Tx, link_id: int, after: int, limit: int) -> list[LogEntry]:
    rows = tx.all(
        """
        SELECT log_id, logged_at, kind, entity, entity_id, message FROM link_log
        WHERE workspace_id = :ws AND link_id = :id AND log_id > :after ORDER BY log_id LIMIT :limit
        """,
        id=link_id,
        after=after,
        limit=limit,
    )
    return [
        LogEntry(log_id=i, time=at, kind=LogKind(kind), entity=entity, entity_id=entity_id, message=message)
        for i, at, kind, entity, entity_id, message in rows
    ]


def _link(row: Row) -> Link:
    values = dict(zip((name.strip() for name in _COLUMNS.split(",")), row, strict=True))
    values["kind"] = Kind(values["kind"])
    values["mode"] = Mode(values["mode"])
    values["state"] = State(values["state"])
    values["options"] = msgspec.json.decode(values["options"], type=Options)
    values["secret"] = None if values["secret"] is None else bytes(values["secret"])
    return Link(**values)

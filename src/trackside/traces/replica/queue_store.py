"""Stores review queues of another server in an experiment, with their users and traces."""

from trackside.core.db.tx import Change, Tx
from trackside.traces.label_schemas import model as lm
from trackside.traces.replica.model import GivenItem, GivenQueue, ReplicaResult, check_creator, check_id, check_ms
from trackside.traces.replica.store import Place, Stored, encoded, how
from trackside.traces.review_queues import model as rm


def put(tx: Tx, at: Place, given: GivenQueue, default_id: str | None, *, dry_run: bool) -> tuple[ReplicaResult, int]:
    """Store a queue.  Return the outcome, and the number of its traces that are not in the experiment.

    `default_id` is the id of the default label schema on the other server; it differs between servers."""
    ours = lm.default_id(int(at.experiment_id))
    new = rm.read(
        rm.Create(
            experiment_id=at.experiment_id,
            name=given.name,
            queue_type=given.queue_type,
            users=given.users,
            schema_ids=[ours if each == default_id else each for each in given.schema_ids],
        )
    )
    queue_id = check_id(given.queue_id, "queue_id")
    items = [_checked(each) for each in given.items]
    row = tx.one(
        """
        SELECT queue_seq, experiment_seq, updated_at FROM review_queues WHERE workspace_id = :ws AND queue_id = :id FOR UPDATE
        """,
        id=queue_id,
    )
    stored = None if row is None else Stored(*row)
    made = how(stored, at, check_ms(given.last_update_time_ms))
    if made is not ReplicaResult.SAME and tx.one(
        """
        SELECT 1 FROM review_queues
        WHERE workspace_id = :ws AND experiment_seq = :experiment AND name_key = :key AND queue_id <> :id
        """,
        experiment=at.seq,
        key=new.name.lower(),
        id=queue_id,
    ):
        raise rm.taken(new.name)
    known: dict[str, int] = dict(
        tx.all(
            """
            SELECT trace_id, trace_seq FROM traces
            WHERE workspace_id = :ws AND experiment_seq = :experiment AND trash_seq = 0 AND trace_id IN :ids FOR SHARE
            """,
            experiment=at.seq,
            ids=[each.item_id for each in items],
        )
    )
    missing = sum(each.item_id not in known for each in items)
    if dry_run:
        return made, missing
    seq = _save(tx, at, given, new, stored) if made is not ReplicaResult.SAME or stored is None else stored.seq
    changed = sum(_put_item(tx, at, seq, known[each.item_id], each) for each in items if each.item_id in known)
    if made is ReplicaResult.SAME and changed:
        made = ReplicaResult.CHANGED
    if made is not ReplicaResult.SAME:
        tx.record(Change("review_queue", queue_id, "import"))
    return made, missing


def _save(tx: Tx, at: Place, given: GivenQueue, new: rm.New, stored: Stored | None) -> int:
    row = tx.one(
        """
        INSERT INTO review_queues (workspace_id, experiment_seq, queue_id, name, name_key, queue_type, created_by, schema_ids,
            created_at, updated_at)
        VALUES (:ws, :experiment, :id, :name, :key, :type, :owner, :schemas, :created, :updated)
        ON CONFLICT (workspace_id, queue_id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
            created_by = excluded.created_by, schema_ids = excluded.schema_ids, updated_at = excluded.updated_at
        RETURNING queue_seq
        """,
        experiment=at.seq,
        id=given.queue_id,
        name=new.name,
        key=new.name.lower(),
        type=new.queue_type,
        owner=check_creator(given.created_by, rm.MAX_USER),
        schemas=encoded(new.schema_ids),
        created=check_ms(given.creation_time_ms),
        updated=given.last_update_time_ms,
    )
    assert row is not None
    if stored is not None:
        tx.run("DELETE FROM review_queue_users WHERE workspace_id = :ws AND queue_seq = :seq", seq=row[0])
    tx.many(
        """
        INSERT INTO review_queue_users (workspace_id, queue_seq, user_name, experiment_seq)
        VALUES (:ws, :seq, :user, :experiment)
        """,
        [{"user": user} for user in new.users],
        seq=row[0],
        experiment=at.seq,
    )
    return int(row[0])


def _put_item(tx: Tx, at: Place, queue_seq: int, trace_seq: int, given: GivenItem) -> int:
    return tx.run(
        """
        INSERT INTO review_queue_items (workspace_id, queue_seq, trace_seq, experiment_seq, status, completed_by, completed_at,
            created_at, updated_at)
        VALUES (:ws, :queue, :trace, :experiment, :status, :by, :at, :created, :updated)
        ON CONFLICT (queue_seq, trace_seq) DO UPDATE SET status = excluded.status, completed_by = excluded.completed_by,
            completed_at = excluded.completed_at, updated_at = excluded.updated_at
        WHERE review_queue_items.updated_at < excluded.updated_at
        """,
        queue=queue_seq,
        trace=trace_seq,
        experiment=at.seq,
        status=given.status,
        by=given.completed_by,
        at=given.completed_time_ms,
        created=given.creation_time_ms,
        updated=given.last_update_time_ms,
    )


def _checked(given: GivenItem) -> GivenItem:
    status = rm.check_status(given.status)
    for each in (given.creation_time_ms, given.last_update_time_ms, given.completed_time_ms or 0):
        check_ms(each)
    return GivenItem(
        item_id=rm.check_item_ids([given.item_id])[0],
        status=status,
        creation_time_ms=given.creation_time_ms,
        last_update_time_ms=given.last_update_time_ms,
        completed_by=rm.check_actor(status, given.completed_by),
        completed_time_ms=given.completed_time_ms,
    )

"""Review queues in SQL; their items are in `item_store`."""

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from trackside.core.access import Object
from trackside.core.db.tx import Change, Tx
from trackside.core.errors import AlreadyExists, Invalid, NotFound
from trackside.core.filters.keyset import Term
from trackside.experiments import store as experiments
from trackside.traces import paging
from trackside.traces.label_schemas import store as label_schemas
from trackside.traces.review_queues import model as rm
from trackside.traces.storage.changes import check_not_held

# The columns after the key are the fields of `ReviewQueue` in their order, except the users.
_SELECT = """
SELECT q.queue_seq, q.queue_id, e.experiment_id, q.name, q.queue_type, q.created_at, q.updated_at, q.created_by, q.schema_ids
FROM review_queues q JOIN experiments e ON e.experiment_seq = q.experiment_seq WHERE q.workspace_id = :ws
"""
_ORDER = (Term("x.created_at", ascending=False, kind="whole number"), Term("x.queue_id"))
_ids = msgspec.json.Decoder(list[str]).decode


def create(tx: Tx, experiment_id: str, new: rm.New, owner: str | None) -> rm.ReviewQueue:
    """Create a queue.  Raise AlreadyExists if the experiment has a queue of that name, ignoring case."""
    seq, _ = experiments.active(tx, experiment_id)
    label_schemas.check_known(tx, experiment_id, seq, new.schema_ids)
    queue_id = f"rq-{uuid.uuid4().hex}"
    made = tx.one(
        """
        INSERT INTO review_queues (workspace_id, experiment_seq, queue_id, name, name_key, queue_type, created_by, schema_ids,
            created_at, updated_at)
        VALUES (:ws, :seq, :id, :name, :key, :type, :owner, :schemas, :now, :now)
        ON CONFLICT (experiment_seq, name_key) DO NOTHING RETURNING queue_seq
        """,
        seq=seq,
        id=queue_id,
        name=new.name,
        key=new.name.lower(),
        type=new.queue_type,
        owner=owner,
        schemas=_encoded(new.schema_ids),
    )
    if made is None:
        raise rm.taken(new.name)
    _put_users(tx, made[0], seq, new.users)
    tx.record(Change("review_queue", queue_id, "create"))
    return get(tx, queue_id)


def of_user(tx: Tx, experiment_id: str, user: str) -> rm.ReviewQueue:
    """Return the queue of a user; create it if there is none."""
    experiments.active(tx, experiment_id)
    found = _named(tx, experiment_id, user)
    if found is None:
        return create(tx, experiment_id, rm.New(user, rm.USER, [user], []), user)
    if found.queue_type != rm.USER:
        raise AlreadyExists(
            f"A non-user queue named '{user}' already exists; cannot get-or-create a user queue with that name."
        )
    return found


def get(tx: Tx, queue_id: str) -> rm.ReviewQueue:
    row = tx.one(f"{_SELECT} AND q.queue_id = :id", id=queue_id)
    if row is None:
        raise rm.missing(queue_id)
    return _load(tx, [row])[0]


def get_by_name(tx: Tx, experiment_id: str, name: str) -> rm.ReviewQueue:
    experiments.active_seq(tx, experiment_id)
    found = _named(tx, experiment_id, name)
    if found is None:
        raise NotFound(f"Review queue with name '{name[:500]}' not found for experiment '{experiment_id}'.")
    return found


def _named(tx: Tx, experiment_id: str, name: str) -> rm.ReviewQueue | None:
    row = tx.one(
        f"{_SELECT} AND e.experiment_id = :experiment AND q.name_key = :key",
        experiment=int(experiment_id),
        key=name.lower(),
    )
    return None if row is None else _load(tx, [row])[0]


def page(tx: Tx, call: rm.ListQueues) -> tuple[list[rm.ReviewQueue], str | None]:
    """Return the queues of an experiment, the newest first, and the token of the next page."""
    experiment_id = call.experiment_id or ""
    most = paging.check_most(call.max_results, rm.DEFAULT_RESULTS)
    params: dict[str, Any] = {"seq": experiments.active_seq(tx, experiment_id)}
    only = ""
    if call.user:
        only += " AND q.queue_seq IN (SELECT u.queue_seq FROM review_queue_users u WHERE u.workspace_id = :ws"
        only += " AND u.experiment_seq = :seq AND u.user_name = :user)"
        params["user"] = rm.user_of(call.user)
    if call.item_id:
        only += " AND q.queue_seq IN (SELECT i.queue_seq FROM review_queue_items i JOIN traces t ON t.trace_seq = i.trace_seq"
        only += " WHERE t.workspace_id = :ws AND t.trace_id = :item AND t.trash_seq = 0)"
        params["item"] = call.item_id
    search = ("review_queues", experiment_id, call.user or "", call.item_id or "")
    rows, token = paging.page(
        tx, f"{_SELECT} AND q.experiment_seq = :seq{only}", _ORDER, most, call.page_token, search, **params
    )
    return _load(tx, rows), token


def update(tx: Tx, call: rm.Update) -> rm.ReviewQueue:
    """Update a queue.  The schemas of a queue with items cannot change: reviewers may have answered them."""
    queue_id = call.queue_id or ""
    seq, experiment_seq = lock(tx, queue_id)
    old = get(tx, queue_id)
    if old.queue_type == rm.USER:
        raise Invalid("A user queue's name, assigned user, schemas, and owner are fixed and cannot be updated.")
    name = old.name if call.name is None else rm.check_name(call.name)
    owner = old.created_by if call.new_owner is None else rm.check_owner(call.new_owner)
    schema_ids = old.schema_ids
    if call.update_schema_ids:
        if _has_items(tx, seq):
            raise Invalid(
                "A review queue's questions are locked once items are assigned to it. "
                "Remove the items before changing its questions."
            )
        schema_ids = rm.check_schema_ids(call.schema_ids)
        label_schemas.check_known(tx, old.experiment_id, experiment_seq, schema_ids)
    if call.update_users:
        users = rm.check_users(call.users)
        tx.run("DELETE FROM review_queue_users WHERE workspace_id = :ws AND queue_seq = :seq", seq=seq)
        _put_users(tx, seq, experiment_seq, users)
    elif (name, owner, schema_ids) == (old.name, old.created_by, old.schema_ids):
        return old
    changed = tx.run(
        """
        UPDATE review_queues SET name = :name, name_key = :key, created_by = :owner, schema_ids = :schemas, updated_at = :now
        WHERE workspace_id = :ws AND queue_seq = :seq AND NOT EXISTS (
            SELECT 1 FROM review_queues o WHERE o.workspace_id = :ws AND o.experiment_seq = review_queues.experiment_seq
                AND o.name_key = :key AND o.queue_seq <> :seq)
        """,
        name=name,
        key=name.lower(),
        owner=owner,
        schemas=_encoded(schema_ids),
        seq=seq,
    )
    if not changed:
        raise rm.taken(name)
    tx.record(Change("review_queue", queue_id, "update"))
    return get(tx, queue_id)


def delete(tx: Tx, queue_id: str) -> None:
    """Delete a queue, if it exists.  Reviewers' answers stay with the traces."""
    place = locate(tx, queue_id)
    if place is None:
        return
    check_not_held(tx, place.id)
    seq, _ = lock(tx, queue_id)
    tx.run("DELETE FROM review_queue_users WHERE workspace_id = :ws AND queue_seq = :seq", seq=seq)
    tx.run("DELETE FROM review_queue_items WHERE workspace_id = :ws AND queue_seq = :seq", seq=seq)
    tx.run("DELETE FROM review_queues WHERE workspace_id = :ws AND queue_seq = :seq", seq=seq)
    tx.record(Change("review_queue", queue_id, "delete"))


def locate(tx: Tx, queue_id: str) -> Object | None:
    """Return the experiment of a queue, for access control; None if there is no such queue."""
    row = tx.one(
        """
        SELECT e.experiment_id FROM review_queues q JOIN experiments e ON e.experiment_seq = q.experiment_seq
        WHERE q.workspace_id = :ws AND q.queue_id = :id
        """,
        id=queue_id,
    )
    return None if row is None else Object("experiment", str(row[0]))


def lock(tx: Tx, queue_id: str) -> tuple[int, int]:
    """Return the keys of a queue and of its experiment, and lock the queue until the end of the transaction."""
    row = tx.one(
        "SELECT queue_seq, experiment_seq FROM review_queues WHERE workspace_id = :ws AND queue_id = :id FOR UPDATE",
        id=queue_id,
    )
    if row is None:
        raise rm.missing(queue_id)
    return row[0], row[1]


def _has_items(tx: Tx, seq: int) -> bool:
    return (
        tx.one(
            """
            SELECT 1 FROM review_queue_items i JOIN traces t ON t.trace_seq = i.trace_seq
            WHERE i.workspace_id = :ws AND i.queue_seq = :seq AND t.trash_seq = 0 LIMIT 1
            """,
            seq=seq,
        )
        is not None
    )


def _put_users(tx: Tx, seq: int, experiment_seq: int, users: Sequence[str]) -> None:
    tx.many(
        """
        INSERT INTO review_queue_users (workspace_id, queue_seq, user_name, experiment_seq)
        VALUES (:ws, :seq, :user, :experiment)
        """,
        [{"user": user} for user in users],
        seq=seq,
        experiment=experiment_seq,
    )


def _load(tx: Tx, rows: Sequence[Sequence[Any]]) -> list[rm.ReviewQueue]:
    users: dict[int, list[str]] = {row[0]: [] for row in rows}
    for seq, user in tx.all(
        """
        SELECT queue_seq, user_name FROM review_queue_users
        WHERE workspace_id = :ws AND queue_seq IN :seqs ORDER BY queue_seq, user_name
        """,
        seqs=list(users),
    ):
        users[seq].append(user)
    return [
        rm.ReviewQueue(
            queue_id=row[1],
            experiment_id=str(row[2]),
            name=row[3],
            queue_type=row[4],
            creation_time_ms=row[5],
            last_update_time_ms=row[6],
            created_by=row[7],
            users=users[row[0]],
            schema_ids=_ids(row[8]),
        )
        for row in rows
    ]


def _encoded(ids: Sequence[str]) -> str:
    return msgspec.json.encode(ids).decode()

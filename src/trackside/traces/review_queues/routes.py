"""The calls about review queues.

The owner of a queue and the reviewer of an item are the signed-in caller; without access control they are the users that the call
names.
"""

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import Route, command, query
from trackside.core.http.targets import by
from trackside.traces.review_queues import item_store, store
from trackside.traces.review_queues import model as rm

VERSION = "3.0"


def create(tx: Tx, call: rm.Create) -> rm.Got:
    return rm.Got(review_queue=store.create(tx, call.experiment_id or "", rm.read(call), _caller(tx)))


def of_user(tx: Tx, call: rm.OfUser) -> rm.Got:
    return rm.Got(review_queue=store.of_user(tx, call.experiment_id or "", rm.user_of(call.user)))


def get(tx: Tx, call: rm.OfQueue) -> rm.Got:
    return rm.Got(review_queue=store.get(tx, call.queue_id or ""))


def get_by_name(tx: Tx, call: rm.OfName) -> rm.Got:
    return rm.Got(review_queue=store.get_by_name(tx, call.experiment_id or "", call.name or ""))


def find(tx: Tx, call: rm.ListQueues) -> rm.Listed:
    found, token = store.page(tx, call)
    return rm.Listed(review_queues=found, next_page_token=token)


def update(tx: Tx, call: rm.Update) -> rm.Got:
    return rm.Got(review_queue=store.update(tx, call))


def delete(tx: Tx, call: rm.OfQueue) -> None:
    store.delete(tx, call.queue_id or "")


def add_items(tx: Tx, call: rm.OfItems) -> rm.Items:
    rm.check_item_type(call.item_type)
    return rm.Items(items=item_store.add(tx, call.queue_id or "", rm.check_item_ids(call.item_ids)))


def remove_items(tx: Tx, call: rm.RemoveItems) -> None:
    item_store.remove(tx, call.queue_id or "", rm.check_item_ids(call.item_ids))


def find_items(tx: Tx, call: rm.ListItems) -> rm.Items:
    found, token = item_store.page(tx, call)
    return rm.Items(items=found, next_page_token=token)


def set_status(tx: Tx, call: rm.SetStatus) -> rm.OneItem:
    status = rm.check_status(call.status)
    user = _caller(tx)
    if user is None:
        user = call.completed_by
    elif status == rm.PENDING:
        user = None
    item_id = (call.item_id or "").strip()
    return rm.OneItem(item=item_store.set_status(tx, call.queue_id or "", item_id, status, user))


def _caller(tx: Tx) -> str | None:
    return tx.caller.name if tx.caller.is_signed_in else None


def routes() -> list[Route]:
    experiment, queue = by("experiment", "experiment_id"), by("review_queue", "queue_id")
    reads, writes, deletes = Action.TRACES_READ, Action.TRACES_WRITE, Action.TRACES_DELETE
    of, v3 = "review-queues", VERSION
    return [
        command(f"POST {of}/create", rm.Create, create, needs=writes, on=experiment, version=v3, answer=rm.Got),
        command(
            f"POST {of}/get-or-create-user",
            rm.OfUser,
            of_user,
            needs=writes,
            on=experiment,
            version=v3,
            answer=rm.Got,
        ),
        query(f"GET {of}/get", rm.OfQueue, get, needs=reads, on=queue, version=v3, answer=rm.Got),
        query(f"GET {of}/get-by-name", rm.OfName, get_by_name, needs=reads, on=experiment, version=v3, answer=rm.Got),
        query(f"GET {of}/list", rm.ListQueues, find, needs=reads, on=experiment, version=v3, answer=rm.Listed),
        command(f"POST {of}/update", rm.Update, update, needs=writes, on=queue, version=v3, answer=rm.Got),
        command(f"POST {of}/delete", rm.OfQueue, delete, needs=deletes, on=queue, version=v3),
        command(f"POST {of}/items/add", rm.OfItems, add_items, needs=writes, on=queue, version=v3, answer=rm.Items),
        command(f"POST {of}/items/remove", rm.RemoveItems, remove_items, needs=writes, on=queue, version=v3),
        query(f"GET {of}/items/list", rm.ListItems, find_items, needs=reads, on=queue, version=v3, answer=rm.Items),
        command(
            f"POST {of}/items/set-status",
            rm.SetStatus,
            set_status,
            needs=writes,
            on=queue,
            version=v3,
            answer=rm.OneItem,
        ),
    ]

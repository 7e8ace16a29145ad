"""Structs of answers that several calls share."""

from trackside.core.http.codec import Answer
from trackside.sync import document
from trackside.sync.local.reader import Snapshot


class Item(Answer, frozen=True):
    id: str
    experiment_id: str
    fields: list[document.Row]


def item_of(snapshot: Snapshot) -> Item:
    return Item(id=snapshot.item_id, experiment_id=snapshot.experiment_id, fields=document.rows(snapshot.doc))

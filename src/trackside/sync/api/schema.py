"""Structs of answers that several calls of the API give."""

from trackside.core.http.codec import Answer
from trackside.sync import document
from trackside.sync.local.reader import Part


class Item(Answer, frozen=True):
    id: str
    experiment_id: str
    fields: list[document.Row]


def item_of(part: Part) -> Item:
    return Item(id=part.item_id, experiment_id=part.experiment_id, fields=document.rows(part.doc))

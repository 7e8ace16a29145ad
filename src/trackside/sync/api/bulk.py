"""Reads many items of a workspace at once, for imports that compare them.

The documents are those of `sync.api.items`, with the state of an incomplete import.
"""

from typing import ClassVar

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, query
from trackside.logged_models import store as models
from trackside.runs import store as runs
from trackside.runs.model import KeyValue
from trackside.sync import document
from trackside.sync.api.files import PREFIX, entity_of
from trackside.sync.entities import Entity
from trackside.sync.local import items, reader
from trackside.sync.local.reader import Snapshot
from trackside.sync.metric_delta import fingerprint

MAX_ITEMS = 500


class OfItems(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("entity", "ids")
    entity: str | None = None
    ids: list[str] | None = None


class Held(Answer, frozen=True):
    """`last` is the last point by metric key, as a text.  `unfinished` is the reason if an import has not completed the item."""

    id: str
    experiment_id: str
    fields: list[document.Row]
    last: dict[str, str]
    artifact_uri: str
    unfinished: str = ""


class Items(Answer, frozen=True):
    """The existing items, in any order."""

    items: list[Held] = []


def get_items(tx: Tx, call: OfItems) -> Items:
    ids = list(dict.fromkeys(call.ids or []))
    if len(ids) > MAX_ITEMS:
        raise Invalid(f"ids has {len(ids)} entries; it may have {MAX_ITEMS}")
    entity = entity_of(call.entity)
    match entity:
        case Entity.RUN:
            return Items(items=_runs(tx, ids))
        case Entity.LOGGED_MODEL:
            return Items(items=_models(tx, ids))
    return Items(items=[_held(snapshot) for each in ids if (snapshot := items.read(tx, entity, each))])


def routes() -> list[Route]:
    return [query(f"POST {PREFIX}/items", OfItems, get_items, needs=Action.SYNC_READ, answer=Items)]


def _runs(tx: Tx, ids: list[str]) -> list[Held]:
    found = runs.some(tx, ids)
    return [
        Held(
            id=run.info.run_id,
            experiment_id=run.info.experiment_id,
            fields=document.rows(reader.of_run(run)),
            last={m.key: fingerprint(m.step, m.timestamp, float(m.value)) for m in run.data.metrics},
            artifact_uri=run.info.artifact_uri,
            unfinished=_unfinished(run.data.tags),
        )
        for run in found
    ]


def _models(tx: Tx, ids: list[str]) -> list[Held]:
    stages: dict[str, str] = dict(
        tx.all(
            "SELECT model_id, lifecycle_stage FROM logged_models WHERE workspace_id = :ws AND model_id IN :ids", ids=ids
        )
    )
    found = [models.get(tx, model_id, allow_deleted=True) for model_id in stages]
    return [
        Held(
            id=model.info.model_id,
            experiment_id=model.info.experiment_id,
            fields=document.rows(reader.of_model(model, stages[model.info.model_id])),
            last={},
            artifact_uri=model.info.artifact_uri,
            unfinished=_unfinished(model.info.tags),
        )
        for model in found
    ]


def _held(snapshot: Snapshot) -> Held:
    return Held(
        id=snapshot.item_id,
        experiment_id=snapshot.experiment_id,
        fields=document.rows(snapshot.doc),
        last={},
        artifact_uri="",
    )


def _unfinished(tags: list[KeyValue]) -> str:
    return next((tag.value for tag in tags if tag.key == reader.IMPORT_TAG), "")

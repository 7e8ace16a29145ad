"""Ids that were deleted permanently, so that no link and no import creates them again."""

from trackside.core.db.tx import Tx
from trackside.core.errors import BadState


def add(tx: Tx, entity: str, *entity_ids: str) -> None:
    tx.many(
        """
        INSERT INTO tombstones (workspace_id, entity, entity_id, deleted_at, deleted_by)
        VALUES (:ws, :entity, :id, :now, :by) ON CONFLICT DO NOTHING
        """,
        [{"id": entity_id} for entity_id in entity_ids],
        entity=entity,
        by=tx.user,
    )


def check_absent(tx: Tx, entity: str, entity_id: str) -> None:
    """Raise BadState if the id was deleted permanently."""
    found = tx.one(
        "SELECT 1 FROM tombstones WHERE workspace_id = :ws AND entity = :entity AND entity_id = :id",
        entity=entity,
        id=entity_id,
    )
    if found is not None:
        raise BadState(
            f"The {entity.replace('_', ' ')} {entity_id} was deleted permanently and cannot be created again."
        )

"""Users and groups for a directory, in SQL."""

import json
from typing import Any

from msgspec import Struct

from trackside.core.db.tx import Row, Tx
from trackside.identity.model import Kind

_RESOURCE = """
    SELECT p.principal_id, p.name, p.display_name, p.is_disabled, p.created_at, COALESCE(s.external_id, ''),
        COALESCE(s.attributes, '{}'), COALESCE(s.changed_at, p.created_at)
    FROM principals p LEFT JOIN scim_resources s ON s.principal_id = p.principal_id
    WHERE p.kind = :kind AND p.home = ''"""
_BY = {
    "": "",
    "id": " AND p.principal_id = :id",
    "name": " AND LOWER(p.name) = LOWER(:value)",
    "external_id": " AND s.external_id = :value",
}


class Resource(Struct, frozen=True):
    principal_id: int
    name: str
    display_name: str
    is_disabled: bool
    created_at: int  # ms
    external_id: str
    attributes: dict[str, Any]
    changed_at: int  # ms


def find(tx: Tx, kind: Kind, by: str, value: str = "", *, first: int = 0, most: int = 200) -> list[Resource]:
    """Return the resources from the index `first` on; `by` is a key of `_BY`."""
    asked: dict[str, Any] = {"id": int(value)} if by == "id" else {"value": value} if by else {}
    rows = tx.all(
        f"{_RESOURCE}{_BY[by]} ORDER BY p.principal_id LIMIT :most OFFSET :first",
        kind=kind,
        most=most,
        first=first,
        **asked,
    )
    return list(map(_resource, rows))


def count(tx: Tx, kind: Kind) -> int:
    row = tx.one("SELECT COUNT(*) FROM principals WHERE kind = :kind AND home = ''", kind=kind)
    assert row is not None
    return int(row[0])


def keep(tx: Tx, principal_id: int, external_id: str, attributes: dict[str, Any]) -> None:
    tx.run(
        """
        INSERT INTO scim_resources (principal_id, external_id, attributes, changed_at) VALUES (:id, :external, :attributes, :now)
        ON CONFLICT (principal_id) DO UPDATE SET external_id = :external, attributes = :attributes, changed_at = :now
        """,
        id=principal_id,
        external=external_id,
        attributes=json.dumps(attributes, sort_keys=True),
    )


def _resource(row: Row) -> Resource:
    return Resource(row[0], row[1], row[2], bool(row[3]), row[4], row[5], json.loads(row[6]), row[7])

"""The agreed state of evaluation datasets' records."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from trackside.core.db.tx import Tx

PAGE = 5_000


class Agreed(Struct, frozen=True):
    input_hash: str
    digest: str
    record_id: str  # the local id


def page(tx: Tx, link_id: int, dataset_id: str, after: str) -> list[Agreed]:
    """Return the records after a hash, in order; none after the last."""
    rows = tx.all(
        """
        SELECT input_hash, digest, record_id FROM link_records
        WHERE workspace_id = :ws AND link_id = :link AND dataset_id = :id AND input_hash > :after
        ORDER BY input_hash LIMIT :most
        """,
        link=link_id,
        id=dataset_id,
        after=after,
        most=PAGE,
    )
    return [Agreed(*row) for row in rows]


def record_ids(tx: Tx, link_id: int, dataset_id: str, hashes: Sequence[str]) -> dict[str, str]:
    """Return the remote ids of the records in the agreed state, by hash."""
    return dict(
        tx.all(
            """
            SELECT input_hash, record_id FROM link_records
            WHERE workspace_id = :ws AND link_id = :link AND dataset_id = :id AND input_hash IN :hashes
            """,
            link=link_id,
            id=dataset_id,
            hashes=list(hashes),
        )
    )


def save(tx: Tx, link_id: int, dataset_id: str, agreed: Iterable[Agreed]) -> None:
    tx.many(
        """
        INSERT INTO link_records (workspace_id, link_id, dataset_id, input_hash, digest, record_id)
        VALUES (:ws, :link, :id, :hash, :digest, :record)
        ON CONFLICT (link_id, dataset_id, input_hash) DO UPDATE SET digest = excluded.digest, record_id = excluded.record_id
        """,
        [{"hash": each.input_hash, "digest": each.digest, "record": each.record_id} for each in agreed],
        link=link_id,
        id=dataset_id,
    )


def forget(tx: Tx, link_id: int, dataset_id: str, hashes: Sequence[str]) -> None:
    tx.run(
        """
        DELETE FROM link_records
        WHERE workspace_id = :ws AND link_id = :link AND dataset_id = :id AND input_hash IN :hashes
        """,
        link=link_id,
        id=dataset_id,
        hashes=list(hashes),
    )


def forget_all(tx: Tx, link_id: int, dataset_id: str) -> None:
    """Forget the agreed state of a dataset's records."""
    tx.run(
        "DELETE FROM link_records WHERE workspace_id = :ws AND link_id = :link AND dataset_id = :id",
        link=link_id,
        id=dataset_id,
    )

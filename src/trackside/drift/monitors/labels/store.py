"""Labels of requests in SQL: the true values of rows that an endpoint scored."""

from collections.abc import Sequence

from msgspec import Struct

from trackside.core.db.tx import Change, Tx
from trackside.endpoints.model import Endpoint


class Given(Struct, frozen=True):
    """`row` is the row's index in its request, `at` the request's time (ms)."""

    request_id: str
    row: int
    at: int
    label: str


def put(tx: Tx, endpoint: Endpoint, given: Sequence[Given]) -> None:
    """Store labels; a later one for the same row replaces the earlier one."""
    tx.many(
        """
        INSERT INTO drift_labels (workspace_id, endpoint_seq, request_id, row_number, request_at, label, labelled_at)
        VALUES (:ws, :seq, :request_id, :row, :at, :label, :now)
        ON CONFLICT (endpoint_seq, request_id, row_number) DO UPDATE SET label = excluded.label,
            labelled_at = excluded.labelled_at
        """,
        [{"request_id": each.request_id, "row": each.row, "at": each.at, "label": each.label} for each in given],
        seq=endpoint.endpoint_seq,
    )
    tx.record(Change("endpoint", endpoint.name, "labels"))


def within(tx: Tx, endpoint: Endpoint, start: int, end: int) -> list[tuple[str, int, str]]:
    """Return request id, row and label of the requests of a range of times."""
    rows = tx.all(
        """
        SELECT request_id, row_number, label FROM drift_labels
        WHERE workspace_id = :ws AND endpoint_seq = :seq AND request_at >= :start AND request_at < :end
        """,
        seq=endpoint.endpoint_seq,
        start=start,
        end=end,
    )
    return [(request_id, row, label) for request_id, row, label in rows]

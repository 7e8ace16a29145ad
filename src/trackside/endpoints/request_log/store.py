"""The settings of request logs in SQL."""

from trackside.core.db.tx import Change, Tx
from trackside.endpoints.model import Endpoint
from trackside.endpoints.request_log.model import LogSettings

PARTS = 1_000_000  # the sampling rate is stored in these units


def put(tx: Tx, endpoint: Endpoint, settings: LogSettings) -> None:
    tx.run(
        """
        INSERT INTO request_logs (workspace_id, endpoint_seq, sampling, max_mb, keep_days)
        VALUES (:ws, :seq, :sampling, :max_mb, :keep_days)
        ON CONFLICT (workspace_id, endpoint_seq) DO UPDATE SET sampling = excluded.sampling, max_mb = excluded.max_mb,
            keep_days = excluded.keep_days
        """,
        seq=endpoint.endpoint_seq,
        sampling=max(1, round(settings.sampling * PARTS)),
        max_mb=settings.max_mb,
        keep_days=settings.keep_days,
    )
    tx.record(Change("endpoint", endpoint.name, "request-log"))


def delete(tx: Tx, endpoint: Endpoint) -> bool:
    """Switch the log off; return whether it was on."""
    found = tx.run(
        "DELETE FROM request_logs WHERE workspace_id = :ws AND endpoint_seq = :seq", seq=endpoint.endpoint_seq
    )
    if found:
        tx.record(Change("endpoint", endpoint.name, "request-log-off"))
    return bool(found)


def find(tx: Tx, endpoint: Endpoint) -> LogSettings | None:
    return all_of_workspace(tx).get(endpoint.endpoint_seq)


def all_of_workspace(tx: Tx) -> dict[int, LogSettings]:
    """Return the settings of the active logs, by endpoint."""
    rows = tx.all("SELECT endpoint_seq, sampling, max_mb, keep_days FROM request_logs WHERE workspace_id = :ws")
    return {
        seq: LogSettings(sampling=parts / PARTS, max_mb=max_mb, keep_days=keep_days)
        for seq, parts, max_mb, keep_days in rows
    }


def endpoints_everywhere(tx: Tx) -> dict[int, LogSettings | None]:
    """Return all endpoints of the store, with the settings of their logs; None for a log that is off."""
    rows = tx.all(
        """
        SELECT e.endpoint_seq, r.sampling, r.max_mb, r.keep_days FROM endpoints e
        LEFT JOIN request_logs r ON r.endpoint_seq = e.endpoint_seq
        """
    )
    return {
        seq: None if parts is None else LogSettings(sampling=parts / PARTS, max_mb=max_mb, keep_days=keep_days)
        for seq, parts, max_mb, keep_days in rows
    }

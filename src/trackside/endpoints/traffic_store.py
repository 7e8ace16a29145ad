"""The minutes of traffic in SQL."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from trackside.core.db.tx import Tx


class Minute(Struct, frozen=True):
    """The counts of a deployment in one minute.  `start` is in ms; `buckets` are counts of latencies."""

    endpoint: str
    deployment: str
    start: int
    requests: int
    client_errors: int
    server_errors: int
    buckets: tuple[int, ...]


def put(tx: Tx, *, holder: str, minutes: Sequence[Minute]) -> None:
    """Write the minutes of one server process, replacing its earlier values."""
    for each in minutes:
        tx.run(
            """
            INSERT INTO endpoint_minutes (workspace_id, endpoint, deployment, minute, holder, requests, client_errors,
                server_errors, buckets)
            VALUES (:ws, :endpoint, :deployment, :minute, :holder, :requests, :client_errors, :server_errors, :buckets)
            ON CONFLICT (workspace_id, endpoint, deployment, minute, holder) DO UPDATE SET requests = excluded.requests,
                client_errors = excluded.client_errors, server_errors = excluded.server_errors, buckets = excluded.buckets
            """,
            endpoint=each.endpoint,
            deployment=each.deployment,
            minute=each.start,
            holder=holder,
            requests=each.requests,
            client_errors=each.client_errors,
            server_errors=each.server_errors,
            buckets=msgspec.json.encode(each.buckets).decode(),
        )


def since(tx: Tx, endpoint: str, start: int) -> list[Minute]:
    """Return the minutes of an endpoint from a time on, the oldest first.  Those of several servers are not added up."""
    rows = tx.all(
        """
        SELECT deployment, minute, requests, client_errors, server_errors, buckets FROM endpoint_minutes
        WHERE workspace_id = :ws AND endpoint = :endpoint AND minute >= :start ORDER BY minute, deployment
        """,
        endpoint=endpoint,
        start=start,
    )
    return [
        Minute(endpoint, name, minute, requests, client, server, tuple(msgspec.json.decode(buckets, type=list[int])))
        for name, minute, requests, client, server, buckets in rows
    ]


def forget(tx: Tx, endpoint: str) -> None:
    """Delete the counts of a deleted endpoint."""
    tx.run("DELETE FROM endpoint_minutes WHERE workspace_id = :ws AND endpoint = :endpoint", endpoint=endpoint)


def prune(tx: Tx, *, before: int) -> None:
    """Delete the minutes before a time, of all workspaces."""
    tx.run("DELETE FROM endpoint_minutes WHERE minute < :before", before=before)

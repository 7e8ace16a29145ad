"""Leases: which of several servers runs work that only one may run.

A holder renews its lease; after it has expired, the first process that asks takes it over.  A lease only selects the worker: a
holder that was suspended may run at the same time as the next one for a moment, so the work must tolerate that.

The name of a holder is FOLDER.START.PROCESS.  One server at a time has the lock of a data folder, so holders of earlier starts
of the same folder have ended, and their leases are void.
"""

import os
import secrets

from trackside.core.db.tx import Tx

# The database's clock where there is one: the clocks of servers may differ.
NOW = {"sqlite": ":now", "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"}


def new_holder(start: str = "") -> str:
    """Return the name of a holder: a part of a process that takes leases.

    `start` is FOLDER.START; without it, no other holder is of the same folder."""
    return f"{start or secrets.token_hex(8) + '.1'}.{os.getpid()}-{secrets.token_hex(4)}"


def has_ended(column: str) -> str:
    """Return the condition that the holder in a column is of another start of the asking holder's folder.  It needs the
    parameters of `earlier`."""
    return f"({column} LIKE :folder AND {column} NOT LIKE :start)"


def earlier(holder: str) -> dict[str, str]:
    """Return the parameters of `has_ended`, for a holder that asks."""
    folder, _, rest = holder.partition(".")
    start, dot, _ = rest.partition(".")
    return {"folder": f"{folder}.%", "start": f"{folder}.{start}.%"} if dot else {"folder": "", "start": ""}


def hold(tx: Tx, name: str, holder: str, for_s: float) -> bool:
    """Take or renew the lease; return False while another holder has it.  A SQLite store has one server, which always holds
    it."""
    if tx.dialect == "sqlite":
        return True
    now = NOW[tx.dialect]
    return bool(
        tx.run(
            f"""
            INSERT INTO leases (name, holder, expires_at) VALUES (:name, :holder, {now} + :length)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
            WHERE leases.holder = excluded.holder OR leases.expires_at <= {now} OR {has_ended("leases.holder")}
            """,
            name=name,
            holder=holder,
            length=int(for_s * 1000),
            **earlier(holder),
        )
    )


def release(tx: Tx, name: str, holder: str) -> None:
    """Release the lease, so that the next holder can start at once."""
    tx.run("DELETE FROM leases WHERE name = :name AND holder = :holder", name=name, holder=holder)

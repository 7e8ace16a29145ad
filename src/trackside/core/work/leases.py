"""Which of several servers does what only one may.  Knows claims that expire; knows no work.

A claim is renewed while its holder lives; when it has expired, the first process that asks takes it over.  It decides who works,
not what is right: a holder that was asleep may work beside the next one for a moment, and the work must bear that.
"""

from trackside.core.db.tx import Tx

# The database's clock where there is one: servers' own may differ.
NOW = {"sqlite": ":now", "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"}


def hold(tx: Tx, name: str, holder: str, for_s: float) -> bool:
    """Takes or renews the claim; False while somebody else has it.  A SQLite store has one server, which holds it always."""
    if tx.dialect == "sqlite":
        return True
    now = NOW[tx.dialect]
    return bool(
        tx.run(
            f"""
            INSERT INTO leases (name, holder, expires_at) VALUES (:name, :holder, {now} + :length)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
            WHERE leases.holder = excluded.holder OR leases.expires_at <= {now}
            """,
            name=name,
            holder=holder,
            length=int(for_s * 1000),
        )
    )


def release(tx: Tx, name: str, holder: str) -> None:
    """Lets the next one begin at once."""
    tx.run("DELETE FROM leases WHERE name = :name AND holder = :holder", name=name, holder=holder)

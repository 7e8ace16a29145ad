"""The lease that blocks permanent deletions while a backup runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trackside.core.db.tx import Tx
from trackside.core.errors import Unavailable
from trackside.core.work.leases import NOW

NAME = "backup:"
FOR_S = 60.0
RENEW_S = 15.0


@contextmanager
def held(db: Any, backup_id: str) -> Iterator[None]:
    """Hold the lease of one backup and renew it.  After a crash it expires by itself."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_S):
            with db.write(0) as tx:
                _put(tx, backup_id)

    with db.write(0) as tx:
        _put(tx, backup_id)
    thread = threading.Thread(target=renew, name="backup-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with db.write(0) as tx:
            tx.run("DELETE FROM leases WHERE name = :name", name=f"{NAME}{backup_id}")


def check_none(tx: Tx) -> None:
    """Raise Unavailable while a backup is made."""
    found = tx.one(f"SELECT name FROM leases WHERE name LIKE 'backup:%' AND expires_at > {NOW[tx.dialect]}")
    if found is not None:
        raise Unavailable(
            f"The backup {found[0].removeprefix(NAME)} is running; deletions are refused until it has ended."
        )


def _put(tx: Tx, backup_id: str) -> None:
    tx.run(
        f"""
        INSERT INTO leases (name, holder, expires_at) VALUES (:name, 'backup', {NOW[tx.dialect]} + :length)
        ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at
        """,
        name=f"{NAME}{backup_id}",
        length=int(FOR_S * 1000),
    )

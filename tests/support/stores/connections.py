"""Connections to PostgreSQL that outlive the application of a test: the next one goes on with them.

A new one costs its server ten times what most tests ask it: a process, its caches of the catalogue, its plans.
"""

import select
from collections.abc import Callable
from functools import partial

from psycopg.pq import TransactionStatus

from trackside.core.db.pg.connect import Lost
from trackside.core.db.pg.setup import Durability, connect
from trackside.core.db.pg.wire import ServerError, Wire
from trackside.core.locations import PostgresStore

# What a session holds beyond its transactions.
_LET_GO = ("UNLISTEN *", "SELECT pg_advisory_unlock_all()")


class Connections:
    """Makes connections, and keeps those that are closed in order for who asks for one of the same kind."""

    def __init__(self) -> None:
        self._idle: dict[tuple[object, ...], list[_Kept]] = {}
        self._is_closed = False

    def connect(
        self, store: PostgresStore, durability: Durability | None = None, *, by_index: bool = False, reads: bool = False
    ) -> Wire:
        """Return a connection; see `core.db.pg.setup.connect`."""
        idle = self._idle.setdefault((store, durability, by_index, reads), [])
        while True:
            try:
                wire = idle.pop()
            except IndexError:
                make = partial(_Kept, lambda wire: self._keep(idle, wire))
                return connect(store, durability, by_index=by_index, reads=reads, make=make)
            if wire.is_silent():
                return wire
            wire.end()

    def close(self) -> None:
        self._is_closed = True
        for idle in self._idle.values():
            while idle:
                idle.pop().end()

    def _keep(self, idle: "list[_Kept]", wire: "_Kept") -> None:
        if not self._is_closed and wire.is_settled():
            idle.append(wire)
        else:
            wire.end()


class _Kept(Wire):
    """`close` gives it back; `end` closes it."""

    def __init__(self, keep: "Callable[[_Kept], None]", store: PostgresStore) -> None:
        super().__init__(store)
        self._keep = keep

    def close(self) -> None:
        self._keep(self)

    def end(self) -> None:
        super().close()

    def is_silent(self) -> bool:
        """Return whether the server has said nothing meanwhile: it says why it ends a connection."""
        waiting = select.poll()
        waiting.register(self, select.POLLIN)
        return not waiting.poll(0)

    def is_settled(self) -> bool:
        """Return whether it is as new, after answers that nobody waited for were read."""
        if self.is_broken:
            return False
        self.limit, self.probes = None, False
        try:
            self.forget()
            for command in _LET_GO:
                self.command(command)
        except (Lost, ServerError):
            return False
        self.take_notifications()
        self.noted = []
        return self._conn.transaction_status == TransactionStatus.IDLE

"""A connection to PostgreSQL as Trackside needs it: checked, with its settings and its commonest commands prepared.  Knows no
transaction.
"""

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from trackside.core.db.changes import WRITERS_LOCK
from trackside.core.db.pg.wire import ServerError, Wire
from trackside.core.locations import PostgresStore

Durability = Literal["full", "relaxed"]
MINIMUM = 13  # pg_xact_status
LOCK_TIMEOUT_S = 10
IDLE_WRITER_S = 60  # a server that stands still in the middle of a write, or has vanished, lets its locks go
IDLE_READER_S = 600  # and in the middle of a read its snapshot, which keeps dead rows alive

BEGIN, ROLLBACK = "BEGIN", "ROLLBACK"  # prepared
# A BEGIN that names these is parsed each time, and sets and resets them.
_READS = ("SET default_transaction_isolation = 'repeatable read'", "SET default_transaction_read_only = on")
_WRITES = ("SET default_transaction_isolation = 'read committed'", "SET default_transaction_read_only = off")
# The transaction's number, to ask for after a cut; and the lock by which readers of the change log know who is writing.
NUMBER = f"SELECT CAST(pg_current_xact_id() AS TEXT), pg_advisory_xact_lock_shared({WRITERS_LOCK})"
_AT_LEAST_ON = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
# A plan for a table that is nearly empty would read all of it, and be kept until the table's statistics are renewed.
_BY_INDEX = (
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)


class Connect(Protocol):
    """The maker of the connections of a database: `connect`, or what keeps them beyond the database."""

    def __call__(
        self, store: PostgresStore, durability: Durability | None = None, *, by_index: bool = False, reads: bool = False
    ) -> Wire: ...


def connect(
    store: PostgresStore,
    durability: Durability | None = None,
    *,
    by_index: bool = False,
    reads: bool = False,
    make: Callable[[PostgresStore], Wire] = Wire,
) -> Wire:
    """Return a connection that is checked and set up, in one round trip after its sign-in.

    `durability`: of a connection that writes calls.  `reads`: each transaction is a snapshot.  `by_index`: every statement is to
    find its rows by an index, one after the other, with a plan that is made once."""
    wire = make(store)
    try:
        version = wire.parameter("server_version")
        if int(version.partition(".")[0].rstrip("abcdelrtv")) < MINIMUM:  # `19beta1` is one too
            raise ServerError("", f"PostgreSQL {version} is too old; Trackside needs {MINIMUM} or newer")
        encoding = wire.parameter("server_encoding") or "UTF8"
        if encoding != "UTF8":
            raise ServerError("", f"the database's encoding is {encoding}; make one with ENCODING 'UTF8'")
        if durability is not None:
            wire.prepare((BEGIN, NUMBER, ROLLBACK))
        elif reads:
            wire.prepare((BEGIN, ROLLBACK))
        wire.deferred = [
            *_settings(durability),
            *(_BY_INDEX if by_index else ()),
            *(_READS if reads else ()),
            *(_WRITES if durability is not None else ()),
        ]
        wire.command("SET jit = off")  # it pays for questions of seconds; ours take milliseconds
        wire.noted = []
    except BaseException:
        wire.close()
        raise
    return wire


def _settings(durability: Durability | None) -> Iterator[str]:
    """Yield the settings of a session.  None: it only reads."""
    if durability is None:
        yield f"SET idle_in_transaction_session_timeout = '{IDLE_READER_S}s'"
        return
    yield f"SET idle_in_transaction_session_timeout = '{IDLE_WRITER_S}s'"
    yield f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'"
    # The server's administrator may want more than `on`, but not less.
    yield "SET synchronous_commit = off" if durability == "relaxed" else _AT_LEAST_ON

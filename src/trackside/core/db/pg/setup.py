"""Sets up a connection to PostgreSQL: checks its version, applies settings and prepares the most frequent commands."""

from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from trackside.core.db.changes import WRITERS_LOCK
from trackside.core.db.pg.wire import ServerError, Wire
from trackside.core.locations import PostgresStore

Durability = Literal["full", "relaxed"]
MINIMUM = 13  # pg_xact_status
LOCK_TIMEOUT_S = 10
# PostgreSQL ends a write transaction that is idle this long and releases its locks: its client hangs or has disconnected
IDLE_WRITER_S = 60
IDLE_READER_S = 600  # the same for a read transaction, whose snapshot delays the removal of dead rows

BEGIN, ROLLBACK = "BEGIN", "ROLLBACK"  # prepared
# A BEGIN with these modes is parsed each time, and sets and resets them.
_READS = ("SET default_transaction_isolation = 'repeatable read'", "SET default_transaction_read_only = on")
_WRITES = ("SET default_transaction_isolation = 'read committed'", "SET default_transaction_read_only = off")
# The transaction's id, to query its state after a lost connection; and the lock that marks write transactions for readers of the
# change log.
NUMBER = f"SELECT CAST(pg_current_xact_id() AS TEXT), pg_advisory_xact_lock_shared({WRITERS_LOCK})"
_AT_LEAST_ON = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
# A plan for a nearly empty table would scan all of it, and would be kept until the statistics of the table are renewed.
_BY_INDEX = (
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)


class Connect(Protocol):
    """The function that opens connections for a database: `connect`, or a wrapper of it."""

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
    """Return a connection that is checked and set up, in one round trip after the sign-in.

    `durability` is given for a write connection.  `reads`: each transaction is a snapshot.  `by_index`: generic plans that use
    indexes only."""
    wire = make(store)
    try:
        version = wire.parameter("server_version")
        if int(version.partition(".")[0].rstrip("abcdelrtv")) < MINIMUM:  # also for a version such as `19beta1`
            raise ServerError("", f"PostgreSQL {version} is too old; Trackside needs {MINIMUM} or newer")
        encoding = wire.parameter("server_encoding") or "UTF8"
        if encoding != "UTF8":
            raise ServerError("", f"the database's encoding is {encoding}; create one with ENCODING 'UTF8'")
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
        wire.command("SET jit = off")  # JIT compilation pays off for queries of seconds; these take milliseconds
        wire.noted = []
    except BaseException:
        wire.close()
        raise
    return wire


def _settings(durability: Durability | None) -> Iterator[str]:
    """Yield the settings of a session; `durability` None: it only reads."""
    if durability is None:
        yield f"SET idle_in_transaction_session_timeout = '{IDLE_READER_S}s'"
        return
    yield f"SET idle_in_transaction_session_timeout = '{IDLE_WRITER_S}s'"
    yield f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'"
    # The server's administrator may require more than `on`, but not less.
    yield "SET synchronous_commit = off" if durability == "relaxed" else _AT_LEAST_ON

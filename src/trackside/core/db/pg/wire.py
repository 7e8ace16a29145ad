"""A connection to PostgreSQL through libpq in pipeline mode: binary values, prepared statements, several statements per round
trip.

psycopg's C module wraps libpq and reads rows.  Its `Connection` and `Cursor` are not used: a read by key and a batch take twice
as long with them (figures in docs/decisions/0011-postgresql-wire.md).
"""

import select
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import pq
from psycopg.pq import DiagnosticField, ExecStatus

from trackside.core.db.limits import Limit
from trackside.core.db.pg import values as pgvalues
from trackside.core.db.pg.connect import Lost, connected, is_there, poll_until, shortened, words
from trackside.core.db.pg.values import Encoder
from trackside.core.db.tx import Row
from trackside.core.locations import PostgresStore

LOOK_MS = 250  # interval of checks whether the client of a read is still connected
PROBE_S = 5.0  # silence after which the server is probed
CANCEL_S = 2.0  # for the server to cancel a read
MAX_STATEMENTS = 400  # prepared statements of a connection
MANY_ROWS = 1000  # rows that are sent before answers are read: bounds the memory for results


# As integers: comparing an enum takes longer than sending a row.
_ROWS, _FAILED = int(ExecStatus.TUPLES_OK), int(ExecStatus.FATAL_ERROR)
_SYNC, _ABORTED = int(ExecStatus.PIPELINE_SYNC), int(ExecStatus.PIPELINE_ABORTED)
_COPIES = (int(ExecStatus.COPY_OUT), int(ExecStatus.COPY_IN))


class ServerError(RuntimeError):
    """The server refused a statement."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code  # SQLSTATE


class Result(Struct):
    rows: list[Row] = []
    tag: bytes = b""  # such as `UPDATE 3`

    @property
    def count(self) -> int:
        """Return the number of rows that were changed or found."""
        last = self.tag.rpartition(b" ")[2]
        return int(last) if last.isdigit() else -1


class _Prepared(Struct):
    name: bytes
    encoders: list[Encoder]
    formats: list[int]  # of the parameters
    result_format: int


class Wire:
    """An authenticated connection.

    The statements in `deferred` are sent with the next statement, before it; if one of them fails, the next one is not run.  The
    first row of each is added to `noted`."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._conn = connected(store)
        self.limit: Limit | None = None  # of the current statement
        self.probes = False  # whether a silent server is probed
        self._readable = select.poll()
        self._readable.register(self._conn.socket, select.POLLIN)
        self._both = select.poll()
        self._both.register(self._conn.socket, select.POLLIN | select.POLLOUT)
        self.is_broken = False
        self.deferred: list[str] = []
        self.noted: list[list[str]] = []  # as text
        self._sent: list[list[Result] | None] = []  # unanswered statements; the list that gets the result, or None
        self._owed = 0  # answers to `send` that were not read yet
        self._numbers = 0
        self._statements: dict[tuple[str, tuple[int, ...]], _Prepared] = {}
        self._reader = pgvalues.reader()

    def parameter(self, name: str) -> str:
        """Return a parameter of the server that it reports at the start of a session."""
        return (self._conn.parameter_status(name.encode()) or b"").decode()

    def execute(self, text: str, values: Sequence[Any]) -> Result:
        prepared, encoded = self._encoded(text, values)
        return self._exchange(prepared, encoded)

    def prepare(self, texts: Iterable[str]) -> None:
        """Prepare commands without parameters and rows, with the next statement."""
        for text in texts:
            self._numbers += 1
            name = b"s%d" % self._numbers
            with self._sending():
                self._conn.send_prepare(name, text.encode(), ())
            self._sent.append(None)
            self._statements[text, ()] = _Prepared(name, [], [], 0)

    def execute_several(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[Result]:
        """Run statements in order in one round trip; each sees the commits before its own start."""
        *others, last = [self._encoded(text, values) for text, values in statements]
        results: list[Result] = []
        self._send_deferred()
        with self._sending():
            for prepared, values in others:
                self._conn.send_query_prepared(prepared.name, values, prepared.formats, prepared.result_format)
                self._sent.append(results)
        results.append(self._exchange(*last))
        return results

    def post(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """Queue a statement for each row, to be sent with the next statement.  An error is raised then, or at `flush`."""
        rows = list(rows)
        if not rows:
            return
        kinds = pgvalues.kinds_of_rows(rows)
        prepared = self._found(text, kinds)
        name, encoders, formats = prepared.name, prepared.encoders, prepared.formats
        encoded = [pgvalues.encoded(encoders, row) for row in rows]
        self._send_deferred()
        for start in range(0, len(encoded), MANY_ROWS):
            part = encoded[start : start + MANY_ROWS]
            if len(self._sent) + len(part) > MANY_ROWS:
                self.flush()
            with self._sending():
                for row in part:
                    self._conn.send_query_prepared(name, row, formats)
            self._sent += [None] * len(part)

    def flush(self) -> None:
        """Send the posted statements and wait for their results."""
        if self._sent:
            self._exchange()

    def forget(self) -> None:
        """Drop deferred statements, and read the results of posted ones without raising: their transaction is rolled back."""
        self.deferred = []
        with suppress(ServerError):
            self.flush()

    def command(self, text: str) -> bytes:
        """Run a statement without parameters and rows; return its tag."""
        prepared = self._statements.get((text, ()))
        return self._exchange(text.encode() if prepared is None else prepared).tag

    def copy_out(self, text: str) -> Iterator[bytes]:
        """Yield the data of `COPY ...  TO STDOUT`.  It must be read to the end, without another statement meanwhile."""
        is_whole = False
        try:
            self._begin_copy(text)
            while True:
                size, data = self._conn.get_copy_data(1)  # 1: do not wait
                if size > 0:
                    yield bytes(data)
                elif size == 0:
                    self._receive()
                else:
                    break
            self._end_copy()
            is_whole = True
        finally:
            self.is_broken = self.is_broken or not is_whole

    def copy_in(self, text: str, pieces: Iterable[bytes]) -> None:
        """Send the data of `COPY ...  FROM STDIN`, in pieces of any size."""
        is_whole = False
        try:
            self._begin_copy(text)
            for piece in pieces:
                while self._conn.put_copy_data(piece) == 0:
                    self._flush()
                self._flush()
            while self._conn.put_copy_end() == 0:
                self._flush()
            self._end_copy()
            is_whole = True
        finally:
            self.is_broken = self.is_broken or not is_whole

    def send(self, text: str) -> None:
        """Send a statement without waiting for its answer."""
        prepared = self._statements.get((text, ()))
        with self._sending():
            if prepared is None:
                self._conn.send_query_params(text.encode(), None)
            else:
                self._conn.send_query_prepared(prepared.name, None)
            self._conn.pipeline_sync()
            self._flush()
        self._owed += 1

    def fileno(self) -> int:
        """Return the socket, for a poll."""
        return self._conn.socket

    def receive(self) -> None:
        """Read notifications that arrived while no statement runs."""
        self._consume()

    def take_notifications(self) -> list[str]:
        """Return the payloads of NOTIFY that other connections sent since the last call."""
        found = []
        while (notice := self._conn.notifies()) is not None:
            if notice.be_pid != self._conn.backend_pid:
                found.append(notice.extra.decode("ascii", "replace"))
        return found

    def close(self) -> None:
        self.is_broken = True
        self._conn.finish()

    def _begin_copy(self, text: str) -> None:
        """Leave pipeline mode, which has no COPY, and start the COPY."""
        self._settle()
        self._conn.exit_pipeline_mode()
        self._conn.send_query(text.encode())
        self._flush()
        result = self._next()
        if result is None or result.status not in _COPIES:
            raise _fault(result) if result is not None else Lost("the server said nothing")

    def _end_copy(self) -> None:
        self._flush()
        error: Exception | None = None
        while (result := self._next()) is not None:
            if result.status == _FAILED:
                error = error or _fault(result)
        self._conn.enter_pipeline_mode()
        if error is not None:
            raise error

    def _settle(self) -> None:
        """Read the pending answers to `send`."""
        if self._owed:
            self._exchange(b"SELECT 1")

    def _found(self, text: str, kinds: tuple[int, ...]) -> _Prepared:
        """Return the prepared statement of a text and mark it as the most recently used."""
        prepared = self._statements.pop((text, kinds), None)
        if prepared is None:
            return self._prepare(text, kinds)
        self._statements[text, kinds] = prepared
        return prepared

    def _prepare(self, text: str, kinds: tuple[int, ...]) -> _Prepared:
        self._numbers += 1
        name = b"s%d" % self._numbers
        if len(self._statements) >= MAX_STATEMENTS:
            oldest = self._statements.pop(next(iter(self._statements)))
            self._send_deferred()
            with self._sending():
                self._conn.send_query_params(b"DEALLOCATE " + oldest.name, None)
            self._sent.append(None)
        types: list[int] = []
        self._exchange((name, text.encode(), kinds), types=types)
        prepared = self._statements[text, kinds] = _Prepared(
            name, pgvalues.encoders(kinds), [1] * len(kinds), int(pgvalues.are_binary(types))
        )
        return prepared

    def _encoded(self, text: str, values: Sequence[Any]) -> tuple[_Prepared, list[bytes | None]]:
        kinds = pgvalues.kinds_of(values)
        prepared = self._found(text, kinds)
        return prepared, pgvalues.encoded(prepared.encoders, values)

    def _exchange(
        self,
        last: "_Prepared | bytes | tuple[bytes, bytes, tuple[int, ...]] | None" = None,
        values: Sequence[bytes | None] | None = None,
        types: list[int] | None = None,
    ) -> Result:
        """Send the deferred statements and the last one, read all answers, and return the result of the last one.

        `types`: prepare the last statement, and append the types of its columns."""
        self._send_deferred()
        sent, self._sent = self._sent, []
        before = len(sent)
        self._send_last(last, values)
        owed, self._owed = self._owed, 0
        found: pq.abc.PGresult | None = None
        error: Exception | None = None
        conn, seen = self._conn, 0
        try:
            while True:
                while conn.is_busy():
                    self._receive()
                result = conn.get_result()
                if result is None:
                    continue
                status = result.status
                if status == _SYNC:
                    if not owed:
                        break
                    owed -= 1
                elif owed or status == _ABORTED:
                    continue
                elif status == _FAILED:
                    error = error or _fault(result)
                elif seen < before:
                    wanted = sent[seen]
                    seen += 1
                    if wanted is not None:
                        wanted.append(self._read(result))
                    elif status == _ROWS and result.ntuples:
                        self.noted.append([(result.get_value(0, i) or b"").decode() for i in range(result.nfields)])
                else:
                    found = result
        except BaseException:
            self.is_broken = True  # the next bytes may belong to this answer
            raise
        if error is not None:
            if isinstance(error, Lost) or "cached plan" in str(error):
                # "cached plan": another server has upgraded the schema, so the prepared statements are invalid.
                self.is_broken = True
                raise Lost(str(error)) from None
            raise error
        if found is None:
            return Result()
        if types is not None:
            types += [found.ftype(i) for i in range(found.nfields)]
            return Result()
        return self._read(found)

    def _read(self, result: "pq.abc.PGresult") -> Result:
        tag = result.command_status or b""
        if not result.ntuples:
            return Result([], tag)
        self._reader.set_pgresult(result)
        return Result(self._reader.load_rows(0, result.ntuples, tuple), tag)

    def _send_deferred(self) -> None:
        if not self.deferred:
            return
        with self._sending():
            for text in self.deferred:
                prepared = self._statements.get((text, ()))
                if prepared is None:
                    self._conn.send_query_params(text.encode(), None)
                else:
                    self._conn.send_query_prepared(prepared.name, None)
                self._sent.append(None)
        self.deferred = []

    def _send_last(
        self,
        last: "_Prepared | bytes | tuple[bytes, bytes, tuple[int, ...]] | None",
        values: Sequence[bytes | None] | None = None,
    ) -> None:
        conn = self._conn
        with self._sending():
            if isinstance(last, _Prepared):
                conn.send_query_prepared(last.name, values, last.formats, last.result_format)
            elif isinstance(last, bytes):
                conn.send_query_params(last, None)
            elif last is not None:
                name, text, kinds = last
                conn.send_prepare(name, text, kinds)
                conn.send_describe_prepared(name)
            conn.pipeline_sync()
            self._flush()

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """Raise Lost if the connection breaks.  After a failure the state of the server is unknown."""
        if self.is_broken:
            raise Lost("the connection is closed")
        try:
            yield
        except BaseException as error:
            self.is_broken = True
            if isinstance(error, psycopg.Error | OSError):
                raise Lost(f"the connection broke: {words(error)}") from None
            raise

    def _flush(self) -> None:
        """Send until the socket has taken everything, and read meanwhile: otherwise both sides could wait for each other."""
        while self._conn.flush():
            for _, events in self._both.poll():
                if events & ~select.POLLOUT:
                    self._consume()

    def _next(self) -> "pq.abc.PGresult | None":
        conn = self._conn
        while conn.is_busy():
            self._receive()
        return conn.get_result()

    def _receive(self) -> None:
        if self.limit is not None or self.probes:
            self._await()
        else:
            self._readable.poll()
        self._consume()

    def _consume(self) -> None:
        try:
            self._conn.consume_input()
        except psycopg.Error as error:
            raise Lost(f"the connection broke: {words(error)}") from None

    def _await(self) -> None:
        """Wait for bytes.  After the limit, request cancellation of the statement; give up the connection if the server does not
        react."""
        if self._readable.poll(LOOK_MS):
            return
        silent_since = time.monotonic() - LOOK_MS / 1000
        given_up_at: float | None = None
        while True:
            now = time.monotonic()
            if given_up_at is not None:
                if now >= given_up_at:
                    raise Lost("the server does not answer")
            elif self.limit is not None and self.limit.is_over():
                given_up_at = now + CANCEL_S
                self._cancel(given_up_at)
            elif self.probes and now - silent_since >= PROBE_S:
                if not is_there(self._store):
                    raise Lost("the server does not answer")
                silent_since = time.monotonic()
            if self._readable.poll(LOOK_MS):
                return

    def _cancel(self, until: float) -> None:
        """Send a cancel request over a separate connection, until the deadline."""
        with suppress(psycopg.Error, Lost):
            cancel = self._conn.cancel_conn()
            cancel.start()
            poll_until(cancel.poll, cancel, until)


def _fault(result: "pq.abc.PGresult") -> Exception:
    def field(which: DiagnosticField) -> str:
        return (result.error_field(which) or b"").decode("utf-8", "replace")

    message = field(DiagnosticField.MESSAGE_PRIMARY) or shortened(result.error_message.decode("utf-8", "replace"))
    code = field(DiagnosticField.SQLSTATE)
    if not code or field(DiagnosticField.SEVERITY_NONLOCALIZED) in ("FATAL", "PANIC"):
        return Lost(message or "the server closed the connection")
    return ServerError(code, message or "the server says nothing more")

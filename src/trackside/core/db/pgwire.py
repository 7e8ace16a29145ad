"""One connection to PostgreSQL through libpq, in pipeline mode: binary values, statements prepared once, several sent together.
Knows results and failures; knows no transaction and no table.

psycopg's C module wraps libpq and reads rows.  Its `Connection` and `Cursor` are not used: a read by key and a batch cost twice
as much through them (docs/decisions/0011-postgresql-wire.md has the figures).
"""

import os
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import pq
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, PollingStatus

from trackside.core.db import pgtypes
from trackside.core.db.limits import Limit
from trackside.core.db.pgtypes import Encoder
from trackside.core.db.tx import Row
from trackside.core.locations import PostgresStore

CONNECT_TIMEOUT_S = 5.0
DEAD_AFTER_S = 30  # a peer that acknowledges nothing for so long is gone
LOOK_MS = 250  # until it is asked whether somebody still waits for a read
PROBE_S = 5.0  # of silence, until a server is asked if it is there
CANCEL_S = 2.0  # for the server to cancel a read
MAX_STATEMENTS = 400  # prepared ones that a connection keeps
MANY_ROWS = 1000  # sent before answers are read: bounds the results that are held
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


# As numbers: an enum costs more to compare than a row to send.
_ROWS, _FAILED = int(ExecStatus.TUPLES_OK), int(ExecStatus.FATAL_ERROR)
_SYNC, _ABORTED = int(ExecStatus.PIPELINE_SYNC), int(ExecStatus.PIPELINE_ABORTED)
_COPIES = (int(ExecStatus.COPY_OUT), int(ExecStatus.COPY_IN))


class Lost(ConnectionError):
    """The connection broke, or could not be made."""


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
        """Of rows changed or found."""
        last = self.tag.rpartition(b" ")[2]
        return int(last) if last.isdigit() else -1


class _Prepared(Struct):
    name: bytes
    encoders: list[Encoder]
    formats: list[int]  # of the parameters
    result_format: int


# A statement that waits: its name or text, the values of a prepared one, the formats of these.
_Posted = tuple[bytes, Sequence[bytes | None] | None, Sequence[int] | None]


class Wire:
    """A connection that is signed in.

    The statements in `deferred` go out with the next one and before it; if one of them fails, it is not tried.  Their
    rows are added to `noted`."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._conn = _connected(store)
        self.limit: Limit | None = None  # of what is executed
        self.probes = False  # whether a server that says nothing for long is asked if it is there
        self._readable = select.poll()
        self._readable.register(self._conn.socket, select.POLLIN)
        self._both = select.poll()
        self._both.register(self._conn.socket, select.POLLIN | select.POLLOUT)
        self.is_broken = False
        self.deferred: list[str] = []
        self.noted: list[list[str]] = []  # as text
        self._posted: list[_Posted] = []
        self._owed = 0  # answers to what `send` sent, not looked at yet
        self._numbers = 0
        self._statements: dict[tuple[str, tuple[int, ...]], _Prepared] = {}
        self._reader = pgtypes.reader()

    def parameter(self, name: str) -> str:
        """A setting of the server that it tells at the start."""
        return (self._conn.parameter_status(name.encode()) or b"").decode()

    def execute(self, text: str, values: Sequence[Any]) -> Result:
        kinds = pgtypes.kinds_of(values)
        prepared = self._statements.get((text, kinds)) or self._prepare(text, kinds)
        encoded = pgtypes.encoded(prepared.encoders, values)
        return self._exchange(prepared, encoded)

    def post(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """A statement for each row, to go out with what is executed next: what goes wrong shows then, or at `flush`."""
        rows = list(rows)
        if not rows:
            return
        kinds = pgtypes.kinds_of_rows(rows)
        prepared = self._statements.get((text, kinds)) or self._prepare(text, kinds)
        name, encoders, formats = prepared.name, prepared.encoders, prepared.formats
        encoded = [pgtypes.encoded(encoders, row) for row in rows]
        self._post_deferred()
        for start in range(0, len(encoded), MANY_ROWS):
            part = encoded[start : start + MANY_ROWS]
            if len(self._posted) + len(part) > MANY_ROWS:
                self.flush()
            self._posted += [(name, row, formats) for row in part]

    def flush(self) -> None:
        """Waits for what was posted."""
        if self._posted:
            self._exchange()

    def forget(self) -> None:
        """What was posted or deferred and has not gone out never will."""
        self.deferred, self._posted = [], []

    def command(self, text: str) -> bytes:
        """Runs a statement without values and rows; its tag."""
        return self._exchange(text.encode()).tag

    def copy_out(self, text: str) -> Iterator[bytes]:
        """The rows of `COPY ... TO STDOUT`, as they come.  They must be read to the end, and nothing else meanwhile."""
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
        """Sends the rows of `COPY ... FROM STDIN`, in pieces that may end anywhere."""
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
        """Sends a statement whose answer nobody waits for."""
        self._write([(text.encode(), None, None)], None)
        self._owed += 1

    def fileno(self) -> int:
        """The socket, for a poll."""
        return self._conn.socket

    def receive(self) -> None:
        """Read what has come while nothing is executed: notices."""
        self._consume()

    def take_notices(self) -> list[str]:
        """Return the payloads of what other connections have sent by NOTIFY since the last call."""
        found = []
        while (notice := self._conn.notifies()) is not None:
            if notice.be_pid != self._conn.backend_pid:
                found.append(notice.extra.decode("ascii", "replace"))
        return found

    def close(self) -> None:
        self.is_broken = True
        self._conn.finish()

    def _begin_copy(self, text: str) -> None:
        """COPY has no pipeline."""
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
        """Read the answers that nobody waited for."""
        if self._owed:
            self._exchange(b"SELECT 1")

    def _prepare(self, text: str, kinds: tuple[int, ...]) -> _Prepared:
        self._numbers += 1
        name = b"s%d" % self._numbers
        if len(self._statements) >= MAX_STATEMENTS:
            oldest = self._statements.pop(next(iter(self._statements)))
            self._post_deferred()
            self._posted.append((b"DEALLOCATE " + oldest.name, None, None))
        types: list[int] = []
        self._exchange((name, text.encode(), kinds), types=types)
        prepared = self._statements[text, kinds] = _Prepared(
            name, pgtypes.encoders(kinds), [1] * len(kinds), int(pgtypes.are_binary(types))
        )
        return prepared

    def _exchange(
        self,
        last: "_Prepared | bytes | tuple[bytes, bytes, tuple[int, ...]] | None" = None,
        values: Sequence[bytes | None] | None = None,
        types: list[int] | None = None,
    ) -> Result:
        """Send what was posted, what was deferred and the last statement, and read all answers; the result is that of the last.

        `types`: the last one is prepared, and its columns' types are added."""
        self._post_deferred()
        posted, self._posted = self._posted, []
        before = len(posted)
        self._write(posted, last, values)
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
                    seen += 1
                    if status == _ROWS and result.ntuples:
                        self.noted.append([(result.get_value(0, i) or b"").decode() for i in range(result.nfields)])
                else:
                    found = result
        except BaseException:
            self.is_broken = True  # what comes next might be the rest of this
            raise
        if error is not None:
            if isinstance(error, Lost) or "cached plan" in str(error):
                # "cached plan": another server has upgraded the schema, and what is prepared is of no use.
                self.is_broken = True
                raise Lost(str(error)) from None
            raise error
        if found is None:
            return Result()
        if types is not None:
            types += [found.ftype(i) for i in range(found.nfields)]
            return Result()
        tag = found.command_status or b""
        if not found.ntuples:
            return Result([], tag)
        self._reader.set_pgresult(found)
        return Result(self._reader.load_rows(0, found.ntuples, tuple), tag)

    def _post_deferred(self) -> None:
        if self.deferred:
            self._posted += [(text.encode(), None, None) for text in self.deferred]
            self.deferred = []

    def _write(
        self,
        posted: Sequence[_Posted],
        last: "_Prepared | bytes | tuple[bytes, bytes, tuple[int, ...]] | None",
        values: Sequence[bytes | None] | None = None,
    ) -> None:
        if self.is_broken:
            raise Lost("the connection is closed")
        conn = self._conn
        try:
            for what, row, formats in posted:
                if row is None:
                    conn.send_query_params(what, None)
                else:
                    conn.send_query_prepared(what, row, formats)
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
        except BaseException as error:
            self.is_broken = True
            if isinstance(error, psycopg.Error | OSError):
                raise Lost(f"the connection broke: {_words(error)}") from None
            raise

    def _flush(self) -> None:
        """Until the system has taken everything.  The server may have to be read meanwhile, or both sides wait."""
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
            raise Lost(f"the connection broke: {_words(error)}") from None

    def _await(self) -> None:
        """Wait for bytes.  Beyond the limit the server is asked to cancel what it does; one that does not is given up."""
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
                if not _is_there(self._store):
                    raise Lost("the server does not answer")
                silent_since = time.monotonic()
            if self._readable.poll(LOOK_MS):
                return

    def _cancel(self, until: float) -> None:
        """Ask for it over a connection of its own, as far as that gets until then."""
        with suppress(psycopg.Error, Lost):
            cancel = self._conn.cancel_conn()
            cancel.start()
            _poll_until(cancel.poll, cancel, until)


def _connected(store: PostgresStore) -> "pq.abc.PGconn":
    where = f"{store.host}, port {store.port}"
    until = time.monotonic() + CONNECT_TIMEOUT_S
    try:
        conn = pq.PGconn.connect_start(_conninfo(store))
    except (psycopg.Error, OSError) as error:
        raise Lost(f"cannot connect to {where}: {_words(error)}") from None
    try:
        if conn.status == ConnStatus.BAD or not _poll_until(conn.connect_poll, conn, until):
            told = conn.error_message.decode("utf-8", "replace").strip()
            raise Lost(f"cannot connect to {where}: {_shortened(told) or 'it does not answer'}")
        conn.nonblocking = 1
        conn.enter_pipeline_mode()
    except BaseException:
        conn.finish()
        raise
    return conn


def _poll_until(step: Callable[[], int], conn: "pq.abc.PGconn | pq.abc.PGcancelConn", until: float) -> bool:
    """Let libpq make a connection; False if it could not, or not by then."""
    while True:
        status = step()
        if status in (PollingStatus.OK, PollingStatus.FAILED):
            return status == PollingStatus.OK
        waits_for = select.POLLIN if status == PollingStatus.READING else select.POLLOUT
        poll = select.poll()
        poll.register(conn.socket, waits_for)
        left_s = until - time.monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            return False


def _conninfo(store: PostgresStore) -> bytes:
    """Names are looked up here: libpq would hold the interpreter's lock meanwhile."""
    words = {
        "host": store.host,
        "port": str(store.port),
        "user": store.user,
        "dbname": store.database,
        "sslmode": store.sslmode,
        "gssencmode": "disable",
        "client_encoding": "UTF8",
        "application_name": f"trackside {os.getpid()}",
        "tcp_user_timeout": str(DEAD_AFTER_S * 1000),
        "keepalives_idle": str(DEAD_AFTER_S),
        "keepalives_interval": str(DEAD_AFTER_S // 3),
    }
    if not store.host.startswith("/"):
        addresses = list(dict.fromkeys(_addresses(store)))
        words["host"] = ",".join([store.host] * len(addresses))
        words["hostaddr"] = ",".join(addresses)
    if store.password is not None:
        words["password"] = store.password
    if store.sslrootcert is not None:
        words["sslrootcert"] = store.sslrootcert
    elif store.sslmode == "verify-full":
        words["sslrootcert"] = _certificates()
    return " ".join([f"{name}='{_escaped(value)}'" for name, value in words.items()]).encode()


def _addresses(store: PostgresStore) -> Iterator[str]:
    for _, _, _, _, address in socket.getaddrinfo(store.host, store.port, type=socket.SOCK_STREAM):
        yield str(address[0])


def _certificates() -> str:
    """The authorities that this machine trusts; a wheel's own OpenSSL does not know where they are."""
    own = ssl.get_default_verify_paths().cafile
    return next((path for path in (own, *_CERTIFICATES) if path and Path(path).exists()), "system")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _fault(result: "pq.abc.PGresult") -> Exception:
    def field(which: DiagnosticField) -> str:
        return (result.error_field(which) or b"").decode("utf-8", "replace")

    message = field(DiagnosticField.MESSAGE_PRIMARY) or _shortened(result.error_message.decode("utf-8", "replace"))
    code = field(DiagnosticField.SQLSTATE)
    if not code or field(DiagnosticField.SEVERITY_NONLOCALIZED) in ("FATAL", "PANIC"):
        return Lost(message or "the server closed the connection")
    return ServerError(code, message or "the server says nothing more")


def _words(error: Exception) -> str:
    return _shortened(getattr(error, "strerror", None) or str(error))


def _shortened(told: str) -> str:
    """In one line, without libpq's advice."""
    return " ".join(line.strip() for line in told.splitlines() if line.strip())


def _is_there(store: PostgresStore) -> bool:
    """Whether the server answers a new connection at all, as one that stands still does not."""
    try:
        with closing(_plain(store)) as made:
            made.settimeout(CONNECT_TIMEOUT_S)
            made.sendall(struct.pack("!ii", 8, 80877103))
            return bool(made.recv(1))
    except OSError:
        return False


def _plain(store: PostgresStore) -> socket.socket:
    if not store.host.startswith("/"):
        return socket.create_connection((store.host, store.port), CONNECT_TIMEOUT_S)
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(CONNECT_TIMEOUT_S)
        made.connect(f"{store.host}/.s.PGSQL.{store.port}")
    except OSError:
        made.close()
        raise
    return made

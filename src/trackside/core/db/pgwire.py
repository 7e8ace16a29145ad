"""One connection in PostgreSQL's extended protocol: binary values, statements prepared once, several sent in one go.
Knows messages; knows no transaction and no table.

pg8000 signs in.  From there on, its text protocol would cost a round trip for each BEGIN, statement and COMMIT, and two
bytes for each byte of a BYTEA: docs/decisions/0011-postgresql-wire.md has the figures.
"""

import select
import socket
import ssl
import struct
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from typing import Any

import pg8000.core
import pg8000.exceptions
from msgspec import Struct

from trackside.core.db import pgtypes
from trackside.core.db.limits import Limit
from trackside.core.db.pgtypes import Decoder, Encoder
from trackside.core.db.tx import Row
from trackside.core.locations import PostgresStore

CONNECT_TIMEOUT_S = 5.0
DEAD_AFTER_S = 30  # a peer that acknowledges nothing for so long is gone
LOOK_MS = 250  # until it is asked whether somebody still waits for a read
PROBE_S = 5.0  # of silence, until a server is asked if it is there
CANCEL_S = 2.0  # for the server to cancel a read
MAX_STATEMENTS = 400  # prepared ones that a connection keeps
MANY_ROWS = 1000  # sent before answers are read: neither side may fill the other's buffers and wait


class Lost(ConnectionError):
    """The connection broke, or could not be made."""


class ServerError(RuntimeError):
    """The server refused a statement, or us."""

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
    decoders: list[Decoder]
    formats: bytes  # of the result's columns, as Bind wants them


class Wire:
    """A connection that is signed in.

    The statements in `deferred` go out with the next one and before it; if one of them fails, it is not tried.  Their
    rows are added to `noted`."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._socket = _connect(store)
        self.limit: Limit | None = None  # of what is executed
        self.probes = False  # whether a server that says nothing for long is asked if it is there
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        try:
            self._signed_in = pg8000.core.CoreConnection(
                store.user,
                database=store.database,
                password=store.password or "",
                sock=self._socket,
                ssl_context=False,
                application_name="trackside",
                startup_params={"client_encoding": "UTF8"},
            )
        except pg8000.exceptions.DatabaseError as error:
            self._socket.close()
            code, message = error.args[0].get("C", ""), error.args[0].get("M", "it says nothing more")
            if code.startswith(("08", "53", "57")):  # it starts or stops, or has enough connections
                raise Lost(message) from None
            raise ServerError(code, message) from None
        except (pg8000.exceptions.InterfaceError, OSError) as error:
            self._socket.close()
            raise Lost(f"cannot sign in at {store.host}, port {store.port}: {error}") from None
        self._socket.settimeout(None)
        self.parameters: dict[str, str] = dict(self._signed_in.parameter_statuses)
        self.is_broken = False
        self.deferred: list[str] = []
        self.noted: list[list[str]] = []  # as text
        self._posted: list[bytes] = []
        self._posted_count = 0  # of their results
        self._owed = 0  # answers to what `send` sent, not looked at yet
        self._received = bytearray()
        self._numbers = 0
        self._statements: dict[tuple[str, tuple[int, ...]], _Prepared] = {}
        self._commands: dict[str, bytes] = {}

    def execute(self, text: str, values: Sequence[Any]) -> Result:
        kinds = pgtypes.kinds_of(values)
        prepared = self._statements.get((text, kinds)) or self._prepare(text, kinds)
        return self._exchange([_bound(prepared, values), _EXECUTE], prepared.decoders)

    def post(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """A statement for each row, to go out with what is executed next: what goes wrong shows then, or at `flush`."""
        rows = list(rows)
        if not rows:
            return
        kinds = pgtypes.kinds_of_rows(rows)
        prepared = self._statements.get((text, kinds)) or self._prepare(text, kinds)
        bound = [_bound(prepared, row) for row in rows]
        self._post_deferred()
        for start in range(0, len(bound), MANY_ROWS):
            part = bound[start : start + MANY_ROWS]
            if self._posted_count + len(part) > MANY_ROWS:
                self.flush()
            for message in part:
                self._posted.append(message)
                self._posted.append(_EXECUTE)
            self._posted_count += len(part)

    def flush(self) -> None:
        """Waits for what was posted."""
        if self._posted:
            self._exchange([], [])

    def forget(self) -> None:
        """What was posted or deferred and has not gone out never will."""
        self.deferred, self._posted, self._posted_count = [], [], 0

    def command(self, text: str) -> bytes:
        """Runs a statement without values and rows; its tag."""
        return self._exchange([self._command(text)], []).tag

    def copy_out(self, text: str) -> Iterator[bytes]:
        """The rows of `COPY ... TO STDOUT`, as they come.  They must be read to the end, and nothing else meanwhile."""
        with closing(self._copying(text)) as answers:
            for kind, body in answers:
                if kind == _COPY_DATA:
                    yield body

    def copy_in(self, text: str, pieces: Iterable[bytes]) -> None:
        """Sends the rows of `COPY ... FROM STDIN`, in pieces that may end anywhere."""
        with closing(self._copying(text)) as answers:
            for kind, _ in answers:
                if kind == _COPY_IN:
                    for piece in pieces:  # after an error the server reads on, and drops them
                        self._write([_message(b"d", piece)])
                    self._write([_message(b"c", b"")])

    def send(self, text: str) -> None:
        """Sends a statement whose answer nobody waits for."""
        self._write([self._command(text), _SYNC])
        self._owed += 1

    def close(self) -> None:
        self.is_broken = True
        with suppress(OSError, pg8000.exceptions.InterfaceError):
            self._signed_in.close()
        with suppress(OSError):
            self._socket.close()

    def _copying(self, text: str) -> Generator[tuple[int, bytes], None, None]:
        """What the server answers to a COPY, to its end.  A connection on which that was not read to its end is broken."""
        assert not self._owed
        self._write([_message(b"Q", text.encode() + b"\0")])
        error: ServerError | None = None
        is_whole = False
        try:
            while not is_whole:
                kind, body = self._next()
                if kind == _ERROR:
                    error = error or _fault(body)
                is_whole = kind == _READY
                yield kind, body
        finally:
            self.is_broken = self.is_broken or not is_whole
        if error is not None:
            raise error

    def _command(self, text: str) -> bytes:
        found = self._commands.get(text)
        if found is None:
            parse = _message(b"P", b"\0" + text.encode() + b"\0\0\0")
            found = self._commands[text] = parse + _message(b"B", b"\0" * 8) + _EXECUTE
        return found

    def _prepare(self, text: str, kinds: tuple[int, ...]) -> _Prepared:
        self._numbers += 1
        name = b"s%d\0" % self._numbers
        messages = [
            _message(b"P", name + text.encode() + b"\0" + _int16(len(kinds)) + b"".join(map(_int32, kinds))),
            _message(b"D", b"S" + name),
        ]
        if len(self._statements) >= MAX_STATEMENTS:
            oldest = self._statements.pop(next(iter(self._statements)))
            messages.insert(0, _message(b"C", b"S" + oldest.name))
        types: list[int] = []
        self._exchange(messages, [], types)
        prepared = self._statements[text, kinds] = _Prepared(
            name,
            pgtypes.encoders(kinds),
            list(map(pgtypes.decoder, types)),
            _int16(len(types)) + b"".join([_int16(pgtypes.is_binary(oid)) for oid in types]),
        )
        return prepared

    def _exchange(
        self, messages: Sequence[bytes], decoders: Sequence[Decoder], types: list[int] | None = None
    ) -> Result:
        """Sends what was posted, what was deferred and `messages`, and reads all answers; the result is that of the last."""
        self._post_deferred()
        before = self._posted_count
        out = [*self._posted, *messages, _SYNC]
        self._posted, self._posted_count = [], 0
        self._write(out)
        owed, self._owed = self._owed, 0
        result = Result()
        error: ServerError | None = None
        try:
            while True:
                kind, body = self._next()
                if kind == _DATA_ROW:
                    if owed:
                        continue
                    if before:
                        self.noted.append(_row(body, [bytes.decode] * _read_int16(body)[0]))
                    else:
                        result.rows.append(tuple(_row(body, decoders)))
                elif kind == _COMMAND_COMPLETE and not owed:
                    if before:
                        before -= 1
                    else:
                        result.tag = body[:-1]
                elif kind == _READY:
                    if not owed:
                        break
                    owed -= 1
                elif kind == _ERROR:
                    error = error or _fault(body)
                elif kind == _ROW_DESCRIPTION and types is not None and not owed:
                    types += _column_types(body)
        except BaseException:
            self.is_broken = True  # what comes next might be the rest of this
            raise
        if error is not None:
            if "cached plan" in str(error):  # another server has upgraded the schema: what is prepared is of no use
                self.is_broken = True
                raise Lost(str(error))
            raise error
        return result

    def _post_deferred(self) -> None:
        self._posted += map(self._command, self.deferred)
        self._posted_count += len(self.deferred)
        self.deferred = []

    def _write(self, out: list[bytes]) -> None:
        if self.is_broken:
            raise Lost("the connection is closed")
        try:
            self._socket.sendall(b"".join(out))
        except BaseException as error:
            self.is_broken = True
            if isinstance(error, OSError):
                raise Lost(f"the connection broke: {error}") from None
            raise

    def _next(self) -> tuple[int, bytes]:
        received = self._received
        while len(received) < 5:
            self._receive()
        size = 1 + _read_int32(received, 1)[0]
        while len(received) < size:
            self._receive()
        kind, body = received[0], bytes(received[5:size])
        del received[:size]
        return kind, body

    def _receive(self) -> None:
        if self.limit is not None or self.probes:
            self._await()
        try:
            piece = self._socket.recv(262_144)
        except OSError as error:
            raise Lost(f"the connection broke: {error}") from None
        if not piece:
            raise Lost("the server closed the connection")
        self._received += piece

    def _await(self) -> None:
        """Wait for bytes.  Beyond the limit the server is asked to cancel what it does; one that does not is given up."""
        silent_since = time.monotonic()
        given_up_at: float | None = None
        while not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()) and not self._poll.poll(LOOK_MS):
            now = time.monotonic()
            if given_up_at is not None:
                if now >= given_up_at:
                    raise Lost("the server does not answer")
            elif self.limit is not None and self.limit.is_over():
                self._cancel()
                given_up_at = time.monotonic() + CANCEL_S
            elif self.probes and now - silent_since >= PROBE_S:
                if not _is_there(self._store):
                    raise Lost("the server does not answer")
                silent_since = time.monotonic()

    def _cancel(self) -> None:
        key: bytes | None = self._signed_in._backend_key_data  # noqa: SLF001  # it tells nobody else
        if key is None:
            return
        with suppress(OSError, Lost), closing(_connect(self._store)) as other:
            other.sendall(struct.pack("!ii", 8 + len(key), 80877102) + key)


_int16 = struct.Struct("!H").pack
_int32 = struct.Struct("!i").pack
_read_int16 = struct.Struct("!H").unpack_from
_read_int32 = struct.Struct("!i").unpack_from

_DATA_ROW, _COMMAND_COMPLETE, _READY, _ERROR, _ROW_DESCRIPTION = b"DCZET"
_COPY_IN, _COPY_DATA = b"Gd"


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + _int32(len(body) + 4) + body


_EXECUTE = _message(b"E", b"\0" * 5)
_SYNC = _message(b"S", b"")


def _bound(prepared: _Prepared, values: Sequence[Any]) -> bytes:
    head = b"\0" + prepared.name + b"\0\1\0\1" + _int16(len(values))
    return _message(b"B", head + pgtypes.encoded(prepared.encoders, values) + prepared.formats)


def _row(body: bytes, decoders: Sequence[Decoder]) -> list[Any]:
    at = 2
    values: list[Any] = []
    for decode in decoders:
        (size,) = _read_int32(body, at)
        at += 4
        if size < 0:
            values.append(None)
        else:
            values.append(decode(body[at : at + size]))
            at += size
    return values


def _column_types(body: bytes) -> list[int]:
    at = 2
    types = []
    for _ in range(_read_int16(body)[0]):
        at = body.index(0, at) + 1
        types.append(_read_int32(body, at + 6)[0])
        at += 18
    return types


def _fault(body: bytes) -> ServerError:
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    message = fields.get(b"M", "the server says nothing more")
    if fields.get(b"V") in ("FATAL", "PANIC"):
        raise Lost(message)
    return ServerError(fields.get(b"C", ""), message)


def _connect(store: PostgresStore) -> socket.socket:
    where = f"{store.host}, port {store.port}"
    try:
        made = _plain(store)
        if store.host.startswith("/"):
            return made
    except OSError as error:
        raise Lost(f"nobody answers at {where}: {error.strerror or error}") from None
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_S * 1000)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, DEAD_AFTER_S)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, DEAD_AFTER_S // 3)
    try:
        return _encrypted(made, store)
    except OSError as error:
        made.close()
        raise Lost(f"no encrypted connection to {where}: {error}") from None


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
    if store.host.startswith("/"):
        return _connect_local(f"{store.host}/.s.PGSQL.{store.port}")
    return socket.create_connection((store.host, store.port), CONNECT_TIMEOUT_S)


def _connect_local(path: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(CONNECT_TIMEOUT_S)
        made.connect(path)
    except OSError:
        made.close()
        raise
    return made


def _encrypted(plain: socket.socket, store: PostgresStore) -> socket.socket:
    """The connection over TLS, as libpq's `sslmode` has it."""
    if store.sslmode == "disable":
        return plain
    plain.sendall(struct.pack("!ii", 8, 80877103))
    if plain.recv(1) != b"S":
        if store.sslmode == "prefer":
            return plain
        raise OSError(f"the server offers none; sslmode is {store.sslmode}")
    context = ssl.create_default_context(cafile=store.sslrootcert)
    if store.sslmode != "verify-full":
        context.check_hostname = False
    if store.sslmode in ("prefer", "require") and store.sslrootcert is None:
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=store.host)

"""uvicorn's HTTP protocol with one write per answer, with limits, and with a short path for small calls.

uvicorn writes head and body separately: two system calls, two packets, two wake-ups of the client.  It also buffers a head of
any length, and waits without a limit for requests that never end and clients that never read.

An application that has `direct` gets small calls whole, without a task for each (docs/decisions/0017).  Depends on transports
and the parser, and on no route.
"""

import asyncio
import socket
import struct
from functools import partial
from typing import Any, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from trackside.core.errors import BadRequest, Busy, Fault, HeadTooLarge, SlowClient, Unavailable, UrlTooLong
from trackside.core.http.calls import JSON_TYPE, failed
from trackside.core.http.codec import fault_body
from trackside.core.http.direct import JSON, MOST_BYTES, Direct, Head, Plain, QueryRepeat, Repeat, repeat_of
from trackside.core.http.joined_writes import JoinedWrites
from trackside.core.http.linger import BOUNDS, LingeringClose
from trackside.core.http.outbox import Outbox
from trackside.core.http.streams import CUT, GONE, Headers

MAX_URL_BYTES = 65_535  # of the parser
MAX_HEAD_BYTES = 256 << 10
MAX_DROPPED_BYTES = 1 << 29  # of a body that continues after its answer, before the connection lingers
_NO_MEMORY = "The server has no memory for this request now; try again."


class _UnknownCoding(Exception):
    """The body of a request is encoded in a way that the parser would ignore."""


class _PlainCycle:
    """A request on the short path, with the attributes of uvicorn's `RequestResponseCycle` that uvicorn reads."""

    __slots__ = (
        "body", "disconnected", "keep_alive", "message_event", "more_body", "plain", "protocol", "reserved_bytes",
        "response_complete", "response_started",
    )  # fmt: skip

    def __init__(self, protocol: "OneWriteProtocol", plain: Plain, reserved_bytes: int) -> None:
        self.protocol = protocol
        self.plain = plain
        self.body: bytes | bytearray = b""
        self.reserved_bytes = reserved_bytes  # for the body, until it is answered
        self.more_body = True
        self.keep_alive = True
        self.disconnected = self.response_started = self.response_complete = False
        self.message_event = _NOBODY

    def is_gone(self) -> bool:
        """Return whether the client has disconnected; may be called in any thread."""
        return self.disconnected

    def add(self, piece: bytes) -> None:
        """Add a part of the body.  Most bodies come in one piece, which is kept without a copy."""
        if not self.body:
            self.body = piece
        else:
            if isinstance(self.body, bytes):
                self.body = bytearray(self.body)
            self.body += piece

    def answer(self, status: int, headers: Headers, body: bytes) -> None:
        self.release()
        if self.disconnected or self.response_complete:
            return
        self.response_started = self.response_complete = True
        self.protocol.send_plain(status, headers, body, keep_alive=self.keep_alive)

    def release(self) -> None:
        if self.reserved_bytes:
            self.protocol.release(self.reserved_bytes)
            self.reserved_bytes = 0


class _Nobody:
    """An event without waiters."""

    def set(self) -> None: ...

    def clear(self) -> None: ...


_NOBODY = _Nobody()


class OneWriteProtocol(HttpToolsProtocol):
    """A connection.  It is closed after `silence_s` to twice that time in which it waits for the client and no byte moves."""

    silence_s = 60.0
    least_bytes_s = 1024  # that a client must take on average while the server waits for it
    last_call_s = 0.25  # after the signal to end, for requests that are on their way
    linger = BOUNDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        self._unparsed = 0  # bytes that were neither of a whole head nor of a body
        self._dropped = 0  # bytes of a body whose request is answered already
        self._lingering: LingeringClose | None = None  # after the last answer, while the client may still send
        self._is_in_head = False
        self._was_in_head = False  # at the last check, in the same head
        self._was_heard = True  # since the last check
        self._sent = 0  # bytes that the client or the kernel had taken at the last look
        self._was_paused = False  # at the last look
        self._is_ending = False  # the server is stopping: the next request is the last one
        self._idle_at: float | None = None  # when the last answer was written; None while a request is under way
        self._head: Head | None = None  # of the last small call
        self._repeat: Repeat | QueryRepeat | None = None  # of a small call that came in one piece
        self._repeats: Head | None = None  # the head for which `_repeat` was made
        self._begun = 0  # number of requests that the parser has read
        self._is_between = True  # the parser has read no byte of the next request
        self._defaults: Any = None  # headers of every answer, for which `_default_lines` was made
        self._default_lines = b""
        self._json_lines = b""  # the head of an answer with a JSON body, up to its length
        self._direct: Direct | None = getattr(self.config.app, "direct", None)
        self._outbox: Outbox = getattr(self.config.app, "outbox", None) or Outbox()
        joined = JoinedWrites(transport, asyncio.get_running_loop(), self._close)
        super().connection_made(cast(asyncio.Transport, joined))
        self._watch = self.loop.call_later(self.silence_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        self._is_between = True  # nothing arrives any more
        if self._lingering is not None:
            self._lingering.cancel()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        self._outbox.note(self, 0, self.transport.abort)
        cycle: Any = self._last_cycle()
        if type(cycle) is _PlainCycle and cycle.more_body:  # nothing will answer it
            cycle.release()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._outbox.note(self, self.transport.get_write_buffer_size(), self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._outbox.note(self, 0, self.transport.abort)

    def shutdown(self) -> None:
        """End the connection when the server stops.  Requests that are being handled or are on their way are still answered."""
        self._is_ending = True
        cycle = self._last_cycle()
        if self._lingering is not None:
            self.loop.call_later(self.last_call_s, self._lingering.end)
        elif cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
        else:
            self.loop.call_later(self.last_call_s, self._end_if_idle)

    def _end_if_idle(self) -> None:
        cycle = self._last_cycle()
        if cycle is None or cycle.response_complete:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._lingering is not None:
            self._lingering.discard(len(data))
            return
        self._was_heard = True
        if self._repeat is not None and self._is_between and self._is_repeated(self._repeat, data):
            return
        self._unparsed += len(data)
        self._unset_keepalive_if_required()
        was_between, begun = self._is_between, self._begun
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._read_again(data[upgrade.args[0] :])
        except MemoryError:
            self._refuse(Unavailable(_NO_MEMORY))
        except HttpParserError as error:
            if isinstance(error.__context__, MemoryError):  # raised by a callback: the request may be valid
                self._refuse(Unavailable(_NO_MEMORY))
                return
            if isinstance(error.__context__, _UnknownCoding):
                self._refuse(BadRequest(str(error.__context__)))
                return
            self._refuse(
                UrlTooLong(f"The URL is longer than {MAX_URL_BYTES} bytes.")
                if self._is_in_head and len(self.url) > MAX_URL_BYTES
                else BadRequest("The server cannot read this as an HTTP request.")
            )
        else:
            if self._unparsed > MAX_HEAD_BYTES:
                self._refuse(HeadTooLarge(f"The head of the request is larger than {MAX_HEAD_BYTES} bytes."))
            elif self._head is not self._repeats and was_between and self._is_between and self._begun == begun + 1:
                self._remember_repeat(data)

    def _remember_repeat(self, data: bytes) -> None:
        """Remember the head of `data`, which was one whole request."""
        cycle: Any = self.cycle
        head = self._head
        if head is not None and type(cycle) is _PlainCycle and cycle.plain is head.plain:
            self._repeat, self._repeats = repeat_of(head, data), head

    def _is_repeated(self, repeat: Repeat | QueryRepeat, data: bytes) -> bool:
        """Perform a small call whose head repeats an earlier one of the connection, without parsing it.  Return False if it
        does not."""
        if self._is_ending or self.flow.write_paused or not self.cycle.response_complete or self._direct is None:
            return False
        request = repeat.request_in(data)
        if request is None or not self._direct.still_holds(repeat.head):
            return False
        plain, body = request
        self._idle_at = None
        cycle = _PlainCycle(self, plain, 0)
        cycle.more_body = False
        self.cycle = cast(RequestResponseCycle, cycle)
        self._direct.perform(plain, body, self.loop, cycle.answer, cycle.is_gone)
        return True

    def on_message_begin(self) -> None:
        self._begun += 1
        self._is_between = False
        self._is_in_head, self._was_in_head = True, False
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_head:  # trailers are ignored
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        elif name == b"transfer-encoding":
            self._check_coding(value)
        self.headers.append((name, value))

    def _check_coding(self, value: bytes) -> None:
        """Raise for a transfer coding besides one `chunked`: the parser looks at the last one alone, and a proxy in front may
        have taken the body for another one (RFC 9112, 6.1 and 6.3)."""
        codings = [each.strip() for each in value.lower().split(b",")]
        if codings != [b"chunked"] or any(name == b"transfer-encoding" for name, _ in self.headers):
            shown = value[:100].decode("latin-1")
            raise _UnknownCoding(f"Transfer-Encoding is {shown!r}; it must be chunked, and given once.")

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        if not self._is_taken_whole():
            url, headers, expects = self.url, self.headers, self.expect_100_continue
            super().on_message_begin()  # makes a scope and resets these
            self.url, self.expect_100_continue = url, expects
            self.headers = self.scope["headers"] = headers
            super().on_headers_complete()
            self.scope[GONE] = partial(getattr, self.cycle, "disconnected")  # type: ignore[literal-required]  # a key of ours
            self.scope[CUT] = partial(self._cut, self.cycle)  # type: ignore[literal-required]  # a key of ours
        if self._is_ending:
            self.cycle.keep_alive = False
        self._is_in_head = False
        self._unparsed = 0

    def _is_taken_whole(self) -> bool:
        cycle = self._last_cycle()
        if (
            self._direct is None
            or (cycle is not None and not cycle.response_complete)
            or self.flow.write_paused
            or not self.parser.should_keep_alive()
            or self.parser.get_http_version() != "1.1"
        ):
            return False
        head, method = self._head, self.parser.get_method()
        if head is None or not self._direct.retake(head, method, self.url, self.headers):
            head = self._direct.take(method, self.url, self.headers, self.client)
            if head is None:
                return False
            self._head = head
        size_bytes = int(self.headers[head.length_at][1]) if head.length_at >= 0 else 0
        reserved_bytes = size_bytes if size_bytes > MOST_BYTES else 0
        if reserved_bytes and not self._direct.reserve(reserved_bytes):
            return False
        self.cycle = cast(RequestResponseCycle, _PlainCycle(self, head.plain, reserved_bytes))
        return True

    def release(self, size_bytes: int) -> None:
        """Release the memory that `Direct.reserve` reserved for a body."""
        if self._direct is not None:
            self._direct.release(size_bytes)

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        cycle: Any = self.cycle
        if type(cycle) is _PlainCycle and not cycle.response_complete:
            cycle.add(body)  # the whole is bounded: it is read without a pause
            return
        if cycle.response_complete:
            self._dropped += len(body)
            if self._dropped > MAX_DROPPED_BYTES:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._is_in_head:
            return
        self._unparsed = self._dropped = 0
        self._is_between = True
        cycle: Any = self.cycle
        if type(cycle) is not _PlainCycle or self._direct is None:
            super().on_message_complete()
        elif not cycle.response_complete:
            cycle.more_body = False
            body, cycle.body = bytes(cycle.body), b""
            self._direct.perform(cycle.plain, body, self.loop, cycle.answer, cycle.is_gone)

    def send_plain(self, status: int, headers: Headers, body: bytes, *, keep_alive: bool) -> None:
        """Write the whole answer of the current request."""
        if self.transport.is_closing():
            return
        try:
            self._outbox.check(len(body))
        except Busy as busy:
            status, headers, body = failed(busy, "", "")
        defaults = self.server_state.default_headers
        if defaults is not self._defaults:  # uvicorn makes another list each second
            self._defaults = defaults
            self._default_lines = b"".join(b"%s: %s\r\n" % header for header in defaults)
            self._json_lines = b"%s%s%s: %s\r\n" % (STATUS_LINE[200], self._default_lines, *JSON_TYPE)
        if status == 200 and headers is JSON and keep_alive:  # nearly every answer
            head = b"%scontent-length: %d\r\n\r\n" % (self._json_lines, len(body))
            cast(JoinedWrites, self.transport).write_now(head, body)
            self.on_response_complete()
            return
        pieces = [STATUS_LINE[status], self._default_lines]
        for name, value in headers:
            pieces += (name, b": ", value, b"\r\n")
        if status != 204:
            pieces.append(b"content-length: %d\r\n" % len(body))
        pieces.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        cast(JoinedWrites, self.transport).write_now(b"".join(pieces), body)
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """Start the idle timeout of the connection.  One timer serves many requests: making and cancelling one per request
        costs more than reading the clock."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        if self.flow.read_paused:
            self.flow.resume_reading()
        self._idle_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait_idly(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_at is None:
            return  # the answer to the request under way starts the timer
        left_s = self._idle_at + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self._wait_idly(left_s)
        elif not self.transport.is_closing():
            self.transport.close()

    def _wait_idly(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_at = None

    def _cut(self, cycle: RequestResponseCycle) -> None:
        """Reset the connection: a normal close would look like the end of an answer without a content-length."""
        cycle.disconnected = True
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _read_again(self, rest: bytes) -> None:
        """Answer a request to upgrade to HTTP/2 or WebSocket in HTTP/1.1.  The parser would skip its body."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(BadRequest("The server is not a proxy."))
            return
        kept = [b"%s: %s\r\n" % header for header in self.headers if header[0] not in (b"upgrade", b"connection")]
        version = self.parser.get_http_version().encode()
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(b"%s %s HTTP/%s\r\n%s\r\n%s" % (method, self.url, version, b"".join(kept), rest))

    def _look(self) -> None:
        self._watch = self.loop.call_later(self.silence_s, self._look)
        was_heard, self._was_heard = self._was_heard, False
        was_sent, self._sent = self._sent, self._bytes_taken()
        was_paused, self._was_paused = self._was_paused, self.flow.write_paused
        was_in_head, self._was_in_head = self._was_in_head, self._is_in_head
        if self.flow.write_paused:
            self._outbox.note(self, self.transport.get_write_buffer_size(), self.transport.abort)
            if was_paused and self._sent - was_sent < self.least_bytes_s * self.silence_s:
                self.transport.abort()
        elif was_in_head and self._is_in_head:
            self._refuse(SlowClient("The head of the request did not arrive in time."))
        elif not was_heard and self._is_awaited():
            cycle = self._last_cycle()
            if cycle is None or cycle.response_complete:
                self.transport.close()
            else:
                self._refuse(SlowClient("The body of the request did not arrive in time."))

    def _bytes_taken(self) -> int:
        return cast(JoinedWrites, self.transport).written - self.transport.get_write_buffer_size()

    def _is_awaited(self) -> bool:
        """Return whether the connection waits for the client.  An idle connection has uvicorn's timer instead."""
        if self.flow.read_paused or self._idle_at is not None:
            return False
        cycle = self._last_cycle()
        return cycle is None or cycle.response_complete or cycle.more_body

    def _last_cycle(self) -> RequestResponseCycle | None:
        return self.cycle  # None before the first request, whatever its annotation says

    def _refuse(self, fault: Fault) -> None:
        """Send the last answer of a connection, or, if earlier requests are not answered yet, answer those and close."""
        if self.transport.is_closing():
            return
        self._is_between = False  # the rest of the request is not read
        cycle = self._last_cycle()
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False
                self.flow.pause_reading()
                return
            if cycle.response_started or self.pipeline:
                self.close_now()  # ends the handlers of unfinished answers, which lingering would leave running
                return
            cycle.disconnected = True
            cycle.message_event.set()
        body = fault_body(fault)
        self.transport.write(
            b"".join(
                [
                    STATUS_LINE[fault.status],
                    b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body),
                    body,
                ]
            )
        )
        self._linger()

    def is_open(self) -> bool:
        """Return whether the connection has a socket; a lingering one has."""
        return self._lingering.is_open if self._lingering is not None else not self.transport.is_closing()

    def close_now(self) -> None:
        """Close the connection without lingering."""
        if self._lingering is not None:
            self._lingering.end()
        else:
            cast(JoinedWrites, self.transport).close_now()

    def _close(self) -> None:
        """Close the connection after its last answer, or linger if a request has not arrived whole."""
        if self._is_between:
            cast(JoinedWrites, self.transport).close_now()
        elif not self.transport.is_closing():
            self._linger()

    def _linger(self) -> None:
        transport = cast(JoinedWrites, self.transport)
        transport.write_eof()
        self.flow.resume_reading()
        self._lingering = LingeringClose(transport.close_now, self.loop, self.linger)
        if self._is_ending:
            self.loop.call_later(self.last_call_s, self._lingering.end)

"""Sends one body to one URL.  Knows names, addresses, sockets and HTTP; knows no webhook and no store.

The name is resolved once, every address is checked, and the connection is made to one that was checked: a name that points
elsewhere a moment later gains nothing.  Redirects are not followed, proxies of the environment not asked, and a receiver has
so many seconds in all, its name's resolution included, however slowly it dribbles.
"""

import base64
import http.client
import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

from trackside import __version__
from trackside.core.errors import Invalid
from trackside.events import addresses
from trackside.events.model import check_new_url, check_url

MAX_ANSWER_BYTES = 10_000
MAX_ERROR_CHARS = 500
_PORTS = {"http": 80, "https": 443}
_STOPPING = "the server is stopping"

Resolved = list[Any] | Exception  # what the name service says


class Answer(Struct, frozen=True, kw_only=True):
    """`status` of HTTP if there was one; else `error` says what went wrong.  `is_refused`: nothing was sent, nor will be."""

    status: int | None = None
    body: str = ""
    error: str = ""
    retry_after_s: float | None = None
    is_refused: bool = False


class Refused(Exception):
    """The settings forbid to call this."""


class Post:
    """Sends by the rules of the settings; `close` ends what is under way."""

    def __init__(
        self,
        *,
        schemes: tuple[str, ...],
        timeout_s: float,
        allow_private: bool,
        resolve: Callable[..., list[Any]] = socket.getaddrinfo,
    ) -> None:
        self.schemes = schemes
        self._resolve = resolve
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._open: set[socket.socket] = set()
        self._asking: set[queue.SimpleQueue[Resolved]] = set()  # where answers of the name service are waited for
        self._lock = threading.Lock()
        self._is_closed = False

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """To read the system's certificates takes 10 ms, which no start needs to wait for."""
        return ssl.create_default_context()

    def check(self, url: str) -> None:
        """Raises Invalid for a URL that will not be called.  A name that does not resolve now may do so later."""
        check_new_url(url, self.schemes)
        try:
            self._addresses(url, time.monotonic() + self._timeout_s)
        except Refused as why:
            raise Invalid(f"Webhook URL must not resolve to a non-public IP address: {why}.") from None
        except OSError:
            return

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """Never raises: whatever goes wrong is an answer."""
        deadline = time.monotonic() + self._timeout_s
        try:
            check_url(url, self.schemes)
            return self._send(url, headers, body.encode(), deadline)
        except (Refused, Invalid) as why:
            return Answer(error=f"not called: {why}"[:MAX_ERROR_CHARS], is_refused=True)
        except TimeoutError:
            return Answer(error=f"no answer within {self._timeout_s:g} s")
        except (OSError, http.client.HTTPException, UnicodeError, ValueError) as fault:
            return Answer(error=f"{type(fault).__name__}: {fault}"[:MAX_ERROR_CHARS])

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            for waiting in self._asking:
                waiting.put(OSError(_STOPPING))

    def _addresses(self, url: str, deadline: float) -> list[tuple[int, Any]]:
        """(family, socket address) of the host, all of them checked."""
        parts = urlsplit(url)
        host = _ascii(parts.hostname or "")
        found = self._resolved(host, parts.port or _PORTS[parts.scheme], deadline)
        for *_, where in found:
            why = addresses.refusal(str(where[0]), allow_private=self._allow_private)
            if why is not None:
                raise Refused(why if host == where[0] else f"{host}: {why}")
        return [(family, where) for family, _, _, _, where in found]

    def _resolved(self, host: str, port: int, deadline: float) -> list[Any]:
        """Nothing cuts a look-up short: it is made aside, and neither the deadline nor the end of the server waits for it."""
        answers: queue.SimpleQueue[Resolved] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port, type=socket.SOCK_STREAM))
            except (OSError, ValueError) as fault:
                answers.put(fault)

        with self._lock:
            if self._is_closed:
                raise OSError(_STOPPING)
            self._asking.add(answers)
        try:
            threading.Thread(target=ask, name="trackside-names", daemon=True).start()
            found = answers.get(timeout=_left(deadline))
        except queue.Empty:
            raise TimeoutError from None
        finally:
            with self._lock:
                self._asking.discard(answers)
        if isinstance(found, Exception):
            raise found
        return found

    def _send(self, url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Answer:
        parts = urlsplit(url)
        host = _ascii(parts.hostname or "")
        connection = http.client.HTTPConnection(host, parts.port or _PORTS[parts.scheme])
        connection.default_port = _PORTS[parts.scheme]  # no port in the header Host where it is the usual one
        raw = self._connect(self._addresses(url, deadline), deadline)
        try:
            tcp: socket.socket = raw
            if parts.scheme == "https":
                raw.settimeout(_left(deadline))
                tls = self._tls.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
                self._exchange(raw, tls)
                raw = tcp = tls
                tls.settimeout(_left(deadline))
                tls.do_handshake()
            connection.sock = _Timed(tcp, deadline)  # what http.client needs of a socket
            path = quote(parts.path or "/", safe=_IN_PATH) + (
                f"?{quote(parts.query, safe=_IN_QUERY)}" if parts.query else ""
            )
            connection.request("POST", path, body, {**headers, **_sign_in(parts.username, parts.password), **_OWN})
            answer = connection.getresponse()
            return Answer(
                status=answer.status,
                body=_body(answer),
                error=_words(answer.status),
                retry_after_s=_retry_after(answer.getheader("Retry-After")),
            )
        finally:
            self._exchange(raw, None)
            raw.close()

    def _connect(self, where: list[tuple[int, Any]], deadline: float) -> socket.socket:
        """To the first that answers."""
        last: OSError | None = None
        for left, (family, address) in zip(range(len(where), 0, -1), where, strict=True):
            made = socket.socket(family, socket.SOCK_STREAM)
            self._exchange(None, made)
            try:
                made.settimeout(_left(deadline) / left)
                made.connect(address)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as fault:
                last = fault
                self._exchange(made, None)
                made.close()
            else:
                return made
        raise last or OSError("the name has no address")

    def _exchange(self, before: socket.socket | None, after: socket.socket | None) -> None:
        """Keeps account of what is open."""
        with self._lock:
            if before is not None:
                self._open.discard(before)
            if after is not None:
                if self._is_closed:
                    after.close()
                    raise OSError(_STOPPING)
                self._open.add(after)


_IN_PATH = "/%:@!$&'()*+,;=~"
_IN_QUERY = _IN_PATH + "?[]"
_OWN = {"User-Agent": f"Trackside/{__version__}", "Connection": "close", "Accept": "*/*"}


class _Timed:
    """A socket for http.client whose every operation ends at the deadline."""

    def __init__(self, tcp: socket.socket, deadline: float) -> None:
        self._tcp = tcp
        self._deadline = deadline

    def sendall(self, sent: bytes) -> None:
        self._tcp.settimeout(_left(self._deadline))
        self._tcp.sendall(sent)

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        assert mode == "rb"
        return io.BufferedReader(_TimedReader(self._tcp, self._deadline))

    def close(self) -> None:
        """Whoever opened the socket closes it."""


class _TimedReader(io.RawIOBase):
    def __init__(self, tcp: socket.socket, deadline: float) -> None:
        super().__init__()
        self._tcp = tcp
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._tcp.settimeout(_left(self._deadline))
        return self._tcp.recv_into(buffer)


def _body(answer: http.client.HTTPResponse) -> str:
    """The beginning of it.  The status has said what matters: a body that breaks off changes nothing."""
    with suppress(OSError, http.client.HTTPException):
        return answer.read(MAX_ANSWER_BYTES).decode("utf-8", "replace")
    return ""


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _sign_in(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    both = f"{unquote(user)}:{unquote(password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}


def _words(status: int) -> str:
    if 200 <= status < 300:
        return ""
    more = "; redirects are not followed" if 300 <= status < 400 else ""
    return f"the receiver answered {status}{more}"


def _retry_after(text: str | None) -> float | None:
    """Seconds, from seconds or a date."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, when.timestamp() - time.time())

"""Sends one body to one URL.

The guard decides which hosts may be called.  Redirects and the environment's proxies are ignored.  One time limit covers the
whole exchange, from the name resolution to a slow answer.
"""

import base64
import http.client
import logging
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit

from trackside import __version__
from trackside.core.errors import Invalid
from trackside.core.outgoing.guard import STOPPING, Forbidden, Guard, left
from trackside.core.outgoing.timed import TimedSocket
from trackside.webhooks.answers import MAX_ERROR_CHARS, Answer
from trackside.webhooks.mail import SCHEME as MAIL
from trackside.webhooks.mail import Mailer
from trackside.webhooks.urls import PORTS, check_new_url, check_url

log = logging.getLogger("trackside.webhooks")

MAX_ANSWER_BYTES = 10_000
_UNREACHABLE = "the receiver cannot be reached"


class _Unreachable(Exception):
    """No connection; only an administrator gets the reason."""


class Post:
    """Sends by the rules of the settings; `close` aborts the requests under way."""

    def __init__(
        self,
        *,
        schemes: tuple[str, ...],
        timeout_s: float,
        guard: Guard,
        mailer: Mailer | None = None,
    ) -> None:
        self.schemes = schemes
        self.mailer = mailer or Mailer(None, timeout_s)
        self.guard = guard
        self._timeout_s = timeout_s
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Return the TLS context, which takes 10 ms to create, at the first use."""
        return ssl.create_default_context()

    def check(self, url: str) -> None:
        """Raise Invalid for a URL that is never called.  A name that does not resolve now is accepted."""
        if url.startswith(MAIL):
            self.mailer.check(url)
            return
        check_new_url(url, self.schemes)
        try:
            self.guard.addresses(*self._where(url), time.monotonic() + self._timeout_s)
        except Forbidden as why:
            words = f": {why}" if self.guard.rules.tells else ""
            raise Invalid(f"Webhook URL must not resolve to a non-public IP address{words}.") from None
        except OSError:
            return

    def send(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """Send the body and return the outcome; never raises."""
        deadline = time.monotonic() + self._timeout_s
        try:
            check_url(url, self.schemes)
            return self._send(url, headers, body.encode(), deadline)
        except Forbidden as why:
            if not self.guard.rules.tells:
                log.warning("a webhook is not called: %s", why)
                return Answer(error=_UNREACHABLE)
            return Answer(error=f"not called: {why}"[:MAX_ERROR_CHARS], is_refused=True)
        except _Unreachable:
            return Answer(error=_UNREACHABLE)
        except Invalid as why:
            return Answer(error=f"not called: {why}"[:MAX_ERROR_CHARS], is_refused=True)
        except TimeoutError:
            return Answer(error=f"no answer within {self._timeout_s:g} s")
        except http.client.HTTPException as fault:  # its message may quote the receiver's answer
            return Answer(error=f"the receiver's answer is not HTTP ({type(fault).__name__})")
        except (OSError, UnicodeError, ValueError) as fault:
            return Answer(error=f"{type(fault).__name__}: {fault}"[:MAX_ERROR_CHARS])

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self.guard.close()
        self.mailer.close()

    def _where(self, url: str) -> tuple[str, int]:
        parts = urlsplit(url)
        return _ascii(parts.hostname or ""), parts.port or PORTS[parts.scheme]

    def _send(self, url: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Answer:
        parts = urlsplit(url)
        host = _ascii(parts.hostname or "")
        connection = http.client.HTTPConnection(host, parts.port or PORTS[parts.scheme])
        connection.default_port = PORTS[parts.scheme]  # the Host header omits the default port
        raw = self._connect(url, deadline)
        try:
            tcp: socket.socket = raw
            if parts.scheme == "https":
                raw.settimeout(left(deadline))
                tls = self._tls.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
                self._exchange(raw, tls)
                raw = tcp = tls
                tls.settimeout(left(deadline))
                tls.do_handshake()
            connection.sock = TimedSocket(tcp, deadline)  # with the methods of a socket that http.client uses
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

    def _connect(self, url: str, deadline: float) -> socket.socket:
        made: list[socket.socket] = []

        def opened(each: socket.socket) -> None:
            self._exchange(made.pop() if made else None, each)
            made.append(each)

        try:
            return self.guard.connect(*self._where(url), deadline, opened)
        except Exception as error:
            if made:
                self._exchange(made.pop(), None)
            if isinstance(error, OSError) and not self.guard.rules.tells:
                raise _Unreachable from None
            raise

    def _exchange(self, before: socket.socket | None, after: socket.socket | None) -> None:
        """Record the open sockets, for `close`."""
        with self._lock:
            if before is not None:
                self._open.discard(before)
            if after is not None:
                if self._is_closed:
                    after.close()
                    raise OSError(STOPPING)
                self._open.add(after)


_IN_PATH = "/%:@!$&'()*+,;=~"
_IN_QUERY = _IN_PATH + "?[]"
_OWN = {"User-Agent": f"Trackside/{__version__}", "Connection": "close", "Accept": "*/*"}


def _body(answer: http.client.HTTPResponse) -> str:
    """Return the beginning of the body.  Errors are ignored: the status decides the outcome."""
    with suppress(OSError, http.client.HTTPException):
        return answer.read(MAX_ANSWER_BYTES).decode("utf-8", "replace")
    return ""


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
    """Return the seconds of a Retry-After header, which has seconds or a date; None for a text that is neither."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):  # OverflowError: an invalid year or hour
        return None

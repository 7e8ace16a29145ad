"""Sends one small HTTP request to a server that the operator named, and returns its whole answer.

Redirects are not followed, proxies of the environment are ignored, and the whole exchange has one deadline.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from trackside import __version__
from trackside.core.outgoing.guard import Forbidden, Guard, left
from trackside.core.outgoing.timed import TimedSocket

MAX_ANSWER_BYTES = 1 << 20
_PORTS = {"https": 443, "http": 80}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_IN_PATH = "/%:@!$&'()*+,;=~"
_OWN = {"User-Agent": f"Trackside/{__version__}", "Connection": "close", "Accept": "application/json"}


class Failed(Exception):
    """No usable answer; the message says why, in one line."""


class Reply(Struct, frozen=True):
    status: int
    body: bytes

    def fields(self) -> dict[str, object]:
        """Return the JSON object of the body.  Raise Failed for anything else."""
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = None
        if not isinstance(found, dict):
            raise Failed(f"the answer (status {self.status}) is not a JSON object")
        return found


def check_url(url: str) -> SplitResult:
    """Raise ValueError unless the URL is https, or http to this machine, without a user, a query and a fragment."""
    parts = urlsplit(url)
    is_near = parts.scheme == "http" and parts.hostname in _LOOPBACK
    is_plain = url.isascii() and url.isprintable() and " " not in url and parts.username is None and not parts.fragment
    if not (parts.scheme == "https" or is_near) or not parts.hostname or not is_plain or "\\" in url:
        raise ValueError("it must be https://HOST/PATH, or http to localhost, without a user and a fragment")
    _ = parts.port  # raises ValueError for a port that is not a number
    return parts


class Exchange:
    """Sends requests, each within `timeout_s`; safe to use from several threads."""

    def __init__(self, guard: Guard, timeout_s: float, ca_file: Path | None = None) -> None:
        self._guard = guard
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._tls: ssl.SSLContext | None = None

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self._send("GET", url, None, headers or {})

    def post_form(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Reply:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", url, urlencode(fields).encode(), {**form, **(headers or {})})

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        deadline = time.monotonic() + self._timeout_s
        try:
            parts = check_url(url)
            return self._exchange(method, parts, body, headers, deadline)
        except Forbidden as why:
            raise Failed(f"{why}") from None
        except TimeoutError:
            raise Failed(f"no answer within {self._timeout_s:g} s") from None
        except http.client.HTTPException as fault:  # its message may quote the answer
            raise Failed(f"the answer is not HTTP ({type(fault).__name__})") from None
        except (OSError, ValueError) as fault:
            raise Failed(f"{type(fault).__name__}: {fault}"[:300]) from None

    def _exchange(
        self, method: str, parts: SplitResult, body: bytes | None, headers: Mapping[str, str], deadline: float
    ) -> Reply:
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        connection = http.client.HTTPConnection(host, port)
        connection.default_port = _PORTS[parts.scheme]  # the header Host names only a non-standard port
        tcp: socket.socket = self._guard.connect(host, port, deadline)
        try:
            if parts.scheme == "https":
                tcp.settimeout(left(deadline))
                tcp = self._context().wrap_socket(tcp, server_hostname=host)
            connection.sock = TimedSocket(tcp, deadline)
            path = quote(parts.path or "/", safe=_IN_PATH) + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, {**headers, **_OWN})
            answer = connection.getresponse()
            read = answer.read(MAX_ANSWER_BYTES + 1)
        finally:
            tcp.close()
        if len(read) > MAX_ANSWER_BYTES:
            raise Failed(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
        return Reply(answer.status, read)

    def _context(self) -> ssl.SSLContext:
        """Return the TLS context; reading the system's certificates takes 10 ms, so only the first request waits for it."""
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=None if self._ca_file is None else str(self._ca_file))
        return self._tls

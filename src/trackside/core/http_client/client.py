"""An HTTP client for a remote, with persistent connections.  It raises two kinds of errors (`errors`)."""

import http.client
import json
import logging
import re
import selectors
import socket
import ssl
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct

from trackside import __version__
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.early_answers import HTTPConnection
from trackside.core.http_client.errors import Cancelled, NotCalled, RemoteUnavailable, RequestRejected, ResponseTooLarge
from trackside.core.http_client.slow_response import PatientResponse
from trackside.core.outgoing.guard import ANYWHERE, Forbidden, Guard

log = logging.getLogger("trackside.links")
T = TypeVar("T")

CONNECT_S = 10.0
ANSWER_S = 60.0  # longest silence
MAX_ANSWER_BYTES = 64 << 20  # of a body in memory
PIECE_BYTES = 1 << 20
# Errors of an established connection that was closed: for TLS they depend on OpenSSL's release and on the timing.
CUT = (ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest, ssl.SSLError)
_PORTS = {"http": 80, "https": 443}
_CODE = re.compile("[A-Z][A-Z0-9_]{2,63}|[1-5][0-9]{2}")
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


class Answer(Struct):
    status: int
    headers: dict[str, str]  # in lower case
    body: bytes

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body) if self.body else {}
        except (ValueError, RecursionError):
            if "text/html" in self.headers.get("content-type", ""):
                raise RemoteUnavailable(
                    "the remote answered with a web page instead of JSON. Is it a sign-in page?"
                ) from None
            raise RemoteUnavailable(f"the remote answered with {len(self.body)} bytes that are not JSON") from None


class Download:
    """A file that is received in pieces; a body that ends early raises RemoteUnavailable.

    It begins at `start`.  `etag` is its version as the remote wrote it, empty if a download cannot be resumed by it.
    `sha256` is that of the whole file, empty if the remote did not send it."""

    def __init__(
        self,
        remote: "HttpClient",
        response: http.client.HTTPResponse,
        head: Mapping[str, str],
        start: int,
        close: Callable[[], None],
    ) -> None:
        self.start = start
        self.etag = "" if head.get("etag", "W/").startswith("W/") else head["etag"]
        self.sha256 = _sha256(head.get("repr-digest", ""))
        self.close = close
        self._remote = remote
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                piece = self._response.read(PIECE_BYTES)
            except (OSError, http.client.HTTPException) as error:
                self._remote.close()
                raise RemoteUnavailable(
                    f"{self._remote.url} closed the connection during a download ({_words(error)})"
                ) from None
            if not piece:
                if self._response.length:
                    self._remote.close()
                    raise RemoteUnavailable(
                        f"{self._remote.url} closed the connection {self._response.length} bytes before the end of a download"
                    )
                return
            yield piece


class Bearer(Protocol):
    """Provides a token that expires and is renewed."""

    def __call__(self) -> str: ...

    def forget(self) -> None:
        """Drop the token: the remote refused it."""
        ...


class HttpClient:
    """A client of one remote, for one thread at a time.  Redirects are not followed: they would send the token to another host.

    `pace` is called with a path before each call and may block.  `is_signed`: the URL itself grants access, so a refusal concerns
    only the URL.  `has_acls`: an authenticated caller may be denied single objects.  `bearer` provides a token for each call,
    instead of a secret.  `guard` decides which hosts are called."""

    def __init__(
        self,
        url: str,
        secret: Secret,
        *,
        pace: Callable[[str], None] | None = None,
        headers: Mapping[str, str] | None = None,
        answer_s: float = ANSWER_S,
        cancel_token: CancelToken | None = None,
        is_signed: bool = False,
        has_acls: bool = False,
        bearer: Bearer | None = None,
        guard: Guard = ANYWHERE,
    ) -> None:
        parts = urlsplit(url)
        self.url = url
        self.cancel_token = cancel_token or CancelToken()
        self.guard = guard
        self.prefix = quote(parts.path.rstrip("/"), safe="/%")
        self._place = (parts.scheme, parts.hostname or "", parts.port)
        self._pace = pace
        self._bearer = bearer
        # Databricks puts the status in place of a code for an unknown token.
        self._closed = (
            () if is_signed else ("", "UNAUTHENTICATED", "401", "403", *([] if has_acls else ["PERMISSION_DENIED"]))
        )
        self._answer_s = answer_s
        self.answered = 0  # successful calls
        self.date: datetime | None = None  # the remote's time, by its last answer
        self._own = threading.local()
        self._headers = {"user-agent": f"trackside/{__version__}", **_authorization(secret), **(headers or {})}

    def now(self) -> float:
        """Return the remote's time in s by its last answer, or this server's time if the answer has none."""
        return time.time() if self.date is None else self.date.timestamp()

    def close(self) -> None:
        connection = getattr(self._own, "connection", None)
        if connection is not None:
            connection.close()
            self._own.connection = None

    def json(self, method: str, path: str, body: Any = None, /, *, idempotent: bool = True, **query: Any) -> Any:
        """Send a call with a JSON body and return the JSON of its answer.  `idempotent`: as in `call`."""
        given = {key: value for key, value in query.items() if value is not None}
        if given:
            path += ("&" if "?" in path else "?") + urlencode(given, doseq=True)
        raw = None if body is None else json.dumps(body).encode()
        return self.call(method, path, raw, {"content-type": "application/json"}, idempotent=idempotent).json

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        most_bytes: int = MAX_ANSWER_BYTES,
        idempotent: bool = True,
    ) -> Answer:
        """Return the whole answer of a successful call.  Raise ResponseTooLarge if it has more than `most_bytes`.

        A call that is not `idempotent` is not retried if it may have arrived."""
        return self._whole(method, path, body, headers or {}, most_bytes, idempotent=idempotent)

    def download(
        self, path: str, start: int = 0, etag: str = "", headers: Mapping[str, str] | None = None
    ) -> "Download":
        """Return a file from `start` if the remote still has the version of that ETag and supports ranges; otherwise from 0."""
        wanted = {"range": f"bytes={start}-", "if-range": etag} if start and etag else {}
        opened = ExitStack()
        try:
            response, head = opened.enter_context(self.open("GET", path, None, {**(headers or {}), **wanted}))
        except RequestRejected as refused:
            if not wanted or refused.status not in (412, 416):
                raise
            return self.download(path, headers=headers)
        begins = 0
        if response.status == http.client.PARTIAL_CONTENT:
            begins = start
            if not head.get("content-range", "").startswith(f"bytes {start}-") or head.get("etag") != etag:
                opened.close()
                return self.download(path, headers=headers)
        return Download(self, response, head, begins, opened.close)

    def send(
        self, method: str, path: str, pieces: Iterable[bytes], size: int, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a streamed body of a known size and return the answer."""
        return self._whole(method, path, pieces, {**(headers or {}), "content-length": str(size)})

    def _whole(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
        most_bytes: int = MAX_ANSWER_BYTES,
        *,
        idempotent: bool = True,
    ) -> Answer:
        with self.open(method, path, body, headers, idempotent=idempotent) as (response, head):
            try:
                read = response.read(most_bytes + 1)
            except (OSError, http.client.HTTPException) as error:
                raise RemoteUnavailable(
                    f"{self.url} closed the connection during its answer ({_words(error)})"
                ) from None
            if len(read) > most_bytes:
                raise ResponseTooLarge(
                    f"{self.url} answered {method} {path.partition('?')[0]} with more than {most_bytes} bytes"
                )
            if response.length:  # a read with a size does not raise IncompleteRead
                raise RemoteUnavailable(
                    f"{self.url} closed the connection {response.length} bytes before the end of its answer"
                )
            self.answered += 1
            return Answer(response.status, head, read)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str] | None,
        *,
        idempotent: bool = True,
    ) -> Iterator[tuple[http.client.HTTPResponse, dict[str, str]]]:
        if self._pace is not None:
            self._pace(path)
        if self.cancel_token.is_cancelled:
            raise Cancelled
        again = idempotent and (body is None or isinstance(body, bytes))
        given = {**self._headers, **(headers or {})}
        if self._bearer is not None:
            given["authorization"] = f"Bearer {self._bearer()}"
        response = self._ask(method, self.prefix + path, body, given, again=again)
        head = {name.lower(): value for name, value in response.getheaders()}
        self.date = _moment(head.get("date"))
        if response.status >= 300:
            self._raise(response, head, f"{method} {path.partition('?')[0]}")
        whole = False
        try:
            yield response, head
            whole = True
        finally:
            if not whole or not response.isclosed():
                self.close()  # unread data of this answer would precede the next one

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None,
        headers: Mapping[str, str],
        *,
        again: bool,
    ) -> http.client.HTTPResponse:
        """Send a request and return the head of its response.  `again`: the request may be retried on a new connection."""
        kept = getattr(self._own, "connection", None)
        if kept is not None and (kept.sock is None or _has_news(kept.sock)):
            # The remote announced the end of this connection with its last answer, or has closed it since.
            self.close()
            kept = None
        connection = kept or self._connect()
        try:
            connection.request(method, path, body, dict(headers), encode_chunked=False)
            response: http.client.HTTPResponse = connection.getresponse()
        except CUT as error:
            self.close()
            if kept is None or not again:
                words = "closed the connection" if self.guard.rules.tells else "cannot be reached"
                raise RemoteUnavailable(f"{self.url} {words}{self._why(error)}") from None
            return self._ask(method, path, body, headers, again=False)  # the remote closed an idle connection
        except (OSError, http.client.HTTPException) as error:
            self.close()
            words = "does not answer" if self.guard.rules.tells else "cannot be reached"
            raise RemoteUnavailable(f"{self.url} {words}{self._why(error)}") from None
        except BaseException:
            self.close()
            raise
        return response

    def _connect(self) -> http.client.HTTPConnection:
        scheme, host, port = self._place
        connection = HTTPConnection(host, port or _PORTS[scheme], timeout=CONNECT_S)
        connection.default_port = _PORTS[scheme]  # the header Host names only a non-standard port
        try:
            connection.sock = self._socket(scheme, host, port or _PORTS[scheme])
        except (Forbidden, OSError, ValueError) as error:
            if isinstance(error, Forbidden):
                log.warning("%s is not called: %s", host, error)
                if self.guard.rules.tells:
                    raise NotCalled(f"{self.url} is not called: {error}") from None
            raise RemoteUnavailable(f"{self.url} cannot be reached{self._why(error)}") from None
        connection.response_class = PatientResponse
        connection.sock.settimeout(self._answer_s)
        self._own.connection = connection
        self.cancel_token.watch(connection.sock)
        return connection

    def _socket(self, scheme: str, host: str, port: int) -> socket.socket:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
        raw = self.guard.connect(name, port, time.monotonic() + CONNECT_S, self.cancel_token.watch)
        if scheme != "https":
            return raw
        try:
            raw.settimeout(CONNECT_S)
            return ssl.create_default_context().wrap_socket(raw, server_hostname=name)
        except BaseException:
            raw.close()
            raise

    def _why(self, error: BaseException) -> str:
        """Return the reason of a failure; only an administrator sees whether the connection was refused or timed out."""
        return f" ({_words(error)})" if self.guard.rules.tells else " by this server"

    def _raise(self, response: http.client.HTTPResponse, head: dict[str, str], what: str) -> None:
        try:
            raw = response.read(1 << 20)
        except (OSError, http.client.HTTPException):
            raw = b""
        self.close()
        code, message = _fault(raw)
        status = response.status
        if status < 400:
            where = head.get("location", "").partition("?")[0] if self.guard.rules.tells else ""
            raise RemoteUnavailable(
                f"{self.url} redirects {what} to {where or 'another place'} ({status}). Redirects are not followed, because they"
                " would send the token to another host. Is it a sign-in page? Otherwise use that address for the link.",
                60.0,
            )
        if status in (401, 403) and code in self._closed:
            if self._bearer is not None:
                self._bearer.forget()
            raise RemoteUnavailable(
                f"{self.url} does not accept the credentials ({status} {message or response.reason})", 60.0
            )
        if status in BUSY and code not in ("INVALID_STATE", "RESOURCE_ALREADY_EXISTS", "FEATURE_DISABLED"):
            wait = _retry_after(head.get("retry-after"), self.date)
            raise RemoteUnavailable(
                f"{self.url} answered {status} at {what}: {message or response.reason}"[:500], wait, status
            )
        raise RequestRejected(status, code, f"{what}: {message or response.reason}"[:1000])


def _has_news(connection: socket.socket) -> bool:
    """Return whether data arrived on an idle connection: most likely its end."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(0))


def _sha256(header: str) -> str:
    """Return the SHA-256 in hexadecimal from the header of RFC 9530."""
    found = re.search(r"sha-256=:([A-Za-z0-9+/=]+):", header)
    try:
        return b64decode(found[1]).hex() if found else ""
    except ValueError:
        return ""


def _authorization(secret: Secret) -> dict[str, str]:
    if secret.token:
        return {"authorization": f"Bearer {secret.token}"}
    if secret.username:
        both = b64encode(f"{secret.username}:{secret.password}".encode()).decode()
        return {"authorization": f"Basic {both}"}
    return {}


def _fault(raw: bytes) -> tuple[str, str]:
    """Return the code and the message of an MLflow error.  No other body is quoted: the URL that a caller names may be a
    service that the caller cannot reach."""
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        return "", ""
    code = answer.get("error_code") if isinstance(answer, dict) else None
    if isinstance(code, int):  # Databricks writes the status instead of a code
        code = str(code)
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return "", ""
    return code, str(answer.get("message", ""))


def _retry_after(text: str | None, now: datetime | None) -> float | None:
    """Return the seconds of Retry-After.  A date is compared with the remote's own clock, if the answer has its time."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    at = _moment(text)
    return None if at is None else max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # OverflowError: an invalid year or hour
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _words(error: BaseException) -> str:
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
        return "its answer is not HTTP"  # the error quotes it
    return str(error) or type(error).__name__

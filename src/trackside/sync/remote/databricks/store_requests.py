"""Requests to cloud stores by signed URLs.

A signed URL grants access by itself for some minutes, so the workspace's token is not sent with it.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from msgspec import Struct

from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.client import Answer, HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RequestRejected
from trackside.core.outgoing.guard import ANYWHERE, Guard

AZURE, LAKE, S3 = "AZURE_SAS_URI", "AZURE_ADLS_GEN2_SAS_URI", "AWS_PRESIGNED_URL"
CLOSED = frozenset({401, 403})
EXPIRED = frozenset(
    {400, *CLOSED}
)  # statuses of an expired URL; Google, and S3 after the URL's token expired, answer 400
_KEPT = "%/?:@!$&'()*+,;=[]~"  # escaped characters, and those that need no escape
T = TypeVar("T")


class Header(Struct, frozen=True):
    name: str
    value: str


class Credential(Struct, frozen=True):
    """A signed URL of the workspace."""

    signed_uri: str
    type: str | None = None
    headers: list[Header] | None = None

    def __post_init__(self) -> None:
        _ = urlsplit(self.signed_uri).port  # raises ValueError for text that is no URL


class Signed(Struct, frozen=True):
    """A URL, the kind of its store, and the headers to send."""

    uri: str
    kind: str
    headers: dict[str, str]


def signed(given: Credential) -> Signed:
    return Signed(given.signed_uri, given.type or "", {each.name: each.value for each in given.headers or []})


class Stores:
    """A connection to the host of the last URL.  To be closed."""

    def __init__(self, cancel_token: CancelToken, guard: Guard = ANYWHERE) -> None:
        self._cancel_token = cancel_token
        self._guard = guard
        self._place = ""
        self._http: HttpClient | None = None

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def at(self, url: Signed, query: str = "") -> tuple[HttpClient, str]:
        """Return the client for the URL's host, without the workspace's token, and the target."""
        parts = urlsplit(url.uri)
        place = f"{parts.scheme}://{parts.netloc}"
        if self._http is None or place != self._place:
            self.close()
            self._http = HttpClient(place, Secret(), cancel_token=self._cancel_token, is_signed=True, guard=self._guard)
            self._place = place
        text = "&".join(filter(None, (parts.query, query)))
        where = parts.path + (f"?{text}" if text else "")
        # The error for a forbidden character would quote the URL with its signature.
        return self._http, quote(where, safe=_KEPT)

    def send(self, method: str, url: Signed, body: Iterable[bytes], size: int) -> Answer:
        http, where = self.at(url)
        return http.send(method, where, body, size, url.headers)


def let_in(ask: Callable[[], T], sign: Callable[[], object]) -> T:
    """Make a request; if the URL is expired, sign another one and repeat it."""
    try:
        return ask()
    except RequestRejected as refused:
        if refused.status not in EXPIRED:
            raise
    sign()
    try:
        return ask()
    except RequestRejected as refused:
        if refused.status not in CLOSED:
            raise
        text = f"a URL that was signed just now does not let in: {refused}"
        raise RequestRejected(refused.status, "EXPIRED", text) from None


def md5_sums(answer: Answer) -> set[bytes]:
    """Return the MD5 sums that the store reports for the body.  S3's ETag is not an MD5 if a customer's key encrypts."""
    found = set()
    etag = answer.headers.get("etag", "").strip('"')
    if re.fullmatch("[0-9a-f]{32}", etag):
        found.add(bytes.fromhex(etag))
    for text in re.findall("md5=([A-Za-z0-9+/]{22}==)", answer.headers.get("x-goog-hash", "")):
        found.add(base64.b64decode(text))
    return found


def md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


def in_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()

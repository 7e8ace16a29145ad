"""Calls of the clouds' stores by signed URLs.  Knows URLs and checksums; knows neither files nor runs.

A URL lets in by itself, for some minutes: it is called without our token.
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
)  # Google's, and S3 where the token within the URL has expired, call it a bad request
_KEPT = "%/?:@!$&'()*+,;=[]~"  # what is escaped already, and what needs not to be
T = TypeVar("T")


class Header(Struct, frozen=True):
    name: str
    value: str


class Credential(Struct, frozen=True):
    """A signed URL as the workspace tells it."""

    signed_uri: str
    type: str | None = None
    headers: list[Header] | None = None

    def __post_init__(self) -> None:
        _ = urlsplit(self.signed_uri).port  # raises ValueError for what is no URL


class Signed(Struct, frozen=True):
    """Where to go, of which kind of store, and what headers belong to it."""

    uri: str
    kind: str
    headers: dict[str, str]


def signed(given: Credential) -> Signed:
    return Signed(given.signed_uri, given.type or "", {each.name: each.value for each in given.headers or []})


class Stores:
    """A connection to where the last URL led.  To be closed."""

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
        """Whom to ask, without our token, which is nothing for another host; and for what."""
        parts = urlsplit(url.uri)
        place = f"{parts.scheme}://{parts.netloc}"
        if self._http is None or place != self._place:
            self.close()
            self._http = HttpClient(place, Secret(), cancel_token=self._cancel_token, is_signed=True, guard=self._guard)
            self._place = place
        words = "&".join(filter(None, (parts.query, query)))
        where = parts.path + (f"?{words}" if words else "")
        # A character that no call may have would be told, and the signature with it.
        return self._http, quote(where, safe=_KEPT)

    def send(self, method: str, url: Signed, body: Iterable[bytes], size: int) -> Answer:
        http, where = self.at(url)
        return http.send(method, where, body, size, url.headers)


def let_in(ask: Callable[[], T], sign: Callable[[], object]) -> T:
    """Once more, after another URL was signed, where the one at hand lets in no more."""
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
        words = f"a URL that was signed just now does not let in: {refused}"
        raise RequestRejected(refused.status, "EXPIRED", words) from None


def told(answer: Answer) -> set[bytes]:
    """Return the MD5 sums that the store says of what came.  S3's ETag is another thing where a key of the customer encrypts."""
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

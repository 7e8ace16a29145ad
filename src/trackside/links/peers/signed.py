"""One file by signed URLs, as Databricks gives them out for S3, Google's and Azure's stores.  Knows stores; knows no run.

A URL lets in by itself, for some minutes: it is called without our token, and when it lets in no more another one is asked
for.  Azure is told the MD5 of what comes, and refuses anything else; S3 and Google say that of what came.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from msgspec import Struct

from trackside.links.ending import Ending
from trackside.links.files import Source
from trackside.links.model import Secret
from trackside.links.peer import Unmirrored
from trackside.links.wire import Answer, Http, Incoming, Refused

# Azure takes 64 MiB at once from the oldest of its API's versions on, and 4 MiB to 4,000 MiB as a block of a larger file.
# https://learn.microsoft.com/rest/api/storageservices/put-blob, .../put-block
AZURE_AT_ONCE_BYTES = 64 << 20
BLOCK_BYTES = 32 << 20
S3_AT_ONCE_BYTES = 5 << 30
AZURE, LAKE, S3 = "AZURE_SAS_URI", "AZURE_ADLS_GEN2_SAS_URI", "AWS_PRESIGNED_URL"
EXPIRED = frozenset({401, 403})
T = TypeVar("T")


class Signed(Struct, frozen=True):
    """Where to go, of which kind of store, and what headers belong to it."""

    uri: str
    kind: str
    headers: dict[str, str]


class Sent(Struct, frozen=True):
    """`is_checked`: the store has seen by a checksum that all came as it left."""

    sha256: str
    is_checked: bool


def signed(given: Mapping[str, Any]) -> Signed:
    headers = {each["name"]: each["value"] for each in given.get("headers") or []}
    return Signed(given["signed_uri"], str(given.get("type", "")), headers)


class SignedFile:
    """`sign` asks for a URL, another one each time.  To be closed."""

    def __init__(
        self,
        sign: Callable[[], Signed],
        ending: Ending,
        *,
        at_once: int = AZURE_AT_ONCE_BYTES,
        block: int = BLOCK_BYTES,
    ) -> None:
        """`at_once`: what is longer goes to Azure by blocks of `block` bytes."""
        self._sign = sign
        self._ending = ending
        self._at_once = at_once
        self._block = block
        self._signed = sign()
        self._http: Http | None = None

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def send(self, source: Source) -> Sent:
        kind = self._signed.kind
        if kind == LAKE:
            return self._append(source)
        if kind == AZURE and source.size_bytes > self._at_once:
            return self._send_blocks(source)
        if kind == S3 and source.size_bytes > S3_AT_ONCE_BYTES:
            raise Unmirrored(f"it has {source.size_bytes} bytes; by a signed URL S3 takes at most {S3_AT_ONCE_BYTES}")
        return self._send_whole(source)

    def get(self, start: int, etag: str) -> Incoming:
        def download() -> Incoming:
            http, where = self._at("")
            return http.download(where, start, etag, self._signed.headers)

        return self._let_in(download)

    def _send_whole(self, source: Source) -> Sent:
        sha256, md5 = hashlib.sha256(), _md5()
        for piece in source.pieces():
            sha256.update(piece)
            md5.update(piece)
        headers: dict[str, str] = {}
        if self._signed.kind == AZURE:
            headers = {"x-ms-blob-type": "BlockBlob", "content-md5": _base64(md5.digest())}
        answer = self._call("PUT", "", source.pieces, source.size_bytes, headers)
        is_checked = self._signed.kind == AZURE or md5.digest() in _told(answer)
        return Sent(sha256.hexdigest(), is_checked)

    def _send_blocks(self, source: Source) -> Sent:
        """Those that came before the last try broke off are not sent again, if the URL lets look for them."""
        there = self._staged()
        version = hashlib.sha256(f"{source.etag} {source.size_bytes}".encode()).hexdigest()[:24]
        names = []
        sha256 = hashlib.sha256()
        for at, block in self._blocks(source):
            sha256.update(block)
            name = _base64(f"{version}{at // self._block:08}".encode())
            names.append(name)
            if there.get(name) != len(block):
                self._send_bytes("PUT", f"comp=block&blockid={quote(name, safe='')}", block)
        listed = "".join(f"<Uncommitted>{name}</Uncommitted>" for name in names)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        self._send_bytes("PUT", "comp=blocklist", body)
        return Sent(sha256.hexdigest(), is_checked=True)

    def _append(self, source: Source) -> Sent:
        """What is not flushed is no part of the file: it begins anew."""
        self._send_bytes("PUT", "resource=file", b"")
        sha256 = hashlib.sha256()
        for at, block in self._blocks(source):
            sha256.update(block)
            self._send_bytes("PATCH", f"action=append&position={at}", block)
        self._send_bytes("PATCH", f"action=flush&position={source.size_bytes}", b"")
        return Sent(sha256.hexdigest(), is_checked=True)

    def _blocks(self, source: Source) -> Iterator[tuple[int, bytes]]:
        for at in range(0, source.size_bytes, self._block):
            yield at, b"".join(source.pieces(at, min(at + self._block, source.size_bytes)))

    def _staged(self) -> dict[str, int]:
        """The sizes of blocks that are there and belong to no file yet, by name."""
        try:
            answer = self._once("GET", "comp=blocklist&blocklisttype=uncommitted", None, 0, {})
        except Refused:  # there are none, or the URL lets write alone
            return {}
        found = re.findall(rb"<Name>([^<]+)</Name>\s*<Size>(\d+)</Size>", answer.body)
        return {name.decode(): int(size) for name, size in found}

    def _send_bytes(self, method: str, query: str, body: bytes) -> None:
        md5 = _md5()
        md5.update(body)
        self._call(method, query, lambda: [body], len(body), {"content-md5": _base64(md5.digest())} if body else {})

    def _call(
        self, method: str, query: str, body: Callable[[], Iterable[bytes]], size: int, headers: dict[str, str]
    ) -> Answer:
        return self._let_in(lambda: self._once(method, query, body(), size, headers))

    def _let_in(self, ask: Callable[[], T]) -> T:
        """Once more by another URL where this one lets in no more."""
        try:
            return ask()
        except Refused as refused:
            if refused.status not in EXPIRED:
                raise
        self.close()
        self._signed = self._sign()
        try:
            return ask()
        except Refused as refused:
            if refused.status not in EXPIRED:
                raise
            raise Refused(
                refused.status, "EXPIRED", f"a URL that was signed just now does not let in: {refused}"
            ) from None

    def _once(
        self, method: str, query: str, body: Iterable[bytes] | None, size: int, headers: dict[str, str]
    ) -> Answer:
        http, where = self._at(query)
        given = {**self._signed.headers, **headers}
        if self._signed.kind == LAKE:  # which has no blobs
            given = {name: value for name, value in given.items() if not name.lower().startswith("x-ms-blob-")}
        if body is None:
            return http.call(method, where, None, given)
        return http.send(method, where, body, size, given)

    def _at(self, query: str) -> tuple[Http, str]:
        """Without our token, which is nothing for another host."""
        parts = urlsplit(self._signed.uri)
        if self._http is None:
            self._http = Http(f"{parts.scheme}://{parts.netloc}", Secret(), ending=self._ending, is_signed=True)
        words = "&".join(filter(None, (parts.query, query)))
        return self._http, parts.path + (f"?{words}" if words else "")


def _told(answer: Answer) -> set[bytes]:
    """What the store says that the MD5 of what came is.  S3's ETag is another thing where a key of the customer encrypts."""
    found = set()
    etag = answer.headers.get("etag", "").strip('"')
    if re.fullmatch("[0-9a-f]{32}", etag):
        found.add(bytes.fromhex(etag))
    for text in re.findall("md5=([A-Za-z0-9+/]{22}==)", answer.headers.get("x-goog-hash", "")):
        found.add(base64.b64decode(text))
    return found


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()

"""The HTTP headers of a file in an answer: type, name, conditions, range.  Pure: reads no file.

Conditions and ranges are those of RFC 9110, sections 13 and 14.  A request for several ranges gets the whole file.
"""

import re
import unicodedata
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from mimetypes import MimeTypes
from urllib.parse import quote

from msgspec import Struct

from trackside.artifacts.blobs import Stat
from trackside.core.http.browser import FILE_HEADERS
from trackside.core.http.streams import Headers

# MLflow's UI and clients show these as text, independently of the system's tables of types.
_TEXT = frozenset(
    "txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb"
    " MLmodel MLproject mlproject".split()
)
_TYPES = MimeTypes()  # Python's tables: the same answer on every machine
_TYPES.add_type("image/webp", ".webp")  # missing before Python 3.13; mlflow.log_image writes small copies of this type
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)
_TAGS = re.compile(r'(W/)?"([^"]*)"')


class Answer(Struct, frozen=True):
    """The part of a file to send: the bytes from `start` up to before `stop`."""

    status: int
    headers: Headers
    start: int = 0
    stop: int = 0


def answer(name: str, stat: Stat, asked: Mapping[bytes, bytes]) -> Answer:
    """Return the answer to a request.  `asked`: the request's headers, with names in lower case."""
    size = stat.size_bytes
    same: Headers = [
        (b"etag", b'"%s"' % stat.etag.encode()),
        (b"last-modified", formatdate(stat.modified_ms / 1000, usegmt=True).encode()),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"no-cache"),
    ]
    if _is_another(stat, asked):
        return Answer(412, [*same, (b"content-length", b"0")])
    if _is_known(stat, asked):
        return Answer(304, same)
    headers: Headers = [
        (b"content-type", content_type(name).encode()),
        (b"content-disposition", content_disposition(name).encode()),
        *FILE_HEADERS,
        *same,
    ]
    part = _range(size, asked) if _is_range_meant(stat, asked) else None
    if part is None:
        return Answer(200, [*headers, (b"content-length", b"%d" % size)], 0, size)
    start, stop = part
    if start >= stop:
        return Answer(416, [*same, (b"content-range", b"bytes */%d" % size), (b"content-length", b"0")])
    headers += [
        (b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, size)),
        (b"content-length", b"%d" % (stop - start)),
    ]
    return Answer(206, headers, start, stop)


def content_type(name: str) -> str:
    _, dot, extension = name.rpartition(".")
    if (extension if dot else name) in _TEXT:
        return "text/plain"
    return _TYPES.guess_type(name)[0] or "application/octet-stream"


def content_disposition(name: str) -> str:
    """Return the header that makes browsers download the file: a logged file must not run as a page of this server (RFC 6266, RFC
    5987)."""
    if name.isascii() and name.isprintable():
        return f"attachment; filename={_quoted(name)}"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join(filter(str.isprintable, plain)) or "download"
    encoded = quote(name, safe="!#$&+-.^_`|~", errors="replace")
    return f"attachment; filename={_quoted(plain)}; filename*=UTF-8''{encoded}"


def _quoted(name: str) -> str:
    if _TOKEN.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_another(stat: Stat, asked: Mapping[bytes, bytes]) -> bool:
    """Return whether the request is for another version (If-Match, If-Unmodified-Since)."""
    wanted = asked.get(b"if-match")
    if wanted is not None:
        return not _names(wanted, stat, weakly=False)
    since = _seconds(asked.get(b"if-unmodified-since"))
    return since is not None and stat.modified_ms // 1000 > since


def _is_known(stat: Stat, asked: Mapping[bytes, bytes]) -> bool:
    """Return whether the client has this version already (If-None-Match, If-Modified-Since)."""
    known = asked.get(b"if-none-match")
    if known is not None:
        return _names(known, stat, weakly=True)
    since = _seconds(asked.get(b"if-modified-since"))
    return since is not None and stat.modified_ms // 1000 <= since


def _is_range_meant(stat: Stat, asked: Mapping[bytes, bytes]) -> bool:
    """Return whether the client can use a part of this version (If-Range)."""
    condition = asked.get(b"if-range")
    if condition is None:
        return True
    if b'"' in condition:
        return condition.strip() == b'"%s"' % stat.etag.encode()
    return _seconds(condition) == stat.modified_ms // 1000


def _names(value: bytes, stat: Stat, *, weakly: bool) -> bool:
    if value.strip() == b"*":
        return True
    tags = _TAGS.findall(value.decode("latin-1"))
    return any(tag == stat.etag and (weakly or not weak) for weak, tag in tags)


def _range(size: int, asked: Mapping[bytes, bytes]) -> tuple[int, int] | None:
    """Return the requested range; None for no range, or an invalid one.  An empty range cannot be satisfied."""
    match = _RANGE.fullmatch(asked.get(b"range", b"").decode("latin-1"))
    if match is None:
        return None
    # Numbers longer than any file size would take long to parse.
    first, last = (digits if len(digits) < 20 else "9" * 19 for digits in match.groups())
    if first:
        if last and int(last) < int(first):
            return None
        return int(first), min(int(last) + 1, size) if last else size
    return (max(size - int(last), 0), size) if last else None


def _seconds(date: bytes | None) -> int | None:
    if date is None:
        return None
    try:
        return int(parsedate_to_datetime(date.decode("latin-1")).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None

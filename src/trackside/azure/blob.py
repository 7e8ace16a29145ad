"""Addresses of files as Azure Blob Storage writes them, signed for one file, and the XML of its calls.  Pure.

azureml-mlflow opens an address only if its host and path look like a storage account's
(`https://….blob.core.windows.net/<container>/<path>?<signature>`), and azure-storage-blob keeps only the parameters of a
shared access signature; the address therefore says with these who may do what until when.  Source: "Create a service SAS",
"Put Block List" and "Blob service error codes" of Azure's REST reference.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from msgspec import Struct

from trackside.azure import uris
from trackside.core.errors import Denied, Fault, Invalid
from trackside.core.http.streams import Headers

HOST = "az.blob.core.windows.net"  # the first part of the path, instead of a host
LIFE = timedelta(hours=24)  # of a URL: an upload of a large file may take long
MOST_BLOCKS = 50_000
READ, WRITE = "r", "cw"
_BLOCKS = re.compile(rb"<(?:Latest|Uncommitted|Committed)>\s*([^<\s]+)\s*</")
_ROOT = re.compile(rb"<BlockList\s*/?>")
_CODES = {
    404: "BlobNotFound",
    403: "AuthenticationFailed",
    413: "RequestBodyTooLarge",
    503: "ServerBusy",
    429: "ServerBusy",
}


class Grant(Struct, frozen=True):
    """The permission of a signed address, for one file; `upload` separates the blocks of concurrent uploads of one path."""

    mode: str
    upload: str


def address(base: str, key: bytes, workspace: str, owner: str, path: str, mode: str, now: datetime) -> str:
    """`base`: the URL of the workspace; `workspace`: its uid; `owner` and `path` name the file."""
    until = (now + LIFE).strftime("%Y-%m-%dT%H:%M:%SZ")
    upload = secrets.token_hex(8)
    sign = _signature(key, workspace, owner, path, mode, until, upload)
    query = f"sv=2021-08-06&sr=b&sp={mode}&se={until.replace(':', '%3A')}&skoid={upload}&sig={sign}"
    return f"{base}/{HOST}/{owner}/{uris.quoted(path)}?{query}"


def granted(query: Mapping[str, list[str]], key: bytes, workspace: str, owner: str, path: str, now: datetime) -> Grant:
    """Raise Denied for a URL that was not issued, was changed, or has expired."""
    mode, until, upload, sign = (query.get(name, [""])[-1] for name in ("sp", "se", "skoid", "sig"))
    wanted = _signature(key, workspace, owner, path, mode, until, upload)
    if not hmac.compare_digest(wanted.encode(), sign.encode("utf-8", "replace")):
        raise Denied("The signature of this address is not right.")
    if datetime.strptime(until, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) < now:
        raise Denied(f"This address ended at {until}.")
    return Grant(mode, upload)


def block_name(block_id: str) -> str:
    return hashlib.sha256(block_id.encode()).hexdigest()[:40]


def blocks(body: bytes) -> list[str]:
    """The ids of a block list, in order.  Raise Invalid."""
    if not _ROOT.search(body):
        raise Invalid("The body is no <BlockList>.")
    found = [match.decode("latin-1") for match in _BLOCKS.findall(body)]
    if len(found) > MOST_BLOCKS:
        raise Invalid(f"The list has {len(found)} blocks; at most {MOST_BLOCKS} are allowed.")
    twice = next((each for each, count in Counter(found).items() if count > 1), None)
    if twice is not None:  # a short list of one large block would fill the store
        raise Invalid(
            f"The list names the block '{twice[:100]}' more than once; send a block for each part of the file."
        )
    return found


def fault(error: Fault, code: str = "") -> tuple[int, Headers, bytes]:
    """Return status, headers and body of a fault in Blob Storage's form."""
    code = code or _CODES.get(error.status, "InvalidInput" if error.status < 500 else "InternalError")
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{escape(error.message)}</Message></Error>'
    headers = [(b"content-type", b"application/xml"), (b"x-ms-error-code", code.encode())]
    return error.status, [*headers, *error.headers], body.encode("utf-8", "replace")


def _signature(key: bytes, *said: str) -> str:
    # As JSON, so that a line break in a path does not end it.
    return hmac.digest(key, json.dumps(said).encode(), "sha256").hex()

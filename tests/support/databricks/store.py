"""The cloud stores behind the signed URLs of the tests' Databricks: S3, Google's, Azure's blobs and its data lake.

They accept what the real ones accept.  On a test's request they close the connection, store less than they report, or refuse a
URL.
"""

import base64
import hashlib
import re
import uuid
from typing import Any
from urllib.parse import quote, unquote

AWS, GOOGLE, AZURE, LAKE = "AWS_PRESIGNED_URL", "GCP_SIGNED_URL", "AZURE_SAS_URI", "AZURE_ADLS_GEN2_SAS_URI"
Answer = tuple[int, dict[str, str], bytes]
Where = tuple[str, str]  # whose file, and its path


class Uploads:
    """S3's multipart uploads, which store each file whole at the end or not at all."""

    def __init__(self) -> None:
        self.parts: dict[str, dict[int, bytes]] = {}  # of those under way
        self.least_bytes = 5 << 20  # of each part but the last
        self.failing: dict[int, int] = {}  # by number, how often a part fails still
        self.sums = True
        self.ended: list[str] = []
        self._where: dict[str, Where] = {}

    def begin(self, where: Where) -> str:
        upload_id = uuid.uuid4().hex
        self.parts[upload_id] = {}
        self._where[upload_id] = where
        return upload_id

    def answer(self, method: str, where: Where, query: dict[str, str], body: bytes) -> Answer:
        upload_id = query["uploadId"]
        if upload_id not in self.parts or self._where[upload_id] != where:
            return 404, {}, b"<Error><Code>NoSuchUpload</Code></Error>"
        if method == "DELETE":
            del self.parts[upload_id]
            self.ended.append(upload_id)
            return 204, {}, b""
        number = int(query["partNumber"])
        if self.failing.get(number):
            self.failing[number] -= 1
            return 503, {"retry-after": "0"}, b"<Error><Code>SlowDown</Code></Error>"
        self.parts[upload_id][number] = body
        return 200, {"etag": self._etag(body)}, b""

    def joined(self, where: Where, upload_id: str, etags: list[dict[str, Any]]) -> bytes | str:
        if upload_id not in self.parts or self._where[upload_id] != where:
            return f"The upload {upload_id} does not exist"
        parts = self.parts[upload_id]
        if [each["part_number"] for each in etags] != sorted(parts):
            return "The list of parts is not that of the upload"
        if any(self._etag(parts[each["part_number"]]) != each["etag"] for each in etags):
            return "One or more of the specified parts could not be found"
        if any(len(parts[number]) < self.least_bytes for number in sorted(parts)[:-1]):
            return "Your proposed upload is smaller than the minimum allowed size"
        del self.parts[upload_id]
        return b"".join(parts[number] for number in sorted(parts))

    def _etag(self, body: bytes) -> str:
        digest = hashlib.md5(body)
        return f'"{digest.hexdigest() if self.sums else hashlib.md5(digest.digest()).hexdigest()}"'


class Store:
    def __init__(self) -> None:
        self.kind = AWS
        self.files: dict[Where, bytes] = {}
        self.staged: dict[Where, dict[str, bytes]] = {}
        self.most_bytes = 64 << 20  # of one PUT
        self.uploads = Uploads()
        self.says_sums = True
        self.lists_blocks = True
        self.asked: list[str] = []
        self.expired = 0  # so many calls more are let in no more
        self.shorten = 0  # so many files more are kept in part
        self.lose = 0  # so many files more are not kept at all
        self.spoil = 0  # so many files more are kept with other bytes
        self.cut_in = 0  # so many bodies more break off on their way in
        self.cut_out = 0  # and on their way out
        self.cut_part = 0  # the part of that number breaks off, once
        self._appended: dict[Where, bytes] = {}

    def signed(self, url: str, verb: str, owner: str, path: str, more: str = "") -> Any:
        where = f"{quote(owner, safe='')}?path={quote(path, safe='')}&sig=abc{more}"
        return {
            "path": path,
            "signed_uri": f"{url}/signed/{verb}/{where}",
            "headers": [{"name": "x-signed", "value": "yes"}],
            "type": self.kind,
        }

    def answer(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
        _, _, verb, owner = path.split("/")
        where = (unquote(owner), query["path"])
        more = (query.get("comp"), query.get("resource"), query.get("action"), query.get("partNumber"))
        what = " ".join(filter(None, (method, *more)))
        self.asked.append(what)
        if "authorization" in headers or query.get("sig") != "abc" or headers.get("x-signed") != "yes":
            return 403, {}, b"<Error>a signed URL takes its own headers and no other authorization</Error>"
        if self.expired:
            self.expired -= 1
            return 403, {}, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
        if verb == "read":
            return self._get(where, headers) if method == "GET" else (405, {}, b"")
        if len(body) > self.most_bytes:
            return 413, {}, b"<Error><Code>RequestBodyTooLarge</Code></Error>"
        told = headers.get("content-md5")
        if told and base64.b64decode(told) != hashlib.md5(body).digest():
            return 400, {}, b"<Error><Code>Md5Mismatch</Code></Error>"
        if self.kind == LAKE:
            return self._lake(what, where, query, headers, body)
        if self.kind == AZURE:
            return self._azure(what, where, query, headers, body)
        if "uploadId" in query:
            return self.uploads.answer(method, where, query, body)
        if what != "PUT":
            return 405, {}, b""
        self._keep(where, body)
        return 200, self._sums(body), b""

    def cuts(self, query: dict[str, str]) -> bool:
        """Return whether the connection is closed during the body."""
        if self.cut_part and query.get("partNumber") == str(self.cut_part):
            self.cut_part = 0
            return True
        is_cut = self.cut_in > 0
        self.cut_in -= is_cut
        return is_cut

    def finish(self, where: Where, upload_id: str, etags: list[dict[str, Any]]) -> str | None:
        """Complete an upload; return an error, or None after its file was stored."""
        content = self.uploads.joined(where, upload_id, etags)
        if isinstance(content, str):
            return content
        self._keep(where, content)
        return None

    def _get(self, where: Where, headers: dict[str, str]) -> Answer:
        if where not in self.files:
            return 404, {}, b"<Error><Code>NoSuchKey</Code></Error>"
        content = self.files[where]
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        start = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
        if start and headers.get("if-range") == etag:
            at = int(start[1])
            part = {"etag": etag, "content-range": f"bytes {at}-{len(content) - 1}/{len(content)}"}
            return 206, part, content[at:]
        return 200, {"etag": etag}, content

    def _azure(self, what: str, where: Where, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
        blocks = self.staged.setdefault(where, {})
        match what:
            case "PUT" if headers.get("x-ms-blob-type") == "BlockBlob":
                self._keep(where, body)
            case "PUT block":
                blocks[query["blockid"]] = body
            case "PUT blocklist":
                names = re.findall("<Uncommitted>([^<]+)</Uncommitted>", body.decode())
                if not set(names) <= set(blocks):
                    return 400, {}, b"<Error><Code>InvalidBlockList</Code></Error>"
                self._keep(where, b"".join(blocks[name] for name in names))
                del self.staged[where]
            case "GET blocklist" if self.lists_blocks:
                listed = "".join(f"<Block><Name>{n}</Name><Size>{len(b)}</Size></Block>" for n, b in blocks.items())
                words = f"<BlockList><UncommittedBlocks>{listed}</UncommittedBlocks></BlockList>"
                return 200, {}, words.encode()
            case "GET blocklist":
                return 403, {}, b"<Error><Code>AuthorizationPermissionMismatch</Code></Error>"
            case _:
                return 400, {}, b"<Error><Code>InvalidHeaderValue</Code></Error>"
        return 201, {}, b""

    def _lake(self, what: str, where: Where, query: dict[str, str], headers: dict[str, str], body: bytes) -> Answer:
        if any(name.startswith("x-ms-blob-") for name in headers):
            return 400, {}, b"InvalidHeader"
        match what:
            case "PUT file":
                self.files[where] = self._appended[where] = b""
                return 201, {}, b""
            case "PATCH append" if int(query["position"]) == len(self._appended[where]):
                self._appended[where] += body
                return 202, {}, b""
            case "PATCH flush" if int(query["position"]) == len(self._appended[where]):
                self._keep(where, self._appended.pop(where))
                return 200, {}, b""
        return 400, {}, b"InvalidFlushPosition"

    def _keep(self, where: Where, content: bytes) -> None:
        if self.lose:
            self.lose -= 1
            return
        if self.shorten:
            self.shorten -= 1
            content = content[: len(content) // 2]
        if self.spoil:
            self.spoil -= 1
            content = bytes(len(content))
        self.files[where] = content

    def _sums(self, body: bytes) -> dict[str, str]:
        md5 = hashlib.md5(body)
        if not self.says_sums:  # as S3 does where a customer's key encrypts
            return {"etag": f'"{hashlib.md5(md5.digest()).hexdigest()}"'}
        if self.kind == GOOGLE:
            return {"x-goog-hash": f"crc32c=n03x6A==,md5={base64.b64encode(md5.digest()).decode()}"}
        return {"etag": f'"{md5.hexdigest()}"'}

"""The target of an import: a workspace of a running server, by the calls of links.  Each call is idempotent."""

import hashlib
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RemoteUnavailable
from trackside.sync import document
from trackside.sync.api.bulk import Items
from trackside.sync.api.bundles import Entry
from trackside.sync.api.files import PREFIX, FileAnswer
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.local.files import hashed
from trackside.sync.remote.decoding import decode, read
from trackside.sync.remote.trackside import items
from trackside.sync.remote.trackside.client import MSGPACK, TracksideRemote
from trackside.sync.remote.trackside.datasets import TracksideDatasets

ASK = 200  # items in a request


class Held(Struct, frozen=True):
    """An item of the workspace."""

    id: str
    experiment_id: str
    doc: Doc
    last: dict[str, str]
    artifact_uri: str
    unfinished: str


class Target:
    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self.remote = TracksideRemote(http)
        self.datasets = TracksideDatasets(http)

    def about(self) -> items.About:
        return items.about(self.http)

    def held(self, entity: Entity, ids: Sequence[str]) -> dict[str, Held]:
        found: dict[str, Held] = {}
        for start in range(0, len(ids), ASK):
            body = {"entity": str(entity), "ids": list(ids[start : start + ASK])}
            for each in read(self.http, Items, "POST", f"{PREFIX}/items", body).items:
                doc = document.of_rows(each.fields)
                found[each.id] = Held(each.id, each.experiment_id, doc, each.last, each.artifact_uri, each.unfinished)
        return found

    def registered_model(self, name: str) -> str | None:
        """Return the uid of the registered model of a name."""
        return self.remote.registry.find_model_of_name(name)

    def send_file(self, entity: Entity, item_id: str, path: str, size_bytes: int, pieces: Iterable[bytes]) -> None:
        """Send a file; it is stored whole and unchanged, or not at all."""
        digest = hashlib.sha256()
        where = f"{PREFIX}/file?" + urlencode({"entity": str(entity), "id": item_id, "path": path})
        answer = self.http.send("PUT", where, hashed(pieces, digest), size_bytes)
        if decode(self.http, FileAnswer, answer, where).sha256 != digest.hexdigest():
            raise RemoteUnavailable(f"{path} arrived at {self.http.url} with another checksum than it was sent with")

    def bundle(self, entries: Sequence[Entry]) -> None:
        """Send the entries in one call.  Raise RequestRejected, with nothing stored, if one is rejected."""
        self.http.call("POST", f"{PREFIX}/bundle", msgspec.msgpack.encode(entries), MSGPACK)

    def close(self) -> None:
        self.remote.close()

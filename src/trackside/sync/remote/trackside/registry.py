"""The registry of another Trackside, by the calls of `sync.api.items`.  Uids and numbers are kept."""

from msgspec import Struct

from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected, unless_missing
from trackside.sync import fields
from trackside.sync.api.files import PREFIX
from trackside.sync.api.items import Ids, ItemId, Removed
from trackside.sync.document import Doc, Patch
from trackside.sync.entities import Entity
from trackside.sync.local.reader import Snapshot
from trackside.sync.local.registry import id_of, uid_of
from trackside.sync.remote.decoding import read
from trackside.sync.remote.registry_port import ChangedItem, RemoteRegistry
from trackside.sync.remote.trackside import items

STAGES = "/api/trackside/v1/registry/stages"


class _Stage(Struct, frozen=True):
    name: str


class _Stages(Struct, frozen=True):
    stages: list[_Stage]


class TracksideRegistry(RemoteRegistry):
    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def stages(self) -> frozenset[str]:
        return frozenset(each.name for each in read(self._http, _Stages, "GET", STAGES).stages)

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None:
        return items.find(self._http, entity, remote_id)

    def was_removed(self, entity: Entity, remote_id: str) -> bool | None:
        try:
            return read(self._http, Removed, "GET", f"{PREFIX}/removed", entity=str(entity), id=remote_id).removed
        except RequestRejected as refused:
            if refused.is_unknown_call:  # a release without the call
                return None
            raise

    def uid_of(self, version: Snapshot) -> str:
        return uid_of(version.item_id)

    def own_uid_of(self, version: Snapshot) -> str:
        return uid_of(version.item_id)

    def origin_of(self, version: Snapshot) -> str:
        return version.doc.get(fields.ORIGIN, "")

    def model_uid_of(self, model: Snapshot) -> str:
        return model.item_id

    def find_model(self, uid: str, name: str) -> str | None:
        if self.read(Entity.REGISTERED_MODEL, uid) is not None:
            return uid
        return self.find_model_of_name(name)

    def find_model_of_name(self, name: str) -> str | None:
        found = unless_missing(lambda: read(self._http, ItemId, "GET", f"{PREFIX}/registered-model", name=name))
        return None if found is None else found.id

    def make_model(self, uid: str, doc: Doc) -> str:
        return items.put(self._http, Entity.REGISTERED_MODEL, uid, Patch(doc)).id

    def versions_of(self, model_id: str) -> list[str]:
        return read(self._http, Ids, "GET", f"{PREFIX}/versions", model_id=model_id).ids

    def find_version(self, model_id: str, uid: str, *, is_brought: bool) -> str | None:
        del is_brought
        found = self.read(Entity.MODEL_VERSION, id_of(model_id, uid))
        return None if found is None else found.item_id

    def prepare_files(self, model_id: str, uid: str, doc: Doc) -> str:
        del doc
        return id_of(model_id, uid)

    def make_version(self, model_id: str, uid: str, doc: Doc, files_at: str | None) -> str:
        if files_at is not None:
            doc = {**doc, fields.COPIED: "1"}
        return items.put(self._http, Entity.MODEL_VERSION, id_of(model_id, uid), Patch(doc)).id

    def number_of(self, version_id: str) -> str:
        found = self.read(Entity.MODEL_VERSION, version_id)
        return "" if found is None else found.doc.get(fields.NUMBER, "")

    def alias_of(self, version_id: str, value: str) -> str:
        del version_id
        return value

    def named_by(self, model_id: str, value: str) -> str:
        return id_of(model_id, value.rpartition(" ")[2])

    def change(self, entity: Entity, remote_id: str, patch: Patch) -> ChangedItem:
        items.put(self._http, entity, remote_id, patch)
        return ChangedItem(remote_id)

    def remove(self, entity: Entity, remote_id: str) -> bool:
        return items.remove(self._http, entity, remote_id)

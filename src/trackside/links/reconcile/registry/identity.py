"""Finds or creates the counterpart of a registered model or version that the link sees for the first time."""

from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Fault
from trackside.core.http_client.errors import RequestRejected
from trackside.links.model import CreatedBy, LogKind
from trackside.links.reconcile import files, identity
from trackside.links.reconcile.item_type import Created, Others
from trackside.links.reconcile.merging import as_created
from trackside.links.reconcile.registry.compare import Comparison
from trackside.links.reconcile.registry.files import VersionFiles
from trackside.links.reconcile.registry.lookup import MODEL, VERSION, Items, creation_fields
from trackside.links.reconcile.registry.names import ModelNames
from trackside.links.state import item_store
from trackside.links.state.backfill import Depth
from trackside.links.state.item import ItemState
from trackside.registry import replica
from trackside.registry.model import NO_STAGE
from trackside.sync import fields
from trackside.sync.document import Doc, Patch
from trackside.sync.entities import Entity
from trackside.sync.local import registry
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Unmirrored


class RegistryIdentity:
    def __init__(self, items: Items, comparison: Comparison, others: Others) -> None:
        self.context = items.context
        self.remote = items.remote
        self._comparison = comparison
        self._items = items
        self._others = others
        self._files = VersionFiles(items.context, others)
        self._names = ModelNames(items)
        self._in_order: set[str] = set()  # models whose versions are all matched

    def match_model(self, snapshot: Snapshot) -> str | None:
        name = snapshot.doc[fields.NAME]
        found = self.remote.find_model(snapshot.item_id, name)
        other = None if found is None else self.context.by_remote(MODEL, found)
        if other is not None and other.local_id != snapshot.item_id:
            # The remote model of that name belongs to another local model, which was renamed or deleted since.
            self._others.reconcile_local(MODEL, other.local_id, verify=True)
            found = self.remote.find_model(snapshot.item_id, name)
            if found is not None and self.context.by_remote(MODEL, found) is not None:
                raise BadState(f"the remote has another model named {name!r}; this one waits until the name is free")
        return found

    def create_model(self, snapshot: Snapshot) -> Created:
        given = creation_fields(MODEL, snapshot.doc)
        self.context.save(MODEL, snapshot.item_id, "", CreatedBy.US, self._as_given(MODEL, given))
        return Created(self.remote.make_model(snapshot.item_id, given))

    def match_version(self, snapshot: Snapshot) -> str | None:
        model_id = self._remote_model(registry.model_of(snapshot.item_id))
        if not self.context.remote.preserves_ids:
            self._make_earlier(snapshot)
        is_brought, age_ms = self._brought(snapshot)
        found = self.remote.find_version(model_id, registry.uid_of(snapshot.item_id), is_brought=is_brought)
        if found is None and is_brought:
            identity.wait_for_creator(self.context, age_ms)
        return found

    def create_version(self, snapshot: Snapshot) -> Created:
        model_id = self._remote_model(registry.model_of(snapshot.item_id))
        uid = registry.uid_of(snapshot.item_id)
        doc, has_own = self._files.out(snapshot)
        agreed = {**(self._as_given(VERSION, creation_fields(VERSION, doc)) or {}), fields.STAGE: NO_STAGE}
        self.context.save(VERSION, snapshot.item_id, "", CreatedBy.US, agreed)
        files_at = None
        if has_own:
            files_at = self.remote.prepare_files(model_id, uid, doc)
            files.push(self.context, VERSION, snapshot.item_id, files_at, verify=True)
        found = self.remote.find_version(model_id, uid, is_brought=True) if self._brought(snapshot)[0] else None
        if found is not None:  # while its files, or those of its run, were transferred
            return Created(found, existed=True)
        version_id = self.remote.make_version(model_id, uid, creation_fields(VERSION, doc), files_at)
        if snapshot.doc[fields.MODEL_ID] and not self.context.remote.preserves_ids:
            # An MLflow server also records in a tag of the logged model that a version was created from it.
            self.context.enqueue(Entity.LOGGED_MODEL, snapshot.doc[fields.MODEL_ID], depth=Depth.COMPARE)
        number = self.remote.number_of(version_id)
        if number != snapshot.doc[fields.NUMBER]:
            self._items.note_number(
                snapshot,
                f"version {snapshot.doc[fields.NUMBER]} of this workspace is version {number} on the remote",
                number,
            )
        return Created(version_id)

    def _as_given(self, entity: Entity, given: Doc) -> Doc | None:
        """Return the fields that a new remote copy certainly has: an MLflow server may omit some."""
        if not self.context.remote.preserves_ids:
            return None
        doc = self._comparison.comparable(entity, given)
        return as_created(doc, doc)

    def _as_created_locally(self, tx: Tx, entity: Entity, local_id: str, source: Doc) -> Doc | None:
        copy = registry.read(tx, entity, local_id)
        return None if copy is None else as_created(self._comparison.comparable(entity, copy.doc), source)

    def _brought(self, snapshot: Snapshot) -> tuple[bool, int]:
        """Return whether another server may create the version on the remote, and the version's age in ms."""
        is_brought, age_ms = self.context.read(registry.brought, snapshot.item_id)
        return is_brought and not self.context.remote.preserves_ids, age_ms

    def _make_earlier(self, snapshot: Snapshot) -> None:
        """Create versions of lower numbers first: the remote assigns numbers in the order of creation, so most versions keep
        theirs."""
        model_id = registry.model_of(snapshot.item_id)
        if model_id in self._in_order:
            return
        self._in_order.add(model_id)
        for version_id in self.context.read(registry.versions_of, model_id):
            if version_id == snapshot.item_id:
                return
            earlier = self._items.read(VERSION, version_id)
            item = self.context.item(VERSION, version_id)
            if earlier is None or (item is not None and item.remote_id) or self._items.is_before(earlier):
                continue
            try:
                self._others.reconcile_local(VERSION, version_id, verify=False)
            except (RequestRejected, Unmirrored, Fault) as reason:
                self.context.note(LogKind.REFUSED, VERSION, version_id, str(reason))

    def _remote_model(self, model_id: str) -> str:
        found = self._others.remote_of(MODEL, model_id)
        if found is None:
            raise BadState("its model is gone")
        if self.context.remote.preserves_ids:
            return found
        item, remote = self.context.item(MODEL, model_id), self.remote.read(MODEL, found)
        if item is None or remote is None or self._items.is_the_same(item, remote):
            return found
        moved_to = self.moved_to(item)
        if moved_to is None:
            self.context.enqueue(MODEL, model_id, depth=Depth.COMPARE)
            raise BadState(
                f"another model on the remote now has the name {found!r} of its model; it waits until the name is free"
            )
        return moved_to

    def adopt(self, entity: Entity, snapshot: Snapshot) -> str | None:
        """Return the local id for a remote item without a known counterpart; create it if the link includes it."""
        if self._items.is_before(snapshot):
            return None
        return self._adopt_model(snapshot) if entity is MODEL else self._adopt_version(snapshot)

    def _adopt_model(self, snapshot: Snapshot) -> str:
        renamed = self._renamed(snapshot)
        if renamed is not None:
            return renamed
        uid = self.remote.model_uid_of(snapshot)
        making = Patch(creation_fields(MODEL, self.context.to_local(snapshot.doc, MODEL)))

        def make(tx: Tx) -> str:
            is_here = replica.find_model(tx, uid) or replica.uid_of_name(tx, snapshot.doc[fields.NAME])
            local_id = registry.put_new(tx, MODEL, uid, making, self.context.server_root)
            known = item_store.item(tx, self.context.link_id, MODEL, local_id)
            if known is not None and known.remote_id not in ("", snapshot.item_id):
                raise BadState(
                    f"its name {snapshot.doc[fields.NAME]!r} belongs to another mirrored model of this workspace; it "
                    f"waits until the name is free"
                )
            made_by = CreatedBy.THEM if is_here else CreatedBy.HERE
            agreed = None if is_here else self._as_created_locally(tx, MODEL, local_id, making.put)
            item_store.save_item(tx, self.context.link_id, MODEL, local_id, snapshot.item_id, made_by, agreed)
            return local_id

        made: str = self.context.write(make)
        return made

    def _renamed(self, snapshot: Snapshot) -> str | None:
        """Return the local id of a renamed model, on a remote that identifies models by name."""
        if self.context.remote.preserves_ids:
            return None
        for uid in sorted(self._uids_of(snapshot)):
            item = self.context.item(MODEL, uid)
            if item is None or not item.remote_id:
                continue
            remote = self.remote.read(MODEL, item.remote_id)
            if remote is None or not self._items.is_the_same(item, remote):
                self._names.follow()
                now = self.context.by_remote(MODEL, snapshot.item_id)
                return None if now is None else now.local_id
        return None

    def moved_to(self, item: ItemState) -> str | None:
        """Return the current remote name of a local model, on a remote that identifies models by name."""
        if self.context.remote.preserves_ids:
            return None
        remote = self._names.follow()
        now = self.context.item(MODEL, item.local_id)
        if now is None or now.remote_id == item.remote_id or now.remote_id not in remote:
            return None
        return now.remote_id

    def _uids_of(self, remote: Snapshot) -> set[str]:
        """Return the uids that a remote model may have locally."""
        made = remote.doc.get(fields.CREATED, "0")
        here = self.context.read(replica.made_at, int(made))
        return {self.remote.model_uid_of(remote), *here, *self._names.made_at(made)}

    def _adopt_version(self, snapshot: Snapshot) -> str | None:
        remote_model = registry.model_of(snapshot.item_id)
        model = self.context.by_remote(MODEL, remote_model)
        if model is not None and not self.context.remote.preserves_ids:
            named = self.remote.read(MODEL, remote_model)
            if named is not None and not self._items.is_the_same(model, named):
                self._names.follow()
                known = self.context.by_remote(VERSION, snapshot.item_id)
                if known is not None:
                    return known.local_id
                model = self.context.by_remote(MODEL, remote_model)
        if model is None or self._items.read(MODEL, model.local_id) is None:
            remote = self.remote.read(MODEL, remote_model)
            if remote is None:
                return None
            model_id = self._adopt_model(remote)
            self.context.enqueue(MODEL, remote_model, is_remote=True)
        else:
            model_id = model.local_id
        local_id = registry.id_of(model_id, self._local_uid(model_id, snapshot))
        exists = self._items.read(VERSION, local_id) is not None
        doc = creation_fields(VERSION, {} if exists else self._files.remote_doc(snapshot, local_id))
        is_by_us = identity.was_created_here(self.context, snapshot)

        def make(tx: Tx) -> str:
            made = registry.put_new(tx, VERSION, local_id, Patch(doc), self.context.server_root)
            made_by = CreatedBy.HERE if not exists else CreatedBy.US if is_by_us else CreatedBy.THEM
            identity.save_pair(tx, self.context, VERSION, made, snapshot.item_id, made_by)
            if not exists:
                agreed = self._as_created_locally(tx, VERSION, made, {**snapshot.doc, **doc})
                item_store.save_item(tx, self.context.link_id, VERSION, made, snapshot.item_id, made_by, agreed)
            return made

        made: str = self.context.write(make)
        here = self._items.read(VERSION, made)
        there = self.remote.number_of(snapshot.item_id)
        if here is not None and not exists and here.doc[fields.NUMBER] != there:
            self._items.note_number(
                here, f"version {there} of the remote is version {here.doc[fields.NUMBER]} in this workspace", there
            )
        return made

    def _local_uid(self, model_id: str, remote: Snapshot) -> str:
        uids = self._items.uids_of(model_id, remote)
        return next((uid for uid in uids if not self._is_taken(model_id, uid, remote)), uids[-1])

    def _is_taken(self, model_id: str, uid: str, remote: Snapshot) -> bool:
        """Return whether another version has the uid: one of another local model, or another existing remote version."""
        here = None if self.context.remote.preserves_ids else self.context.read(replica.find_version, uid)
        if here is not None and here.model_uid != model_id:
            return True
        known = self.context.item(VERSION, registry.id_of(model_id, uid))
        if known is None or known.remote_id in ("", remote.item_id):
            return False
        other = self.remote.read(VERSION, known.remote_id)
        return other is not None and self._items.is_the_same(known, other)

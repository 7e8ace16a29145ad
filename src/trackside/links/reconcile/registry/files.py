"""Decides where the files of a version are on the other side: with its run or logged model, which is replicated first, or in a
folder of the version, to which they are copied.

Reads the files of both sides; writes no version. A version that is created without its files never receives them. So a version
without files at a readable location waits: its disk may be unavailable, or the client that registered it may not have uploaded
them yet.
"""

from trackside.core.errors import BadState, Fault
from trackside.core.http_client.errors import RequestRejected
from trackside.links.model import LogKind
from trackside.links.reconcile import files as filesync
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.item_type import Others
from trackside.registry.model import marks_prompt
from trackside.sync import fields
from trackside.sync.document import Doc
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local import files, registry
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import Unmirrored

OWNER_IDS = ((fields.RUN_ID, Entity.RUN), (fields.MODEL_ID, Entity.LOGGED_MODEL))
OWNERS = {"run": Entity.RUN, "model": Entity.LOGGED_MODEL}


class VersionFiles:
    def __init__(self, context: LinkContext, others: Others) -> None:
        self._context = context
        self._others = others

    def out(self, snapshot: Snapshot) -> tuple[Doc, bool]:
        """Return the local version for the remote, and whether its files must be copied."""
        doc = dict(snapshot.doc)
        if _is_prompt(doc):
            return doc, False
        for field, entity in OWNER_IDS:
            if doc[field]:
                there = self._there(entity, doc[field])
                doc[field] = there or (doc[field] if self._context.remote.preserves_ids else "")
        what, owner, path = _split(doc[fields.ORIGIN])
        there = self._there(OWNERS[what], owner) if what else None
        if there is not None:
            doc[fields.ORIGIN] = f"{what}/{there}/{path}"
            doc[fields.SOURCE] = _with_other_id(doc[fields.SOURCE], owner, there)
            return doc, False
        doc[fields.ORIGIN] = ""
        return doc, self._has_files(snapshot)

    def remote_doc(self, snapshot: Snapshot, local_id: str) -> Doc:
        """Return the remote version for this side, with its files copied here."""
        doc = self._context.to_local(snapshot.doc, Entity.MODEL_VERSION)
        if _is_prompt(doc):
            return doc
        what, owner, path = _split(self._context.remote.registry.origin_of(snapshot))
        here = self._here(OWNERS[what], owner) if what else None
        for field, entity in OWNER_IDS:
            remote = snapshot.doc.get(field, "")
            if remote:
                doc[field] = self._here(entity, remote) or (remote if self._context.remote.preserves_ids else "")
        if here is not None:
            doc[fields.ORIGIN] = f"{what}/{here}/{path}"
            doc[fields.SOURCE] = _with_other_id(doc[fields.SOURCE], owner, here)
            return doc
        doc[fields.ORIGIN] = ""
        if self._fetch(snapshot, local_id):
            doc[fields.COPIED] = "1"
        return doc

    def _there(self, entity: Entity, local_id: str) -> str | None:
        """Return the remote's id of a run or logged model, which is replicated first with its files if the link includes it."""
        try:
            self._others.reconcile_local(entity, local_id, verify=False)
            return self._others.remote_of(entity, local_id)
        except Unmirrored:  # a release that does not support logged models
            return None

    def _here(self, entity: Entity, remote_id: str) -> str | None:
        try:
            self._others.reconcile_remote(entity, remote_id, None, verify=False)
        except Unmirrored:
            return None
        item = self._context.by_remote(entity, remote_id)
        return None if item is None else item.local_id

    def _has_files(self, snapshot: Snapshot) -> bool:
        """Return whether there are local files to copy.  If this server does not access them, the log has the reason.

        Raise BadState if it does, and there are none.
        """
        version_id = snapshot.item_id
        place = self._context.read(registry.place, version_id, self._context.server_root)
        try:
            spot = place.spot(self._context.roots)
        except Fault as fault:
            self._skip(snapshot, f"its files stay where they are, at {snapshot.doc[fields.SOURCE]}: {fault.message}")
            return False
        if not files.listing(spot):
            raise _waits(snapshot, "here")
        return True

    def _fetch(self, snapshot: Snapshot, local_id: str) -> bool:
        """Copy the remote files to a folder of the version.  Return False if they are not available.

        Raise BadState if there are none.
        """
        stays = f"its files stay where they are, at {snapshot.doc.get(fields.SOURCE, '')}"
        try:
            filesync.pull(self._context, Entity.MODEL_VERSION, local_id, snapshot.item_id)
        except Unmirrored as reason:
            self._skip(snapshot, f"{stays}: {reason}")
            return False
        except RequestRejected as refused:
            self._skip(snapshot, f"{stays}: {refused}")
            return False
        place = self._context.read(registry.place, local_id, self._context.server_root)
        if not files.listing(place.spot(self._context.roots)):
            raise _waits(snapshot, "there")
        return True

    def _skip(self, snapshot: Snapshot, text: str) -> None:
        self._context.note(
            LogKind.SKIPPED,
            Entity.MODEL_VERSION,
            snapshot.item_id,
            f"version {snapshot.doc.get(fields.NUMBER, '?')}: {text}",
        )


def _waits(snapshot: Snapshot, where: str) -> BadState:
    number, source = (snapshot.doc.get(field, "?") for field in (fields.NUMBER, fields.SOURCE))
    return BadState(f"version {number} waits for its files: {where}, at {source}, are none. Is a disk unmounted?")


def _split(origin: str) -> tuple[str, str, str]:
    what, _, rest = origin.partition("/")
    owner, _, path = rest.partition("/")
    return what, owner, path


def _with_other_id(source: str, owner: str, other: str) -> str:
    """Return a source that names its run or logged model by id, with the id of the other side."""
    for scheme in ("runs:/", "models:/"):
        if source.startswith(scheme):
            head, slash, rest = source.removeprefix(scheme).partition("/")
            return f"{scheme}{other if head == owner else head}{slash}{rest}"
    return source


def _is_prompt(doc: Doc) -> bool:
    return marks_prompt({key: value for (kind, key), value in doc.items() if kind == FieldKind.TAG})

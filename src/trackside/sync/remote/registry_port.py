"""The interface of a remote's registry, for the worker: models and versions by the remote's ids."""

from typing import Protocol

from msgspec import Struct

from trackside.sync.document import Doc, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, Verb
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import LeftOut, Listed


class ChangedItem(Struct, frozen=True):
    """The item's new id, which changes with the name where models are addressed by name, and the fields that were left out."""

    id: str
    left_out: LeftOut = {}


class RemoteRegistry(Listed, Protocol):
    """Calls are idempotent, and raise like those of `Remote`.  A version's id is `MODEL/…`, with its model's id.

    Documents are those of `links.registered`, with the remote's ids of runs and logged models and its values of aliases
    (`alias_of`)."""

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool:
        del entity, field, verb
        return True

    def has_place(self, doc: Doc) -> bool:
        """Return whether the remote supports models or versions like this one."""
        del doc
        return True

    def stages(self) -> frozenset[str]: ...

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None: ...

    def was_removed(self, entity: Entity, remote_id: str) -> bool | None:
        """Return whether a missing item was removed by a user; None if the remote does not record that."""
        del entity, remote_id
        return None

    def uid_of(self, version: Snapshot) -> str:
        """Return the uid of the version, which is the same on every side."""
        ...

    def own_uid_of(self, version: Snapshot) -> str:
        """Return the uid that the version would have if it were not a copy."""
        ...

    def origin_of(self, version: Snapshot) -> str:
        """Return the remote's run or logged model with the files of a version: `run/ID/PATH`, `model/ID/PATH` or empty."""
        ...

    def model_uid_of(self, model: Snapshot) -> str:
        """Return the uid for a new local model for this remote model."""
        ...

    def find_model(self, uid: str, name: str) -> str | None: ...

    def find_model_of_name(self, name: str) -> str | None:
        return self.find_model("", name)

    def names_changed(self) -> None:
        """Forget what is remembered of models by their names: some have other names than before."""
        return

    def make_model(self, uid: str, doc: Doc) -> str:
        """Return the id of the model with that uid or name; create it if there is none."""
        ...

    def versions_of(self, model_id: str) -> list[str]: ...

    def find_version(self, model_id: str, uid: str, *, is_brought: bool) -> str | None:
        """Return the version with that uid.  `is_brought`: another link may just have created it."""
        ...

    def prepare_files(self, model_id: str, uid: str, doc: Doc) -> str:
        """Return an id for the file calls of `Remote`, for the files of a new version that belong to no run or logged model."""
        ...

    def make_version(self, model_id: str, uid: str, doc: Doc, files_at: str | None) -> str:
        """Create a version and return its id.  `doc` has the remote's ids of runs and models; `files_at` is from
        `prepare_files`."""
        ...

    def number_of(self, version_id: str) -> str:
        """Return the remote's number of the version."""
        ...

    def alias_of(self, version_id: str, value: str) -> str:
        """Return the remote's value of an alias for the local `value`."""
        ...

    def named_by(self, model_id: str, value: str) -> str:
        """Return the version that a remote value of an alias denotes."""
        ...

    def change(self, entity: Entity, remote_id: str, patch: Patch) -> ChangedItem: ...

    def remove(self, entity: Entity, remote_id: str) -> bool:
        """Remove an item, if it exists.  Return False if a model stays because it has versions."""
        ...

    def tidy(self) -> None:
        """Remove empty leftovers of `prepare_files`."""
        return

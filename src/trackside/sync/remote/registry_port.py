"""The other side's registry, as the worker sees it.  A narrow port: models and versions by the remote's ids."""

from typing import Protocol

from msgspec import Struct

from trackside.sync.document import Doc, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, Verb
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.port import LeftOut, Listed


class ChangedItem(Struct, frozen=True):
    """The id of an item from now on, which is a new one where a model goes by its name, and what was left out."""

    id: str
    left_out: LeftOut = {}


class RemoteRegistry(Listed, Protocol):
    """Calls may be repeated, and raise as those of `Remote` do.  A version's id is `MODEL/…`, with its model's id.

    Documents are those of `links.registered`, in the remote's words: ids of runs and logged models are its own, and what an
    alias names is what `alias_of` says."""

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool:
        del entity, field, verb
        return True

    def has_place(self, doc: Doc) -> bool:
        """Whether the other side knows models or versions like this one."""
        del doc
        return True

    def stages(self) -> frozenset[str]: ...

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None: ...

    def was_removed(self, entity: Entity, remote_id: str) -> bool | None:
        """Return whether an item that is not there was removed by somebody; None if the other side does not know."""
        del entity, remote_id
        return None

    def uid_of(self, version: Snapshot) -> str:
        """Return the uid of the version, the same on every side."""
        ...

    def own_uid_of(self, version: Snapshot) -> str:
        """Return the uid that the version would have if it were no copy."""
        ...

    def origin_of(self, version: Snapshot) -> str:
        """With which of their runs or logged models the files of a version lie: `run/ID/PATH`, `model/ID/PATH` or empty."""
        ...

    def model_uid_of(self, model: Snapshot) -> str:
        """Return the uid that a model from there gets here if it is new."""
        ...

    def find_model(self, uid: str, name: str) -> str | None: ...

    def find_model_of_name(self, name: str) -> str | None:
        return self.find_model("", name)

    def make_model(self, uid: str, doc: Doc) -> str:
        """The id of the model of that uid or name, which is made if there is none."""
        ...

    def versions_of(self, model_id: str) -> list[str]: ...

    def find_version(self, model_id: str, uid: str, *, is_brought: bool) -> str | None:
        """The version of that uid.  `is_brought`: someone else may have made it there a moment ago."""
        ...

    def prepare_files(self, model_id: str, uid: str, doc: Doc) -> str:
        """Where the files of a version that is about to be made go, if they do not lie with a run or logged model: an id for
        the calls about files of `Remote`."""
        ...

    def make_version(self, model_id: str, uid: str, doc: Doc, files_at: str | None) -> str:
        """`doc` has the remote's ids of runs and models; `files_at` is of `prepare_files`."""
        ...

    def number_of(self, version_id: str) -> str:
        """The number that the version has there."""
        ...

    def alias_of(self, version_id: str, value: str) -> str:
        """How an alias names a version there; `value` is how it does here."""
        ...

    def named_by(self, model_id: str, value: str) -> str:
        """The version that an alias's value there names."""
        ...

    def change(self, entity: Entity, remote_id: str, patch: Patch) -> ChangedItem: ...

    def remove(self, entity: Entity, remote_id: str) -> bool:
        """False: a model stays, since it has versions.  What is not there is removed."""
        ...

    def tidy(self) -> None:
        """Removes what `prepare_files` needed around its places, if nothing is in it."""
        return

"""Locations of the files of runs, logged models, versions and uploads."""

import base64
from typing import Any

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.azure.uris import MODEL_PREFIX, upload_key
from trackside.core.access import Action, Reference
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Invalid, NotFound
from trackside.core.http.admission import REFUSED
from trackside.core.http.streams import Request
from trackside.logged_models import store as logged_models
from trackside.registry import versions
from trackside.runs import store as runs
from trackside.workspaces.model import Workspace

RUN, MODEL, UPLOAD, VERSION = "run", "model", "upload", "version"


class Owner(Struct, frozen=True):
    """The owner of files: a run or a logged model by its id, an upload by `origin/container`, a version by `number/model`."""

    kind: str
    id: str

    @property
    def word(self) -> str:
        """Return the owner as one segment of a path, with all special characters escaped."""
        return f"{self.kind}-{base64.urlsafe_b64encode(self.id.encode()).decode().rstrip('=')}"

    def root(self, tx: Tx) -> Root:
        """Raise NotFound."""
        if self.kind == RUN:
            return artifacts.root_of_run(tx, self.id)
        if self.kind == MODEL:
            return logged_models.root_of(tx, self.id)
        first, _, rest = self.id.partition("/")
        if self.kind == VERSION:
            return versions.root_of(tx, rest, first)
        origin, container = first, rest
        return Root(f"mlflow-artifacts:/{upload_key(origin, container)}", None)


def owner(item_id: str) -> Owner:
    """Return the owner for the id in a URI: a run's, or a logged model's."""
    return Owner(MODEL if item_id.startswith(MODEL_PREFIX) else RUN, item_id)


def version(name: str, number: str) -> Owner:
    return Owner(VERSION, f"{number}/{name}")


def of_word(word: str) -> Owner:
    """Raise NotFound for an unknown kind of owner."""
    kind, _, code = word.partition("-")
    try:
        item_id = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode()
    except ValueError:
        item_id = ""
    if kind not in (RUN, MODEL, UPLOAD, VERSION) or not item_id:
        raise NotFound(f"There is no container '{word[:100]}'.")
    return Owner(kind, item_id)


async def admit(request: Request, owner: Owner, action: Action) -> None:
    """Raise Denied unless the caller has the right on the owner of the files; for calls that name it in their body."""
    rights = request.visit.rights
    if action in rights.everywhere and action not in rights.some:
        return
    locate = runs.locate if owner.kind == RUN else logged_models.locate
    found = await request.read(lambda tx: locate(tx, owner.id))
    if found is None or not rights.allows(action, found):
        raise Denied(REFUSED)


def named(call: Any) -> list[Reference]:
    """Return the objects that a call about files names, for callers with rights on single objects."""
    item_id = str(call.get("run_id") or "")
    if not item_id:
        return []
    return [Reference("logged_model" if item_id.startswith(MODEL_PREFIX) else "run", item_id)]


def spot(roots: Roots, root: Root, path: str, workspace: Workspace) -> Spot:
    """Raise Invalid for a path that no file may have."""
    if not keys.from_path(path):
        raise Invalid("The path of a file is missing.")
    found = roots.of(root, path, workspace)
    if keys.is_top(found.key):
        raise Invalid(f"'{path[:200]}' names no file.")
    return found

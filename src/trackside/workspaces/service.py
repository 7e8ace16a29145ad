"""Finds the workspace of a request.  Knows the doors and a short memory; knows no HTTP."""

import time
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.workspaces import store
from trackside.workspaces.model import DEFAULT, Named, Workspace

# Another server of the same store may rename or delete a workspace: so long may this one not know of it.
REMEMBER_S = 1.0
_MOST = 10_000


class Readable(Protocol):
    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Directory:
    """Workspaces by name, asked at every request."""

    def __init__(self, db: Readable) -> None:
        self._db = db
        self._known: dict[str, tuple[float, Workspace]] = {}

    def resolve(self, named: Named | None) -> Workspace:
        """Raises NotFound for a name that nobody has, also where the name is right and the subscription is not."""
        name = DEFAULT if named is None else named.name
        known = self._known.get(name)
        now = time.monotonic()
        if known is not None and known[0] > now:
            workspace = known[1]
        else:
            with self._db.read(0) as tx:
                workspace = store.get(tx, name)
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[name] = (now + REMEMBER_S, workspace)
        if named is not None and named.subscription_id is not None:
            _check_scope(workspace, named)
        return workspace

    def forget(self) -> None:
        self._known.clear()


def _check_scope(workspace: Workspace, named: Named) -> None:
    if (
        workspace.subscription_id.lower() != (named.subscription_id or "").lower()
        or workspace.resource_group.lower() != (named.resource_group or "").lower()
    ):
        raise NotFound(
            f"Workspace '{workspace.name}' not found in resource group '{named.resource_group}' "
            f"of subscription '{named.subscription_id}'"
        )

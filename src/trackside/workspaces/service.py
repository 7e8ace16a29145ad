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
        self._forgot = float("-inf")

    def resolve(self, named: Named | None) -> Workspace:
        """Raises NotFound for a name that nobody has, also where the name is right and the subscription is not."""
        remembered = self.recall(named)
        if remembered is not None:
            return remembered
        name = DEFAULT if named is None else named.name
        now = time.monotonic()
        with self._db.read(0) as tx:
            workspace = store.get(tx, name)
        if len(self._known) >= _MOST:
            self._known.clear()
        if now >= self._forgot + REMEMBER_S:
            self._known[name] = (now + REMEMBER_S, workspace)
        return _checked(workspace, named)

    def recall(self, named: Named | None) -> Workspace | None:
        """The same without asking the store; None if it must be asked."""
        known = self._known.get(DEFAULT if named is None else named.name)
        if known is None or known[0] <= time.monotonic():
            return None
        return _checked(known[1], named)

    def forget(self) -> None:
        """To be called by the transaction that changes a workspace: until it is done, others read what was before."""
        self._forgot = time.monotonic()
        self._known.clear()


def _checked(workspace: Workspace, named: Named | None) -> Workspace:
    if named is None or named.subscription_id is None:
        return workspace
    if (
        workspace.subscription_id.lower() != named.subscription_id.lower()
        or workspace.resource_group.lower() != (named.resource_group or "").lower()
    ):
        raise NotFound(
            f"Workspace '{workspace.name}' not found in resource group '{named.resource_group}' "
            f"of subscription '{named.subscription_id}'"
        )
    return workspace

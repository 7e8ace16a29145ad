"""Resolves the workspace that a request addresses, with a cache."""

import time
from contextlib import AbstractContextManager
from typing import Protocol

from trackside.core.db.tx import Tx
from trackside.core.errors import NotFound
from trackside.workspaces import store
from trackside.workspaces.model import DEFAULT, Named, Workspace

# The lifetime of a cache entry: another server of the same store may rename or delete the workspace meanwhile.
REMEMBER_S = 1.0
_MOST = 10_000


class Readable(Protocol):
    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Directory:
    """A cache of workspaces by name, which each request reads."""

    def __init__(self, db: Readable) -> None:
        self._db = db
        self._known: dict[str, tuple[float, Workspace]] = {}
        self._forgot = float("-inf")

    def resolve(self, named: Named | None) -> Workspace:
        """Return the workspace.  Raise NotFound for an unknown name, or for another subscription or resource group."""
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
        """Return the workspace from the cache; None if it must be read from the store."""
        known = self._known.get(DEFAULT if named is None else named.name)
        if known is None or known[0] <= time.monotonic():
            return None
        return _checked(known[1], named)

    def forget(self) -> None:
        """Empty the cache, and cache nothing for REMEMBER_S: the transaction that changes a workspace calls this before its
        commit."""
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

"""Resolves artifact URIs to a store and a key, and decides which locations the server opens for which workspace.

Clients choose the artifact locations of experiments freely, and the server reads with its own rights.  Therefore the server opens
only locations that its operator allows: its own store, where each workspace can access its own part, and the allowed artifact
roots of workspaces (`core.places.RootPolicy`).
"""

import threading
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.store import Root
from trackside.core import locations
from trackside.core.errors import Denied, Unavailable, Unsupported
from trackside.core.places import Place, RootPolicy, parse, within
from trackside.workspaces.model import Workspace

OWN_STORE = ""  # the name of the server's own store


class Spot(Struct, frozen=True):
    """A file or folder in a store.  `store_name` identifies a store that may hang as a whole: a bucket's host, or a folder."""

    blobs: Blobs
    key: str
    store_name: str = OWN_STORE


class Roots:
    """`url` is the location of proxied artifacts; `served` are other locations that the server may open for a run; `policy`
    decides which roots of workspaces it may open."""

    def __init__(
        self, url: str, *, durable: bool = True, served: Sequence[str] = (), policy: RootPolicy | None = None
    ) -> None:
        self._durable = durable
        self._own = parse(str(locations.artifacts(url)))
        self.url = str(self._own)
        self._served = [parse(root) for root in served if keys.of_proxied(root) is None]
        self._policy = policy or RootPolicy()
        self._stores: dict[Place, Blobs] = {}
        self._lock = threading.Lock()
        self.store = make_blobs(url, durable=durable)

    def proxied(self, path: str, workspace: Workspace) -> Spot:
        """Return the location of a proxied `path`."""
        return Spot(self.store, keys.in_workspace(keys.from_path(path), workspace))

    def of(self, root: Root, path: str, workspace: Workspace) -> Spot:
        """Return the location of `path` below the root of a run."""
        key = keys.from_path(path)
        proxied = keys.of_proxied(root.uri)
        if proxied is not None:
            return Spot(self.store, keys.in_workspace(keys.join(proxied, key), workspace))
        place = parse(root.uri).below(key)
        keys.checked(place.key)
        # Check the location itself and not only its root, which may contain folders of other workspaces.
        for shared in (self._own, *self._served):
            below = within(place, shared)
            if below is not None:
                return Spot(self._open(shared), keys.reachable(below, workspace), self._store_name(shared))
        for uri in filter(None, (root.workspace_root, *workspace.reach.roots)):
            below = within(place, parse(uri))
            if below is not None:
                opened = self._policy.opened(uri)
                return Spot(self._open(opened, is_real=True), below, self._store_name(opened))
        raise Denied(f"The server opens no artifacts at '{root.uri}': it is outside the roots that the server serves.")

    def _store_name(self, place: Place) -> str:
        if place == self._own:
            return OWN_STORE
        return f"{place.scheme}://{place.host}" if place.host else str(place)

    def stores(self) -> list[Blobs]:
        """Return the stores that have been opened."""
        with self._lock:
            return [self.store, *self._stores.values()]

    def close(self) -> None:
        for blobs in self.stores():
            blobs.close()

    def _open(self, place: Place, *, is_real: bool = False) -> Blobs:
        """`is_real`: the location is a resolved path, and is refused if it no longer resolves to itself."""
        if place == self._own:
            return self.store
        with self._lock:
            if place not in self._stores:
                try:
                    blobs = _open(str(place), durable=self._durable)
                except locations.LocationError as error:
                    raise Unsupported(f"The server cannot open artifacts at '{place}': {error}") from None
                except OSError as error:
                    raise Unavailable(f"The server cannot open artifacts at '{place}': {error.strerror}") from error
                if is_real and isinstance(blobs, LocalBlobs) and blobs.root != str(place):
                    raise Denied(f"The server opens no artifacts at '{place}': a symbolic link leads elsewhere.")
                self._stores[place] = blobs
            return self._stores[place]


def make_blobs(url: str, *, durable: bool = True) -> Blobs:
    """Return the store of a path, a file:// URL or a bucket's URL, after creating the folder and removing files of killed
    processes.

    Raise LocationError for an unusable location."""
    try:
        blobs = _open(url, durable=durable)
        if isinstance(blobs, LocalBlobs):
            blobs.prepare()
    except OSError as error:
        raise locations.LocationError(f"the folder cannot be used ({error.strerror})") from error
    return blobs


def _open(url: str, *, durable: bool) -> Blobs:
    location = locations.artifacts(url)
    if location.path is not None:
        return LocalBlobs(Path(location.path), durable=durable)
    from trackside.artifacts.cloud import CloudBlobs  # noqa: PLC0415  # an extra: most servers never need it

    return CloudBlobs.at(location.url)

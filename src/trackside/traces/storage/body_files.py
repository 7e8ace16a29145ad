"""Files of spans in the artifact store of a workspace.  Knows where they lie and how they are read; knows no SQL.

A file lies in the folder of its experiment, under an id of its own: no two traces share a file, and a file is never overwritten.
The artifact proxy refuses such files (`artifacts.keys.is_of_spans`), so that the rights about traces decide about them.
"""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as Overdue

from trackside.artifacts import blobs, keys
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.core.errors import Denied, Invalid, NotFound, Unavailable, Unsupported
from trackside.core.work.threads import Threads
from trackside.workspaces.model import Workspace

THREADS = 4
NAME = "spans.zst"

Fetch = Callable[[str], bytes]  # the content of a file, by its URI


class BodyFiles:
    """`limit_s`: how long one read may take, so that a store that hangs holds up no caller for long; None for readers that
    have a thread of their own."""

    def __init__(self, roots: Roots, limit_s: float | None = None) -> None:
        self._roots = roots
        self._limit_s = limit_s
        self._threads = None if limit_s is None else Threads(THREADS, "trackside-spans")

    def put(self, workspace: Workspace, experiment_id: str, body: bytes) -> str:
        """Store spans and return the URI.  Raise Unavailable."""
        below = f"{experiment_id}/{keys.SPANS}/{uuid.uuid4().hex}/{NAME}"
        uri = f"mlflow-artifacts:/{keys.in_workspace(below, workspace)}"
        own = workspace.default_artifact_root
        if own and keys.of_proxied(own) is None:
            uri = f"{own.rstrip('/')}/{below}"
        spot = self._spot(workspace, uri)
        blobs.put(spot.blobs, spot.key, [[body]])
        return uri

    def reader(self, workspace: Workspace, limit_s: float | None = None) -> Fetch:
        """Return what reads files of the workspace.  It raises Unavailable for a file that is missing, and for a store that
        does not answer within the limit."""

        def read(uri: str) -> bytes:
            spot = self._spot(workspace, uri)
            try:
                if self._threads is None:
                    return blobs.get(spot.blobs, spot.key)
                work = self._threads.submit(blobs.get, spot.blobs, spot.key)
                return work.result(self._limit_s if limit_s is None else limit_s)
            except Overdue:
                raise Unavailable("The artifact store, which has some of the spans, does not answer in time.") from None
            except (NotFound, Invalid):
                raise Unavailable(
                    f"Spans of the trace are missing from the artifact store: {uri} is not there."
                ) from None

        return read

    def remove(self, workspace: Workspace, uris: Sequence[str]) -> list[str]:
        """Delete files, and return what stays and why; the search for orphans finds these files again."""
        kept = []
        for uri in uris:
            try:
                spot = self._spot(workspace, uri)
                spot.blobs.delete(spot.key.rpartition("/")[0])
            except (Denied, Invalid, NotFound, Unavailable, Unsupported) as fault:
                kept.append(f"{uri}: {fault.message}")
        return kept

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()

    def _spot(self, workspace: Workspace, uri: str) -> Spot:
        try:
            return self._roots.of(Root(uri, workspace.default_artifact_root), "", workspace)
        except (Denied, Unsupported) as fault:
            raise Unavailable(f"The server cannot open the spans at {uri}: {fault.message}") from None

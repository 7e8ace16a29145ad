"""Files of spans in the artifact store of a workspace: their places, and reads with limits.

A file is in the folder of its experiment under an id of its own: no two traces share a file, and a file is never overwritten.
The artifact proxy refuses such files (`artifacts.keys.is_of_spans`), so that only the rights on traces apply to them.
"""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as Overdue
from contextlib import closing

from trackside.artifacts import blobs, keys
from trackside.artifacts.roots import OWN_STORE, Roots, Spot
from trackside.artifacts.store import Root
from trackside.core.errors import Denied, Invalid, NotFound, Unavailable, Unsupported
from trackside.core.work.threads import Threads
from trackside.traces.storage.bodies import MOST_FILE_BYTES
from trackside.workspaces.model import Workspace

EACH = 4  # concurrent reads of one store
OTHER_THREADS = 16  # for the stores of workspaces; the server's store has EACH separate threads
NAME = "spans.zst"

Fetch = Callable[[str], bytes]  # the content of a file, by its URI


class Reads:
    """Threads that read files, with a concurrency limit for each store: one that hangs does not delay reads of another."""

    def __init__(self) -> None:
        self._own = Threads(EACH, "trackside-spans")
        self._others = Threads(OTHER_THREADS, "trackside-span-buckets")
        self._busy: Counter[str] = Counter()  # reads by store that have not returned, also those that timed out
        self._changed = threading.Condition()

    def run(self, store_name: str, limit_s: float, read: Callable[[], bytes]) -> bytes:
        """Run `read` in a thread and return its bytes; raise Overdue if that, with the wait for a free thread, exceeds the
        limit."""
        until = time.monotonic() + limit_s
        with self._changed:
            if not self._changed.wait_for(lambda: self._busy[store_name] < EACH, limit_s):
                raise Overdue
            self._busy[store_name] += 1
        try:
            work = (self._own if store_name == OWN_STORE else self._others).submit(read)
        except BaseException:
            self._leave(store_name)
            raise
        work.add_done_callback(lambda _: self._leave(store_name))
        return work.result(max(0.0, until - time.monotonic()))

    def close(self) -> None:
        self._own.shutdown()
        self._others.shutdown()

    def _leave(self, store_name: str) -> None:
        with self._changed:
            self._busy[store_name] -= 1
            if not self._busy[store_name]:
                del self._busy[store_name]
            self._changed.notify_all()


class BodyFiles:
    """Files of spans.  `limit_s` is the timeout of a read, so that a store that hangs does not block a caller for long; None for
    readers that have a thread of their own."""

    def __init__(self, roots: Roots, limit_s: float | None = None) -> None:
        self._roots = roots
        self._limit_s = limit_s
        self._reads = None if limit_s is None else Reads()

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
        """Return a function that reads files of the workspace.  It raises Unavailable for a missing file, and if the store does
        not answer within the limit."""

        def read(uri: str) -> bytes:
            spot = self._spot(workspace, uri)
            try:
                if self._reads is None or self._limit_s is None:
                    return _content(spot, uri)
                limit = self._limit_s if limit_s is None else limit_s
                return self._reads.run(spot.store_name, limit, lambda: _content(spot, uri))
            except Overdue:
                raise Unavailable("The artifact store, which has some of the spans, does not answer in time.") from None
            except (NotFound, Invalid):
                raise Unavailable(
                    f"Spans of the trace are missing from the artifact store: {uri} does not exist."
                ) from None

        return read

    def remove(self, workspace: Workspace, uris: Sequence[str]) -> list[str]:
        """Delete files, and return the failures as texts; the search for orphans finds the remaining files."""
        kept = []
        for uri in uris:
            try:
                spot = self._spot(workspace, uri)
                spot.blobs.delete(spot.key.rpartition("/")[0])
            except (Denied, Invalid, NotFound, Unavailable, Unsupported) as fault:
                kept.append(f"{uri}: {fault.message}")
        return kept

    def close(self) -> None:
        if self._reads is not None:
            self._reads.close()

    def _spot(self, workspace: Workspace, uri: str) -> Spot:
        try:
            return self._roots.of(Root(uri, workspace.default_artifact_root), "", workspace)
        except (Denied, Unsupported) as fault:
            raise Unavailable(f"The server cannot open the spans at {uri}: {fault.message}") from None


def _content(spot: Spot, uri: str) -> bytes:
    """Return the bytes of a file.  Raise Unavailable for one that is larger than the server makes it."""
    with closing(spot.blobs.open(spot.key)) as download:
        if download.stat.size_bytes > MOST_FILE_BYTES:
            raise Unavailable(f"Spans of the trace cannot be read: {uri} is damaged.")
        return b"".join(download.chunks())

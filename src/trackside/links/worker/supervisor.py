"""Runs the links: each in a thread of its own, so that one remote that does not answer holds up no other."""

import logging
import os
import socket
import time
import uuid

from trackside.artifacts.roots import Roots
from trackside.core.access import WhyNot
from trackside.core.errors import Fault
from trackside.core.outgoing.guard import Guard
from trackside.core.seal import Sealer
from trackside.core.work.loop import Loop
from trackside.links import store
from trackside.links.reconcile.context import Database
from trackside.links.worker.runner import Runner
from trackside.sync.local import resumable_upload

log = logging.getLogger("trackside.links")

EVERY_S = 0.5
END_S = 3.0  # for steps under way when the server ends
SWEEP_EVERY_S = 3600.0


class Workers:
    """Keeps a thread for each link that has work to do."""

    def __init__(
        self,
        db: Database,
        roots: Roots,
        server_root: str,
        sealer: Sealer,
        guard: Guard,
        why_not: WhyNot,
        *,
        interval_factor: float = 1.0,
    ) -> None:
        """`interval_factor` multiplies the intervals at which links look for more to do, and their waits after trouble."""
        self._db = db
        self._roots = roots
        self._server_root = server_root
        self._sealer = sealer
        self._guard = guard
        self._why_not = why_not
        self._owner = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
        self._interval_factor = interval_factor
        self._running: dict[tuple[int, int], tuple[Runner, Loop]] = {}
        self._swept = float("-inf")
        self._is_leaving = False
        self._watch = Loop("links", self._step, EVERY_S * interval_factor)

    def wake(self) -> None:
        """The change log has grown."""
        self._watch.wake()
        for _, loop in list(self._running.values()):
            loop.wake()

    def leave(self) -> None:
        """No step waits for a remote any longer, and none starts again."""
        self._is_leaving = True
        for runner, _ in list(self._running.values()):
            runner.stop()

    def close(self) -> None:
        """Within some seconds, whatever the remotes do: what is cut off half-way is done again by the next runner."""
        self._watch.close()
        self.leave()
        end = time.monotonic() + END_S
        for runner, loop in self._running.values():
            if loop.close(max(0.0, end - time.monotonic())):
                runner.close()
        for ws in {ws for ws, _ in self._running}:
            self._db.writer.submit(ws, lambda tx: store.disown(tx, self._owner)).result()

    def _step(self) -> bool:
        if self._is_leaving:
            return False
        if time.monotonic() - self._swept > SWEEP_EVERY_S:
            self._swept = time.monotonic()
            self._sweep()
        with self._db.read(0) as tx:
            wanted = set(store.everywhere(tx))
        for key, (runner, loop) in list(self._running.items()):
            if key in wanted and not runner.has_ended:
                runner.renew()
                continue
            runner.stop()
            if loop.close(0):  # else the next look will do: nothing waits for it here
                runner.close()
                del self._running[key]
        for key in wanted - self._running.keys():
            runner = Runner(
                self._db,
                *key,
                self._roots,
                self._server_root,
                self._sealer,
                self._owner,
                why_not=self._why_not,
                guard=self._guard,
                interval_factor=self._interval_factor,
            )
            every_s = EVERY_S * self._interval_factor
            self._running[key] = (runner, Loop(f"link-{key[1]}", runner.step, every_s))
        return False

    def _sweep(self) -> None:
        """What is left of transfers that nobody goes on with."""
        for blobs in self._roots.stores():
            try:
                resumable_upload.sweep(blobs, time.time_ns() // 1_000_000)
            except Fault as fault:  # of a store; the links do without
                log.warning("parts of files are not swept: %s", fault.message)

"""Runs each link in a separate thread, so that a remote that does not answer delays no other link.

A link's thread is woken by commits of its workspace, and by timers (`Runner.rest_s`).
"""

import logging
import time
from collections.abc import Set

from trackside.artifacts.roots import Roots
from trackside.core.access import WhyNot
from trackside.core.errors import Fault
from trackside.core.outgoing.guard import Guard
from trackside.core.seal import Sealer
from trackside.core.work import leases
from trackside.core.work.loop import Loop
from trackside.links import store
from trackside.links.reconcile.context import Database
from trackside.links.worker.runner import Runner
from trackside.sync.local import resumable_upload

log = logging.getLogger("trackside.links")

EVERY_S = 5.0  # between two checks for added or removed links, if no commit signals one
ENDING_S = 0.5  # the same while the thread of a removed link is ending
END_S = 3.0  # for running steps when the server stops
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
        start: str = "",
    ) -> None:
        """`interval_factor` multiplies the intervals and delays of links."""
        self._db = db
        self._roots = roots
        self._server_root = server_root
        self._sealer = sealer
        self._guard = guard
        self._why_not = why_not
        self._owner = leases.new_holder(start)
        self._interval_factor = interval_factor
        self._running: dict[tuple[int, int], tuple[Runner, Loop]] = {}
        self._swept = float("-inf")
        self._is_leaving = False
        self._is_waiting = False  # for the thread of a removed link
        self._watch = Loop("links", self._step, self._rest_s)
        self._watch.wake()

    def wake(self, workspaces: Set[int] | None) -> None:
        """Signal new change-log entries of these workspaces; None: of all."""
        self._watch.wake()
        for (ws, _), (_, loop) in list(self._running.items()):
            if workspaces is None or ws in workspaces:
                loop.wake()

    def leave(self) -> None:
        """Cancel waits for remotes, and start no further step."""
        self._is_leaving = True
        for runner, _ in list(self._running.values()):
            runner.stop()

    def close(self) -> None:
        """Stop all links within some seconds, even if a remote does not answer.  The next runner repeats interrupted work."""
        self._watch.close()
        self.leave()
        end = time.monotonic() + END_S
        for runner, loop in self._running.values():
            if loop.close(max(0.0, end - time.monotonic())):
                runner.close()
        for ws in {ws for ws, _ in self._running}:
            self._db.writer.submit(ws, lambda tx: store.release_leases(tx, self._owner)).result()

    def _step(self) -> bool:
        if self._is_leaving:
            return False
        if time.monotonic() - self._swept > SWEEP_EVERY_S:
            self._swept = time.monotonic()
            self._sweep()
        with self._db.read(0) as tx:
            wanted = set(store.everywhere(tx))
        self._is_waiting = False
        for key, (runner, loop) in list(self._running.items()):
            if key in wanted and not runner.has_ended:
                runner.renew()
                continue
            runner.stop()
            if loop.close(0):
                runner.close()
                del self._running[key]
            else:
                self._is_waiting = True
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
            loop = Loop(f"link-{key[1]}", runner.step, runner.rest_s)
            runner.listen(loop.wake)
            self._running[key] = (runner, loop)
            loop.wake()  # by the new entry: commits wake the link from now on
        return False

    def _rest_s(self) -> float:
        return (ENDING_S if self._is_waiting else EVERY_S) * self._interval_factor

    def _sweep(self) -> None:
        """Remove the parts of transfers that will not be continued."""
        for blobs in self._roots.stores():
            try:
                resumable_upload.sweep(blobs, time.time_ns() // 1_000_000)
            except Fault as fault:  # of a store; links work without this
                log.warning("abandoned parts of files were not removed: %s", fault.message)

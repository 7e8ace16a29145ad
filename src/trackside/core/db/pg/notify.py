"""Notifies the other servers of a store on PostgreSQL of changes, and receives their notifications (LISTEN, NOTIFY).

A NOTIFY inside a transaction serializes the commits of all servers.  It is therefore sent after the commit, over a connection of
its own, at most once every INTERVAL_S.  Its payload names the workspaces that changed.  A NOTIFY may be lost, so a loop that
waits for changes also polls from time to time.
"""

import logging
import os
import select
import threading
from collections.abc import Callable, Iterable, Set
from contextlib import suppress

from trackside.core.db.pg.connect import Lost
from trackside.core.db.pg.wire import ServerError, Wire
from trackside.core.db.tx import OnChange

log = logging.getLogger("trackside.db")

CHANNEL = "trackside_changes"
INTERVAL_S = 0.05
RETRY_S = 1.0
CLOSE_TIMEOUT_S = 2.0
MOST_NAMED = 200  # workspaces in one NOTIFY, whose payload PostgreSQL limits to 8,000 bytes; above that none is named


class ChangeNotifier:
    """Sends notifications of this server's changes, and calls `on_change` in its thread for those of other servers.

    `on_change` gets the workspaces that changed, or None if any workspace may have changed."""

    def __init__(self, connect: Callable[[], Wire], on_change: OnChange) -> None:
        self._connect = connect
        self._on_change = on_change
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._pending: set[int] = set()  # workspaces whose changes are not announced yet
        self._reads, self._writes = os.pipe()
        self._thread = threading.Thread(target=self._run, name="trackside-notify", daemon=True)
        self._thread.start()

    def notify(self, workspaces: Set[int]) -> None:
        """Announce changes of these workspaces to the other servers.  Returns at once."""
        with self._lock:
            is_first = not self._pending
            self._pending |= workspaces
        if is_first:
            self._wake()

    def close(self) -> None:
        self._closing.set()
        self._wake()
        self._thread.join(CLOSE_TIMEOUT_S)
        if not self._thread.is_alive():  # it may still wait for a server that does not answer
            os.close(self._reads)
            os.close(self._writes)

    def _wake(self) -> None:
        os.write(self._writes, b"\0")

    def _run(self) -> None:
        while not self._closing.is_set():
            wire: Wire | None = None
            try:
                wire = self._connect()
                wire.probes = True
                wire.command(f"LISTEN {CHANNEL}")
                self._on_change(None)  # notifications may have been missed
                self._serve(wire)
            except (Lost, ServerError) as error:
                log.debug("lost the connection for notifications of other servers: %s", error)
            finally:
                if wire is not None:
                    with suppress(Lost):
                        wire.close()
            self._closing.wait(RETRY_S)

    def _serve(self, wire: Wire) -> None:
        poll = select.poll()
        poll.register(self._reads, select.POLLIN)
        poll.register(wire, select.POLLIN)
        while True:
            ready = {file for file, _ in poll.poll()}
            if self._closing.is_set():
                return
            if self._reads in ready:
                os.read(self._reads, 4096)
            if wire.fileno() in ready:
                wire.receive()
            with self._lock:
                pending, self._pending = self._pending, set()  # before the NOTIFY: a later change wakes this loop again
            if pending:
                wire.command(f"NOTIFY {CHANNEL}, '{payload_of(pending)}'")
            notices = wire.take_notifications()
            if notices:
                self._on_change(workspaces_of(notices))
            self._closing.wait(INTERVAL_S)


def payload_of(workspaces: Set[int]) -> str:
    """Return the payload of a NOTIFY: comma-separated ids, or empty for more than MOST_NAMED workspaces."""
    return ",".join(map(str, sorted(workspaces))) if len(workspaces) <= MOST_NAMED else ""


def workspaces_of(payloads: Iterable[str]) -> frozenset[int] | None:
    """Return the workspaces that the payloads name; None if a payload is not a list of ids."""
    found: set[int] = set()
    for payload in payloads:
        names = payload.split(",")
        if not all(name.isascii() and name.isdigit() for name in names):
            return None
        found.update(map(int, names))
    return frozenset(found)

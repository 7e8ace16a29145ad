"""Tells the other servers of a store on PostgreSQL that the change log has grown, and hears it from them (LISTEN, NOTIFY).

A NOTIFY inside of a transaction makes the commits of all servers wait for each other, so it is sent after the commit, by a
connection of its own and at most every REST_S.  Its payload names the workspaces concerned.  A NOTIFY may be lost, so a loop that
waits for changes also looks for them from time to time.
"""

import logging
import os
import select
import threading
from collections.abc import Callable, Iterable, Set
from contextlib import suppress

from trackside.core.db.pg.connect import Lost
from trackside.core.db.pg.wire import ServerError, Wire
from trackside.core.db.tx import HeardElsewhere

log = logging.getLogger("trackside.db")

CHANNEL = "trackside_changes"
REST_S = 0.05
RETRY_S = 1.0
END_S = 2.0
MOST_NAMED = (
    200  # workspaces in one NOTIFY, whose payload PostgreSQL limits to 8,000 bytes; more of them: none is named
)


class Bell:
    """Calls `heard` in the bell's thread when another server has changed something, or may have.

    `heard` gets the workspaces concerned, or None if it may be any of them."""

    def __init__(self, connect: Callable[[], Wire], heard: HeardElsewhere) -> None:
        self._connect = connect
        self._heard = heard
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._rung: set[int] = set()  # workspaces of which the others are to be told
        self._reads, self._writes = os.pipe()
        self._thread = threading.Thread(target=self._run, name="trackside-bell", daemon=True)
        self._thread.start()

    def ring(self, workspaces: Set[int]) -> None:
        """Tell the others, soon."""
        with self._lock:
            is_first = not self._rung
            self._rung |= workspaces
        if is_first:
            self._wake()

    def close(self) -> None:
        self._closing.set()
        self._wake()
        self._thread.join(END_S)
        if not self._thread.is_alive():  # else it waits for a server that stands still
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
                self._heard(None)  # anything may have been missed
                self._serve(wire)
            except (Lost, ServerError) as error:
                log.debug("changes of other servers are not heard of: %s", error)
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
                rung, self._rung = self._rung, set()  # before the NOTIFY: a change that it misses rings again
            if rung:
                wire.command(f"NOTIFY {CHANNEL}, '{payload_of(rung)}'")
            notices = wire.take_notices()
            if notices:
                self._heard(workspaces_of(notices))
            self._closing.wait(REST_S)


def payload_of(workspaces: Set[int]) -> str:
    return ",".join(map(str, sorted(workspaces))) if len(workspaces) <= MOST_NAMED else ""


def workspaces_of(payloads: Iterable[str]) -> frozenset[int] | None:
    """Return the workspaces that notices name; None if one names none, or something else than workspaces."""
    found: set[int] = set()
    for payload in payloads:
        names = payload.split(",")
        if not all(name.isascii() and name.isdigit() for name in names):
            return None
        found.update(map(int, names))
    return frozenset(found)

"""Tells the other servers of a store on PostgreSQL that the change log has grown, and hears it from them (LISTEN, NOTIFY).

A NOTIFY inside of a transaction makes the commits of all servers wait for each other, so it is sent after the commit, by a
connection of its own and at most every REST_S.  It may be lost, so what waits for changes also looks by itself from time to time.
"""

import logging
import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress

from trackside.core.db.pgwire import Lost, ServerError, Wire

log = logging.getLogger("trackside.db")

CHANNEL = "trackside_changes"
REST_S = 0.05
RETRY_S = 1.0
END_S = 2.0


class Bell:
    """`heard` is called in the bell's thread when another server has changed something, or may have."""

    def __init__(self, connect: Callable[[], Wire], heard: Callable[[], None]) -> None:
        self._connect = connect
        self._heard = heard
        self._closing = threading.Event()
        self._rung = threading.Event()
        self._reads, self._writes = os.pipe()
        self._thread = threading.Thread(target=self._run, name="trackside-bell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Tell the others, soon."""
        if not self._rung.is_set():
            self._rung.set()
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
                self._heard()  # what was missed
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
            if self._rung.is_set():
                self._rung.clear()  # before the NOTIFY: a change that it misses rings again
                wire.command(f"NOTIFY {CHANNEL}")
            if wire.take_notices():
                self._heard()
            self._closing.wait(REST_S)

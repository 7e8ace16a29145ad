"""A process that runs uvicorn with the application."""

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from trackside import app
from trackside.cli.output import OK
from trackside.cli.server import ports
from trackside.cli.server.connections import bounded, raise_file_limit
from trackside.cli.server.signals import leave
from trackside.cli.server.uvicorn_parts import Config, Server
from trackside.cli.stores import explained
from trackside.core.errors import Fault, Unavailable
from trackside.core.settings import Settings
from trackside.opening import Opening

log = logging.getLogger("trackside")

BACKLOG = 2048
FOR_HANDSHAKES = 10  # with TLS: the share of the connections whose handshake is under way
KEEP_ALIVE_S = 75  # longer than the minute after which proxies in front drop an idle connection
REST_AFTER_S = 0.2  # after the start: until then the first answers have the processor
AGAIN_S = 1.0  # until the rest is loaded again
END_S = 5.0  # for what runs beside the answers, after them
TICK_S = 1.0  # between two looks at the clock, for the header `date`, and at the supervisor
_NO_FILES = (errno.EMFILE, errno.ENFILE)  # of the process, of the machine: connections have used them up
GRACE_S = 10  # for requests under way when the server stops


class Team(NamedTuple):
    """The processes of one server: the pid of the supervisor, and the folder with their shared counters."""

    supervisor: int
    counts: Path


def serve(
    settings: Settings,
    sockets: list[socket.socket],
    interval_factor: float,
    on_ready: Callable[[], None],
    opening: Opening,
    *,
    team: Team | None = None,
    start_id: str = "",
) -> int:
    """Run one server process; it stops when its supervisor has ended."""
    signal.signal(signal.SIGTERM, leave)
    with explained(settings):
        url = _own_url(settings, sockets)
        made = app.build(
            settings,
            interval_factor=interval_factor,
            url=url,
            start_id=start_id,
            is_partial=True,
            workers=None if team is None else team.counts,
            opening=opening,
        )
    try:
        server = _Server(_config(made.asgi, settings), made.leave)

        def stop(*_: object) -> None:
            server.end()

        async def check_supervisor() -> None:
            if team is not None and os.getppid() != team.supervisor:
                stop()

        server.config.callback_notify = check_supervisor
        # uvicorn handles signals while it serves, and afterwards raises repeated ones.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        ports.listen(
            sockets, settings.host, BACKLOG
        )  # from now on the kernel queues connections instead of refusing them
        gc.freeze()  # objects of the start stay: garbage collections need not scan them
        gc.enable()
        on_ready()
        rest = threading.Timer(REST_AFTER_S, complete, (made, stop))
        rest.name, rest.daemon = "trackside-rest", True
        rest.start()
        server.run(sockets=sockets)
    finally:
        _end(made)
    return OK


def complete(made: app.App, stop: Callable[[], None], wait: Callable[[float], object] = time.sleep) -> None:
    """Load what the first answers do not need, again while the store cannot be read or no file can be opened: calls are answered
    with 503 meanwhile.  A server that cannot load it for another reason ends, as one that cannot start does."""
    try:
        while True:
            try:
                made.complete()
            except (Unavailable, sqlite3.Error) as fault:
                log.warning("the rest of the server is loaded when the store can be read: %s", fault)
                wait(AGAIN_S)
            except OSError as fault:
                if fault.errno not in _NO_FILES:
                    raise
                log.warning("the rest of the server is loaded when fewer connections are open: %s", fault)
                wait(AGAIN_S)
            else:
                gc.freeze()  # as at the start: a full collection would scan them for 20 to 30 ms, while calls wait
                return
    except Exception:
        log.exception("a part of the server cannot be loaded; it ends")
        stop()


def _own_url(settings: Settings, sockets: list[socket.socket]) -> str:
    """Return where processes of this machine find the server."""
    host, port = sockets[0].getsockname()[:2]
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # what it listens on
    return ports.url(near, port, settings.static_prefix, is_secure=settings.tls_cert is not None)


def _end(made: app.App) -> None:
    """Close the application, and abandon work that does not end: a store or database that hangs must not keep the server
    alive."""
    closing = threading.Thread(target=_close, args=(made,), name="trackside-end", daemon=True)
    closing.start()
    closing.join(END_S)
    if closing.is_alive():
        left = sorted(
            {each.name for each in threading.enumerate() if each.name.startswith("trackside-")} - {closing.name}
        )
        # `os._exit`: the locks of the data folder are held until no thread writes any more.
        log.error("what is under way did not end within %g s and is abandoned (threads: %s)", END_S, ", ".join(left))
        sys.stdout.flush()
        os._exit(OK)


def _close(made: app.App) -> None:
    try:
        made.close()
    except Fault as fault:  # an error of the store: its message has the reason
        log.error("a part of the server did not close: %s", fault.message)
    except Exception:
        log.exception("a part of the server did not close")


class _Server(Server):
    """A server that ends at once at a signal: uvicorn checks ten times a second.

    The application is notified at once too, because some answers wait for other servers.
    """

    def __init__(self, config: Config, leave: Callable[[], None]) -> None:
        super().__init__(config)
        self._leave = leave
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_to_end = asyncio.Event()

    def end(self) -> None:
        """End the server.  May be called in a handler of signals, and by any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._has_to_end.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.end()
        self._leave()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        tls = self.config.ssl
        if tls is None:
            await super().startup(sockets=sockets)
            return
        from trackside.cli.server.handshakes import Acceptor  # noqa: PLC0415  # only for HTTPS

        await super().startup(sockets=[])
        accepting = Acceptor(sockets or [], tls, self._protocol, max(1, raise_file_limit() // FOR_HANDSHAKES))
        self.servers.append(accepting)  # type: ignore[arg-type]  # uvicorn calls `close` and `wait_closed`

    def _protocol(self) -> asyncio.Protocol:
        # As uvicorn creates it.
        return self.config.http_protocol_class(
            config=self.config,  # type: ignore[call-arg]  # typed as a protocol without parameters
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):  # 0: each tick renews the header
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_to_end.wait(), TICK_S)


def _config(application: Any, settings: Settings) -> Config:
    most = raise_file_limit()
    return Config(
        application,
        loop="uvloop",
        http=bounded(most if settings.tls_cert is None else most - most // FOR_HANDSHAKES),
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_notify=1,
        timeout_graceful_shutdown=GRACE_S,
        workers=1,
    )

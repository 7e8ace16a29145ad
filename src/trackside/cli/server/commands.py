"""`trackside server`: from settings to a process that answers.  Knows sockets, signals and uvicorn; knows no route."""

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn

import uvicorn
from msgspec import structs

from trackside import app
from trackside.cli.lock import Lock, of_server
from trackside.cli.output import OK, Stop, say
from trackside.cli.server import first_admin, ports, supervise
from trackside.cli.stores import explained, refuse_foreign_file
from trackside.core import certificates, log_lines
from trackside.core.http.protocol import OneWriteProtocol
from trackside.core.http.request_log import LOGGER as REQUEST_LOGGER
from trackside.core.setting_values import is_name
from trackside.core.settings import Settings, SqliteStore
from trackside.monitoring import workers
from trackside.stock_ui import files as stock_files

log = logging.getLogger("trackside")

BACKLOG = 2048
TLS_FOLDER = "tls"  # in the data folder
KEEP_ALIVE_S = 75  # longer than the minute after which proxies in front drop an idle connection
REST_AFTER_S = 0.2  # after the start: until then the first answers have the processor
END_S = 5.0  # for what runs beside the answers, after them
GRACE_S = 10  # for answers under way when the server is told to stop

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Team(NamedTuple):
    """The processes of one server: the id of the one that supervises, and the folder where the others share their counts."""

    supervisor: int
    counts: Path


def run(chosen: Settings, *, interval_factor: float = 1.0) -> int:
    """Serve until SIGTERM or SIGINT.  Settings that cannot work are refused before anything is written.

    `interval_factor` multiplies every interval at which background work looks for more to do."""
    signal.signal(signal.SIGTERM, _leave)
    is_near = all(each.is_loopback for each in ports.resolve(chosen.host, chosen.port))
    refuse_foreign_file(chosen)
    if chosen.ui == "mlflow" and stock_files.folder() is None:
        raise Stop(stock_files.MISSING)
    if not is_near:
        _check_exposure(chosen)
    lock = of_server(chosen)
    sockets: list[socket.socket] = []
    try:
        _make_administrator(chosen)
        chosen = _certified(chosen)
        sockets = ports.bind(chosen.host, chosen.port)
        return _serve(chosen, sockets, lock, interval_factor)
    finally:
        for each in sockets:
            each.close()
        lock.release()


def _certified(settings: Settings) -> Settings:
    """With a certificate of the server's own, if that was asked for."""
    if settings.tls == "off":
        return settings
    listens = () if settings.host in ("0.0.0.0", "::") else (settings.host,)  # noqa: S104  # what it listens on
    named = (name for name in settings.allowed_hosts if is_name(name))
    names = dict.fromkeys(("localhost", "127.0.0.1", "::1", socket.gethostname(), *listens, *named))
    try:
        found = certificates.prepare(settings.data / TLS_FOLDER, list(names))
    except certificates.CertificateError as error:
        raise Stop(f"--tls self-signed: {error}") from None
    return structs.replace(settings, tls_cert=found.certificate, tls_key=found.key)


def _serve(settings: Settings, sockets: list[socket.socket], lock: Lock, interval_factor: float) -> int:
    is_json = settings.log_format == "json"
    log_lines.begin(_LEVELS[settings.log_level], is_json=is_json, told=REQUEST_LOGGER if is_json else "")
    port: int = sockets[0].getsockname()[1]

    def announce() -> None:
        lock.describe(port)
        where = ports.url(settings.host, port, settings.static_prefix, is_secure=settings.tls_cert is not None)
        say(f"Trackside listening on {where} (store {_store(settings)}, durability {settings.durability})")
        if settings.tls != "off":
            authority = settings.data / TLS_FOLDER / "ca.pem"
            say(f"Clients trust it by: export REQUESTS_CA_BUNDLE={authority} SSL_CERT_FILE={authority}")

    if settings.workers == 1:
        return _work(settings, sockets, interval_factor, announce)
    for each in sockets:
        each.listen(BACKLOG)
    team = Team(os.getpid(), workers.prepare(settings.data / "workers"))
    return supervise.run(
        settings.workers,
        lambda ready: _work(settings, sockets, interval_factor, ready, team=team),
        on_ready=announce,
    )


def _work(
    settings: Settings,
    sockets: list[socket.socket],
    interval_factor: float,
    on_ready: Callable[[], None],
    *,
    team: Team | None = None,
) -> int:
    """One process that serves; it stops when its supervisor is no more."""
    signal.signal(signal.SIGTERM, _leave)
    with explained(settings):
        url = _own_url(settings, sockets)
        made = app.build(
            settings,
            interval_factor=interval_factor,
            url=url,
            is_partial=True,
            workers=None if team is None else team.counts,
        )
    try:
        server = _Server(_config(made.asgi, settings), made.leave)

        def stop(*_: object) -> None:
            server.should_exit = True

        async def check_supervisor() -> None:
            if team is not None and os.getppid() != team.supervisor:
                stop()

        server.config.callback_notify = check_supervisor
        # uvicorn takes the signals over while it serves, and afterwards raises those that came once more for us.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        for each in sockets:
            each.listen(BACKLOG)  # from here on nobody is turned away: the kernel lets them wait for us
        gc.freeze()  # what start-up made stays: no collection need look at it again
        on_ready()
        rest = threading.Timer(REST_AFTER_S, _complete, (made, stop))
        rest.name, rest.daemon = "trackside-rest", True
        rest.start()
        server.run(sockets=sockets)
    finally:
        _end(made)
    return OK


def _complete(made: app.App, stop: Callable[[], None]) -> None:
    """Load what the first answers do not need.  A server that cannot do that ends, as one that cannot start does."""
    try:
        made.complete()
    except Exception:
        log.exception("a part of the server cannot be loaded; it ends")
        stop()


def _own_url(settings: Settings, sockets: list[socket.socket]) -> str:
    """Return where processes of this machine find the server."""
    host, port = sockets[0].getsockname()[:2]
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # what it listens on
    return ports.url(near, port, settings.static_prefix, is_secure=settings.tls_cert is not None)


def _end(made: app.App) -> None:
    """Close the application, and leave behind what does not end: a store or database that hangs keeps no server alive."""
    closing = threading.Thread(target=made.close, name="trackside-end", daemon=True)
    closing.start()
    closing.join(END_S)
    if closing.is_alive():
        left = sorted(
            {each.name for each in threading.enumerate() if each.name.startswith("trackside-")} - {closing.name}
        )
        # `os._exit`: the locks of the data folder are held until nothing here writes any more.
        log.error("what is under way did not end within %g s and is abandoned (threads: %s)", END_S, ", ".join(left))
        sys.stdout.flush()
        os._exit(OK)


class _Server(uvicorn.Server):
    """Tells the application at the signal, not after the last answer, that it ends: some answers wait for other servers."""

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None]) -> None:
        super().__init__(config)
        self._leave = leave

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._leave()


def _config(application: Any, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="uvloop",
        http=OneWriteProtocol,
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


def _check_exposure(settings: Settings) -> None:
    """Raise Stop where other machines could come in and nobody would ask who they are."""
    if settings.allow_unauthenticated or first_admin.password(settings) is not None:
        return
    with explained(settings):
        if first_admin.has_users(settings):
            return
    raise Stop(
        f"--host {settings.host} lets other machines in, and the store has no administrator, so everybody who reaches the port"
        " could read, write and delete. Make one: `trackside user create NAME --admin` with the same --data or --store, or"
        " TRACKSIDE_ADMIN_USERNAME with TRACKSIDE_ADMIN_PASSWORD_FILE. Add --allow-unauthenticated if you want that, or"
        " listen on 127.0.0.1"
    )


def _make_administrator(settings: Settings) -> None:
    password = first_admin.password(settings)
    if password is not None:
        with explained(settings):
            first_admin.ensure(settings, password)


def _store(settings: Settings) -> str:
    return f"sqlite {settings.store.path}" if isinstance(settings.store, SqliteStore) else str(settings.store)


def _leave(*_: object) -> NoReturn:
    raise SystemExit(OK)

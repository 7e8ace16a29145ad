"""`trackside server`: starts the server's processes from the settings.

The application is loaded last, while the store opens.
"""

import gc
import logging
import os
import signal
import socket

from msgspec import structs

from trackside.cli.lock import Lock, of_server
from trackside.cli.output import Stop, say
from trackside.cli.server import first_admin, ports, supervise
from trackside.cli.server.signals import leave
from trackside.cli.stores import explained, refuse_foreign_file
from trackside.core import certificates, log_lines
from trackside.core.http.request_log import LOGGER as REQUEST_LOGGER
from trackside.core.setting_values import is_name
from trackside.core.settings import Settings, SqliteStore
from trackside.opening import Opening

TLS_FOLDER = "tls"  # in the data folder

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def run(chosen: Settings, *, interval_factor: float = 1.0) -> int:
    """Serve until SIGTERM or SIGINT.

    Invalid settings are refused before anything is written. `interval_factor` multiplies the intervals of background work.
    """
    signal.signal(signal.SIGTERM, leave)
    is_near = all(each.is_loopback for each in ports.resolve(chosen.host, chosen.port))
    refuse_foreign_file(chosen)
    if chosen.ui == "mlflow":
        _check_mlflow_pages()
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


def _check_mlflow_pages() -> None:
    from trackside.stock_ui import files  # noqa: PLC0415  # only for those who want them

    if files.folder() is None:
        raise Stop(files.MISSING)


def _certified(settings: Settings) -> Settings:
    """Return the settings with a certificate of the server's own authority, if that was requested."""
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
    log_lines.begin(_LEVELS[settings.log_level], is_json=is_json, always=REQUEST_LOGGER if is_json else "")
    port: int = sockets[0].getsockname()[1]

    def announce() -> None:
        lock.describe(port)
        where = ports.url(settings.host, port, settings.static_prefix, is_secure=settings.tls_cert is not None)
        say(f"Trackside listening on {where} (store {_store(settings)}, durability {settings.durability})")
        if settings.tls != "off":
            authority = settings.data / TLS_FOLDER / "ca.pem"
            say(f"To trust it on clients: export REQUESTS_CA_BUNDLE={authority} SSL_CERT_FILE={authority}")

    if settings.workers == 1:
        gc.disable()  # until it serves: loaded objects stay, and garbage collection among them takes a tenth of the start
        opening = Opening(settings)
        try:
            opening.wait_for_connection()
            from trackside.cli.server import process  # noqa: PLC0415  # its modules load while the store opens

            return process.serve(settings, sockets, interval_factor, announce, opening, start_id=lock.start_id)
        finally:
            gc.enable()
            opening.abandon()
    from trackside.app import later  # noqa: F401, PLC0415  # before the forks: they share its memory
    from trackside.cli.server import process  # noqa: PLC0415
    from trackside.monitoring import workers  # noqa: PLC0415

    ports.listen(sockets, settings.host, process.BACKLOG)
    team = process.Team(os.getpid(), workers.prepare(settings.data / "workers"))
    return supervise.run(
        settings.workers,
        lambda ready: process.serve(
            settings, sockets, interval_factor, ready, Opening(settings), team=team, start_id=lock.start_id
        ),
        on_ready=announce,
    )


def _check_exposure(settings: Settings) -> None:
    """Raise Stop if other machines could call the server without authentication."""
    if settings.allow_unauthenticated or first_admin.password(settings) is not None:
        return
    with explained(settings):
        if first_admin.has_users(settings):
            return
    raise Stop(
        f"--host {settings.host} allows other machines, and the store has no administrator, so everyone who reaches "
        f"the port could read, write and delete. Create one: `trackside user create NAME --admin` with the same "
        f"--data or --store, or"
        " TRACKSIDE_ADMIN_USERNAME with TRACKSIDE_ADMIN_PASSWORD_FILE. Add --allow-unauthenticated to allow this, or "
        "listen on 127.0.0.1"
    )


def _make_administrator(settings: Settings) -> None:
    password = first_admin.password(settings)
    if password is not None:
        with explained(settings):
            first_admin.ensure(settings, password)


def _store(settings: Settings) -> str:
    return f"sqlite {settings.store.path}" if isinstance(settings.store, SqliteStore) else str(settings.store)

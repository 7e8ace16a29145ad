"""Opens connections to PostgreSQL by libpq within a time limit, and probes whether a server answers."""

import os
import select
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import pq
from psycopg.pq import ConnStatus, PollingStatus

from trackside.core.locations import PostgresStore

CONNECT_TIMEOUT_S = 5.0
DEAD_AFTER_S = 30  # a peer that acknowledges nothing for this long is considered dead
_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class Lost(ConnectionError):
    """The connection broke, or could not be established."""


def connected(store: PostgresStore) -> "pq.abc.PGconn":
    where = f"{store.host}, port {store.port}"
    until = time.monotonic() + CONNECT_TIMEOUT_S
    try:
        conn = pq.PGconn.connect_start(_conninfo(store))
    except (psycopg.Error, OSError) as error:
        raise Lost(f"cannot connect to {where}: {words(error)}") from None
    try:
        if conn.status == ConnStatus.BAD or not poll_until(conn.connect_poll, conn, until):
            message = conn.error_message.decode("utf-8", "replace").strip()
            raise Lost(f"cannot connect to {where}: {shortened(message) or 'it does not answer'}")
        conn.nonblocking = 1
        conn.enter_pipeline_mode()
    except BaseException:
        conn.finish()
        raise
    return conn


def poll_until(step: Callable[[], int], conn: "pq.abc.PGconn | pq.abc.PGcancelConn", until: float) -> bool:
    """Let libpq establish a connection; return False if it failed or the deadline passed."""
    while True:
        status = step()
        if status in (PollingStatus.OK, PollingStatus.FAILED):
            return status == PollingStatus.OK
        waits_for = select.POLLIN if status == PollingStatus.READING else select.POLLOUT
        poll = select.poll()
        poll.register(conn.socket, waits_for)
        left_s = until - time.monotonic()
        if left_s <= 0 or not poll.poll(left_s * 1000):
            return False


def _conninfo(store: PostgresStore) -> bytes:
    """Return the connection parameters with resolved addresses: libpq would hold Python's global lock during a DNS lookup."""
    options = {
        "host": store.host,
        "port": str(store.port),
        "user": store.user,
        "dbname": store.database,
        "sslmode": store.sslmode,
        "gssencmode": "disable",
        "client_encoding": "UTF8",
        "application_name": f"trackside {os.getpid()}",
        "tcp_user_timeout": str(DEAD_AFTER_S * 1000),
        "keepalives_idle": str(DEAD_AFTER_S),
        "keepalives_interval": str(DEAD_AFTER_S // 3),
    }
    if not store.host.startswith("/"):
        addresses = list(dict.fromkeys(_addresses(store)))
        options["host"] = ",".join([store.host] * len(addresses))
        options["hostaddr"] = ",".join(addresses)
    if store.password is not None:
        options["password"] = store.password
    if store.sslrootcert is not None:
        options["sslrootcert"] = store.sslrootcert
    elif store.sslmode == "verify-full":
        options["sslrootcert"] = _certificates()
    return " ".join([f"{name}='{_escaped(value)}'" for name, value in options.items()]).encode()


def _addresses(store: PostgresStore) -> Iterator[str]:
    for _, _, _, _, address in socket.getaddrinfo(store.host, store.port, type=socket.SOCK_STREAM):
        yield str(address[0])


def _certificates() -> str:
    """Return the path of the machine's CA certificates, which the OpenSSL inside a wheel does not find."""
    own = ssl.get_default_verify_paths().cafile
    return next((path for path in (own, *_CERTIFICATES) if path and Path(path).exists()), "system")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def words(error: Exception) -> str:
    return shortened(getattr(error, "strerror", None) or str(error))


def shortened(message: str) -> str:
    """Return libpq's message in one line, without its hints."""
    return " ".join(line.strip() for line in message.splitlines() if line.strip())


def is_there(store: PostgresStore) -> bool:
    """Return whether the server answers a new connection."""
    try:
        with closing(_plain(store)) as made:
            made.settimeout(CONNECT_TIMEOUT_S)
            made.sendall(struct.pack("!ii", 8, 80877103))
            return bool(made.recv(1))
    except OSError:
        return False


def _plain(store: PostgresStore) -> socket.socket:
    if not store.host.startswith("/"):
        return socket.create_connection((store.host, store.port), CONNECT_TIMEOUT_S)
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(CONNECT_TIMEOUT_S)
        made.connect(f"{store.host}/.s.PGSQL.{store.port}")
    except OSError:
        made.close()
        raise
    return made

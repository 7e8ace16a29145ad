"""Proxies in front of a PostgreSQL: one cuts connections on request, one terminates TLS."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

# Sees what a client sends; gives what shall be done with it.
Rule = Callable[[bytes], str]

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
PASS, CUT, CUT_AFTER_ANSWER = "pass", "cut", "cut after the answer"


class Proxy:
    """Forwards to `port` until `close`.  `rule` may be changed at any time."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.rule: Rule = lambda data: PASS
        self.cuts = 0
        self.answered_bytes = 0
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            _close(each)
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 10)
            except OSError:
                client.close()
                continue
            self._open += [client, server]
            answered = threading.Event()
            swallow = threading.Event()
            for work in (
                lambda: self._from_client(client, server, swallow, answered),  # noqa: B023  # started before the next
                lambda: self._from_server(server, client, swallow, answered),  # noqa: B023
            ):
                thread = threading.Thread(target=work, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _from_client(
        self, client: socket.socket, server: socket.socket, swallow: threading.Event, answered: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                action = self.rule(data)
                if action == CUT_AFTER_ANSWER:
                    swallow.set()
                    server.sendall(data)
                    answered.wait(10)
                if action != PASS:
                    self.cuts += 1
                    break
                server.sendall(data)
        _close(client)
        _close(server)

    def _from_server(
        self, server: socket.socket, client: socket.socket, swallow: threading.Event, answered: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                self.answered_bytes += len(data)
                if swallow.is_set():
                    answered.set()
                else:
                    client.sendall(data)
        answered.set()
        _close(client)


def _close(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


def once(word: bytes, action: str) -> Rule:
    """Does `action` with the first piece that has `word` in it."""
    done = threading.Event()

    def rule(data: bytes) -> str:
        if word in data and not done.is_set():
            done.set()
            return action
        return PASS

    return rule


class TlsProxy:
    """Terminate TLS like PostgreSQL, and forward the contents to a server without TLS."""

    def __init__(self, port: int, certificate: Path, key: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.taken = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(plain,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        with plain, suppress(OSError):
            assert plain.recv(8) == SSL_REQUEST
            plain.sendall(b"S")
            with self._context.wrap_socket(plain, server_side=True) as client:
                self.taken += 1
                with socket.create_connection(("127.0.0.1", self._target), 10) as server:
                    back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                    back.start()
                    _pump(client, server)
                    back.join(10)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate for `host` that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{host}.pem", folder / f"{host}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files

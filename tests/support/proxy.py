"""A TCP proxy that cuts connections where a test wants it."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

# Sees what a client sends; gives what shall be done with it.
Rule = Callable[[bytes], str]

PASS, CUT, CUT_AFTER_ANSWER = "pass", "cut", "cut after the answer"


class Proxy:
    """Forwards to `port` until `close`.  `rule` may be changed at any time."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.rule: Rule = lambda data: PASS
        self.cuts = 0
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

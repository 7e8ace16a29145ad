"""Connections that return an answer that the server sends before it has received the whole request.

A server refuses a large body after the head of the request, and closes the connection.  `http.client` then raises the error of
the socket, and the caller does not learn the reason.
"""

import http.client
from contextlib import suppress
from typing import Any


class _CannotSend(Exception):
    """The server has closed the connection, or only its receiving side."""


class _Early(http.client.HTTPConnection):
    def request(self, *args: Any, **options: Any) -> None:
        with suppress(_CannotSend):  # `getresponse` returns the answer, or raises if there is none
            super().request(*args, **options)

    def send(self, data: Any) -> None:
        """Called with the head and with each piece of the body, so that an error of the body's source is not caught."""
        if self.sock is None:
            self.connect()
        try:
            super().send(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _CannotSend from error


class HTTPConnection(_Early):
    """A connection of HTTP, or of HTTPS if the caller sets its socket."""


class HTTPSConnection(_Early, http.client.HTTPSConnection):
    """A connection of HTTPS."""

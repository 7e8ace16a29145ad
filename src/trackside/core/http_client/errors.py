"""Errors of calls to a remote.

`RemoteUnavailable`: the remote as a whole does not work (down, slow, busy, broken); the caller waits and retries.
`RequestRejected`: the remote refused one call; other calls may succeed.
"""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class RemoteUnavailable(Exception):
    """The remote does not work at present."""

    def __init__(self, message: str, retry_after_s: float | None = None, status: int = 0) -> None:
        """`status` is that of the answer; 0 without an answer."""
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.status = status


class NotCalled(RemoteUnavailable):
    """The rules of this server forbid calls to the remote, and the caller may see that."""


class ResponseTooLarge(RemoteUnavailable):
    """An answer is larger than its memory limit."""


class RequestRejected(Exception):
    """The remote refused a call."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code

    @property
    def is_missing(self) -> bool:
        """Return whether the object of the call is missing, while the server supports the call."""
        return self.code == "RESOURCE_DOES_NOT_EXIST"

    @property
    def is_unknown_call(self) -> bool:
        """Return whether the remote's release does not support the call."""
        return self.status in (404, 405, 501) and self.code in ("", "ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED")


def unless_missing(ask: Callable[[], T]) -> T | None:
    """Return the answer of a call; None if the remote answers that the object does not exist."""
    try:
        return ask()
    except RequestRejected as refused:
        if not refused.is_missing:
            raise
        return None


class Cancelled(Exception):
    """The server is stopping."""

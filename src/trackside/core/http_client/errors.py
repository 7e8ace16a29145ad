"""The faults of calls to a remote.

`RemoteUnavailable` is trouble of the remote as a whole (gone, slow, busy, broken): the caller waits and tries again.
`RequestRejected` is the remote's answer to one call: that call is at fault, and others go on.
"""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class RemoteUnavailable(Exception):
    """The remote cannot be worked with now."""

    def __init__(self, message: str, retry_after_s: float | None = None, status: int = 0) -> None:
        """`status`: of its answer, if it gave one."""
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.status = status


class NotCalled(RemoteUnavailable):
    """The rules of this server do not let it call the remote, and the caller may know."""


class ResponseTooLarge(RemoteUnavailable):
    """An answer that does not fit into the memory that it may take."""


class RequestRejected(Exception):
    """The remote answered a call with no."""

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
        """The remote's release has no such call."""
        return self.status in (404, 405, 501) and self.code in ("", "ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED")


def unless_missing(ask: Callable[[], T]) -> T | None:
    """Return the answer of a call; None where the remote says that what was asked for is not there."""
    try:
        return ask()
    except RequestRejected as refused:
        if not refused.is_missing:
            raise
        return None


class Cancelled(Exception):
    """The server is stopping."""

"""Tells an answer of a remote that has not the shape that it must have from a fault of our own code.

An adapter (a module of `sync.remote`) takes the remote's JSON apart.  An error about a value that is raised while an adapter runs
counts as one about such an answer.  The same error anywhere else is a bug of this server, and is reported as one.
"""

import struct
from types import TracebackType

import msgspec

from trackside.core.http_client.client import Down

ADAPTERS = "trackside.sync.remote."
OF_VALUES = (LookupError, TypeError, ValueError, AttributeError, OverflowError, struct.error, msgspec.MsgspecError)


class InvalidRemoteResponse(Down):
    """The remote answered with something that its API does not answer."""


def of_remote(error: BaseException) -> InvalidRemoteResponse | None:
    """Return what an error about a value says of the remote; None if it was not raised while an adapter ran."""
    if not _is_below_adapter(error.__traceback__):
        return None
    return InvalidRemoteResponse(f"what the remote answers cannot be read ({type(error).__name__}: {str(error)[:100]})")


def bug(error: BaseException) -> str:
    """Return what a user reads about an error that is a bug of this server."""
    return f"this server failed at it ({type(error).__name__}), which is a bug of Trackside; its log has the details"


def _is_below_adapter(trace: TracebackType | None) -> bool:
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).startswith(ADAPTERS):
            return True
        trace = trace.tb_next
    return False

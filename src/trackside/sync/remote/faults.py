"""Tells an answer of a remote that has not the shape that it must have from a fault of our own code.

An adapter (a module of `sync.remote`) decodes the remote's answers into structs, and raises InvalidRemoteResponse where that
fails.  Any other error about a value, also within an adapter, is a bug of this server, and is reported as one.
"""

import struct

import msgspec

from trackside.core.http_client.errors import RemoteUnavailable

OF_VALUES = (LookupError, TypeError, ValueError, AttributeError, OverflowError, struct.error, msgspec.MsgspecError)


class InvalidRemoteResponse(RemoteUnavailable):
    """The remote answered with something that its API does not answer."""


def bug(error: BaseException) -> str:
    """Return what a user reads about an error that is a bug of this server."""
    return f"this server failed at it ({type(error).__name__}), which is a bug of Trackside; its log has the details"

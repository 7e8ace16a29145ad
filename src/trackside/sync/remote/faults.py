"""Distinguishes an invalid answer of a remote from a bug of this server.

An adapter (a module of `sync.remote`) decodes the remote's answers into structs, and raises InvalidRemoteResponse if that fails.
Any other error about a value, also in an adapter, is reported as a bug of this server.
"""

import struct

import msgspec

from trackside.core.http_client.errors import RemoteUnavailable

OF_VALUES = (LookupError, TypeError, ValueError, AttributeError, OverflowError, struct.error, msgspec.MsgspecError)


class InvalidRemoteResponse(RemoteUnavailable):
    """The remote's answer does not conform to its API."""


def bug(error: BaseException) -> str:
    """Return the message for a user about an error that is a bug of this server."""
    return f"this server failed at it ({type(error).__name__}), which is a bug of Trackside; its log has the details"

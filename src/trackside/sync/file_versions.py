"""The version of a file on each of the two sides.  Pure."""

from msgspec import Struct


class LocalFile(Struct, frozen=True):
    size_bytes: int
    etag: str


class RemoteFile(Struct, frozen=True):
    """A file of a remote.  Fields that the remote does not provide are empty."""

    size_bytes: int
    sha256: str = ""
    etag: str = ""  # without quotes; it differs whenever the bytes differ

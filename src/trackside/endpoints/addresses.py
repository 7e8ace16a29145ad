"""Addresses of replicas: the path of a Unix socket, or `tcp:ID@HOST:PORT`, whose id selects the replica's secret."""

from msgspec import Struct


class Tcp(Struct, frozen=True):
    key_id: str
    host: str
    port: int


def tcp(key_id: str, host: str, port: int) -> str:
    return f"tcp:{key_id}@{host}:{port}"


def parsed(address: str) -> Tcp | None:
    """Return the parts of a `tcp:` address; None for the path of a socket."""
    if not address.startswith("tcp:"):
        return None
    key_id, _, place = address[4:].partition("@")
    host, _, port = place.rpartition(":")
    return Tcp(key_id, host, int(port))

"""The address and scheme of a client behind a proxy, from X-Forwarded-For and X-Forwarded-Proto.

The headers are trusted only from addresses that the operator listed: any other client could forge them.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any


class Forwarded:
    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._networks = [ip_network(each) for each in trusted]

    def address(self, scope: Any) -> str:
        """Return the client's address: the last one in X-Forwarded-For that is not a trusted proxy."""
        client = scope.get("client")
        near: str = client[0] if client else ""
        if not self._networks or not self._is_trusted(near):
            return near
        for hop in reversed(self._value(scope, b"x-forwarded-for").split(",")):
            address = hop.strip()
            if not _is_address(address):
                break
            near = address
            if not self._is_trusted(address):
                break
        return near

    def is_secure(self, scope: Any) -> bool:
        """Return whether the client uses HTTPS, to this server or to a trusted proxy."""
        if scope.get("scheme") == "https":
            return True
        client = scope.get("client")
        if not self._networks or not client or not self._is_trusted(client[0]):
            return False
        return self._value(scope, b"x-forwarded-proto").rpartition(",")[2].strip().lower() == "https"

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in self._networks)

    def _value(self, scope: Any, wanted: bytes) -> str:
        return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)


@lru_cache(maxsize=1024)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

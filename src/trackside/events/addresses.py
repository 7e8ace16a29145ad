"""Which addresses a webhook may call.  Pure: knows numbers, asks nobody.

A server stands where its callers do not, so what it calls in their name must be open to all: neither its own machine, nor
its network, nor the services by which clouds tell machines their credentials.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
_METADATA = frozenset({ip_address("168.63.129.16"), ip_address("100.100.100.200"), ip_address("fd00:ec2::254")})


def refusal(text: str, *, allow_private: bool) -> str | None:
    """Why this address is not called; None if it may be."""
    address = _inner(ip_address(text.partition("%")[0]))
    if address.is_link_local or address in _METADATA:
        return f"{text} is an address of the local link, where clouds answer for their machines"
    if address.is_multicast or address.is_unspecified or (address.is_reserved and not address.is_loopback):
        return f"{text} is the address of no machine"
    if address.is_global:
        return None
    if not allow_private:
        return f"{text} is not a public address; the server's setting --allow-private-webhooks opens those"
    return None


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside of one of the forms that carry it through IPv6."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address

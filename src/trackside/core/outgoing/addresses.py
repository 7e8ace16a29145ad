"""Rules for the addresses that the server may call.  Pure.

The server may be inside a network that its callers cannot reach.  The metadata services by which clouds issue credentials to
machines are always blocked; addresses of the server's machine and network are allowed only if the operator lists them.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

Address = IPv4Address | IPv6Address

# Prefixes whose addresses carry an IPv4 address in their last 32 bits: NAT64 (RFC 6052, RFC 8215), IPv4-compatible and
# IPv4-translated (RFC 2765).
_CARRIERS = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96")))
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: in bits 32 to 63 of the address, before an IPv4 address
_SITE_LOCAL = IPv6Network("fec0::/10")  # RFC 3879: networks may still use it, but `is_global` treats it as public
_METADATA = frozenset(
    map(
        ip_address,
        (
            *("168.63.129.16", "100.100.100.200", "192.0.0.192"),  # Azure, Alibaba, Oracle
            *("fd00:ec2::254", "fd20:ce::254", "fd00:42::42"),  # AWS, Google, Scaleway
        ),
    )
)


class Rules(Struct, frozen=True):
    """`opens_private`: private and loopback addresses may be called; otherwise only those of `hosts` and `networks`, which the
    operator listed.  `tells`: messages to the caller may contain the reason why a host cannot be reached."""

    opens_private: bool = False
    hosts: frozenset[str] = frozenset()  # in lower case
    networks: tuple[str, ...] = ()
    tells: bool = True

    def refusal(self, host: str, text: str) -> str | None:
        """Return why the address `text`, to which `host` resolves, is not called; None if it may be."""
        carrier = ip_address(text.partition("%")[0])
        address = _inner(carrier)
        if address.is_link_local or address in _METADATA or carrier in _METADATA:
            return f"{text} is a link-local address, where clouds serve the metadata of machines"
        is_loopback = address.is_loopback
        if address.is_multicast or address.is_unspecified or (address.is_reserved and not is_loopback):
            return f"{text} is not the address of a machine"
        is_public = address.is_global and not is_loopback and address not in _SITE_LOCAL
        if is_public or self.opens_private or self._is_listed(host, address):
            return None
        return (
            f"{text} is not a public address; the server's setting --allowed-remotes opens those that it lists, and"
            " --allow-private-webhooks all of them to webhooks"
        )

    def _is_listed(self, host: str, address: Address) -> bool:
        return host.lower().rstrip(".") in self.hosts or any(
            address in network for network in map(ip_network, self.networks)
        )


OPEN = Rules(opens_private=True)  # for a command that an operator runs: metadata stays closed


def listed(words: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the hosts and the networks of a list that has both.  Raises ValueError for a word that is neither."""
    hosts, networks = set(), []
    for word in words:
        try:
            networks.append(str(_network(word)))
        except ValueError:
            if not _is_name(word):
                raise ValueError(
                    f"{word!r} in it must be a host name, an address or a network such as 10.0.0.0/8, without scheme "
                    f"and port"
                ) from None
            hosts.add(word.lower().rstrip("."))
    return frozenset(hosts), tuple(networks)


def _network(word: str) -> IPv4Network | IPv6Network:
    return ip_network(word.removeprefix("[").removesuffix("]"), strict=False)


def _is_name(word: str) -> bool:
    parts = word.rstrip(".").split(".")
    is_made_of_labels = all(0 < len(part) < 64 and part.replace("-", "a").replace("_", "a").isalnum() for part in parts)
    return word.isascii() and is_made_of_labels and not parts[-1].isdigit()


def _inner(address: Address) -> Address:
    """Return the IPv4 address inside one of the forms that carry it through IPv6."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and int(address) > 1:  # `::` and `::1` are addresses of their own
        is_isatap = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
        if is_isatap or any(address in each for each in _CARRIERS):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address

"""Opens the sockets to listen on, and finds the process that uses a port."""

import errno
import socket
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from trackside.cli.output import Stop


class Address(Struct, frozen=True):
    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    @property
    def is_loopback(self) -> bool:
        return ip_address(self.sockaddr[0].partition("%")[0]).is_loopback


def resolve(host: str, port: int) -> list[Address]:
    """Return every address of the host, IPv4 first."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else fault
        raise Stop(f"--host is {host!r}, which this machine cannot resolve ({reason})") from None
    addresses = {(int(family), sockaddr) for family, _, _, _, sockaddr in found}
    return [Address(family, sockaddr) for family, sockaddr in sorted(addresses, key=lambda each: each[0])]  # type: ignore[arg-type]  # typeshed's sockaddr is wider


def bind(host: str, port: int) -> list[socket.socket]:
    """Return sockets bound to all addresses of the host, on one port.  They do not listen yet."""
    bound: list[socket.socket] = []
    for address in resolve(host, port):
        try:
            bound.append(_bind(address, bound[0].getsockname()[1] if bound else port))
        except OSError as fault:
            if bound and fault.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                continue  # `localhost` names an IPv6 address that the machine does not have
            for each in bound:
                each.close()
            raise Stop(_explain(fault, host, port)) from None
    return bound


def listen(bound: list[socket.socket], host: str, backlog: int) -> None:
    """Let the sockets of `bind` accept connections.  Raise Stop if another process has listened on the port since `bind`: until
    one of them listens, several processes can be bound to one port."""
    for each in bound:
        try:
            each.listen(backlog)
        except OSError as fault:
            raise Stop(_explain(fault, host, each.getsockname()[1])) from None


def holder(port: int) -> str | None:
    """Return the process that listens on the port, as `pid 123 (name)`, where the system shows it (Linux, own processes)."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(Path("/proc/net") / table, port)}
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(handle.readlink()) in wanted for handle in (process / "fd").iterdir()):
                return f"pid {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            continue  # it ended meanwhile, or belongs to another user
    return None


def url(host: str, port: int, prefix: str = "", *, is_secure: bool = False) -> str:
    scheme = "https" if is_secure else "http"
    return f"{scheme}://[{host}]:{port}{prefix}" if ":" in host else f"{scheme}://{host}:{port}{prefix}"


def _bind(address: Address, port: int) -> socket.socket:
    # With the protocol named, accepted sockets are recognized as TCP and Nagle is disabled; on Linux they also inherit the
    # option.
    made = socket.socket(address.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address.sockaddr[0] != "::")
        made.bind((address.sockaddr[0], port, *address.sockaddr[2:]))
        made.set_inheritable(False)
    except OSError:
        made.close()
        raise
    return made


def _explain(fault: OSError, host: str, port: int) -> str:
    if fault.errno == errno.EADDRINUSE:
        other = holder(port)
        by = f" by {other}" if other else ""
        return f"port {port} of {host} is in use{by}; stop that process, or choose another port with --port (0: any free one)"
    if fault.errno == errno.EACCES:
        return f"this user may not listen on port {port}; choose one above 1023 with --port"
    if fault.errno == errno.EADDRNOTAVAIL:
        return f"--host is {host!r}, which is not an address of this machine"
    return f"cannot listen on {host} port {port} ({fault.strerror})"


def _listening(table: Path, port: int) -> list[str]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    # Fields of /proc/net/tcp: 1 local address:port in hex, 3 state (0A: listening), 9 the socket's inode.
    return [row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]

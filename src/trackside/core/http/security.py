"""Which browser pages may call the server: checks of Host and Origin.  Depends on no route and no user.

A page in a browser can make its visitor's browser send requests to a server on the visitor's own network.  Two checks prevent
that.  The Host header must be a name of this server, so a foreign name that is pointed at this address (DNS rebinding) is
refused.  A request that may change something must not have the Origin of a foreign page.  The rules are those of MLflow 3.5 and
newer without two of its gaps: a pattern such as `10.*` matches addresses only (not `10.evil.example`), and the server's own
pages may write without being listed.
"""

import functools
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import msgspec
from msgspec import Struct

Header = tuple[bytes, bytes]

MAX_REMEMBERED = 1024
MAX_HOST_BYTES = 261  # a name of 253 characters, `[`, `]` and a port

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN_PATHS = ("/health", "/version", "/livez", "/readyz")
_AUTHORITY = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{0,5}))?")
_TOKENS = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, -]*")
_WEB_PORTS = {"http": "80", "https": "443"}

# What scripts of another origin may read besides the body.
_EXPOSED = b"Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Location, Retry-After"


class Refusal(Struct, frozen=True):
    """An answer that replaces the handler's: a refusal, or the answer to a CORS preflight."""

    status: int
    headers: list[Header]
    body: bytes


class Guard:
    """Decides by Host and Origin, and caches its decisions.

    `allowed_hosts`: names and addresses, in which `*` stands for any part; `*` alone allows all.  Ports are ignored.
    `cors_origins`: foreign origins whose pages may write; `*` allows all, without cookies.
    `prefix`: the path below which the server serves."""

    def __init__(self, allowed_hosts: Iterable[str], cors_origins: Iterable[str] = (), *, prefix: str = "") -> None:
        self._hosts = _HostRule(tuple(allowed_hosts))
        self._origins = _OriginRule(tuple(cors_origins))
        self._open_paths = frozenset(prefix + path for path in _OPEN_PATHS)
        # Caches of decisions.  Callers choose the keys, so a full cache is emptied; a new decision costs microseconds.
        self._known_hosts: dict[bytes, Refusal | None] = {}
        self._known_origins: dict[tuple[bytes, bytes], bool] = {}

    def is_known(self, host: bytes) -> bool:
        """Return whether this Host was allowed before."""
        return self._known_hosts.get(host, self) is None

    def check(self, scope: Any) -> Refusal | None:
        """Return the answer to a refused request or a preflight; None if the request may go on."""
        host: bytes | None = None
        origin: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"host":
                if host is not None:
                    return _refusal(400, "BAD_REQUEST", "The request has several Host headers; send one.")
                host = value
            elif name == b"origin":
                origin = value if origin is None else b"several"  # no page sends two: this value is no valid origin
        try:
            refusal = self._known_hosts[host or b""]
        except KeyError:
            refusal = self._judge_host(host or b"")
        if refusal is not None and scope["path"] not in self._open_paths:
            return refusal
        if origin is None:
            return None
        return self._check_origin(scope, origin, host or b"")

    def cors_headers(self, scope: Any) -> list[Header]:
        """Return the headers that let scripts of an allowed origin read the answer."""
        for name, _ in scope["headers"]:
            if name == b"origin":
                break
        else:
            return []
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        if len(origins) != 1 or not self._is_allowed_origin(origins[0], host):
            return [(b"vary", b"Origin")]
        if self._origins.is_open:
            return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED)]
        return [
            (b"access-control-allow-origin", origins[0]),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _EXPOSED),
            (b"vary", b"Origin"),
        ]

    def _check_origin(self, scope: Any, origin: bytes, host: bytes) -> Refusal | None:
        method = scope["method"]
        headers = dict(scope["headers"])
        is_preflight = method == "OPTIONS" and b"access-control-request-method" in headers
        if method in _SAFE_METHODS and not is_preflight:
            return None
        if not self._is_allowed_origin(origin, host):
            shown = _shown(origin)
            return _refusal(
                403,
                "PERMISSION_DENIED",
                f"Cross-origin request blocked: pages of {shown} may not write to this server. To allow them, start "
                f"it with --cors-allowed-origins {shown} (or TRACKSIDE_CORS_ALLOWED_ORIGINS).",
            )
        if not is_preflight:
            return None
        return Refusal(200, [*self.cors_headers(scope), *_preflight_headers(headers)], b"")

    def _is_allowed_origin(self, origin: bytes, host: bytes) -> bool:
        key = (origin, host)
        known = self._known_origins.get(key)
        if known is None:
            known = self._origins.allows(origin.decode("latin-1"), host.decode("latin-1"))
            if len(self._known_origins) >= MAX_REMEMBERED:
                self._known_origins.clear()
            if len(origin) <= MAX_HOST_BYTES * 2 and len(host) <= MAX_HOST_BYTES:
                self._known_origins[key] = known
        return known

    def _judge_host(self, host: bytes) -> Refusal | None:
        refusal = self._hosts.judge(host)
        if len(self._known_hosts) >= MAX_REMEMBERED:
            self._known_hosts.clear()
        if len(host) <= MAX_HOST_BYTES:
            self._known_hosts[host] = refusal
        return refusal


class _HostRule:
    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._is_open = "*" in allowed
        self._allowed = allowed

    def judge(self, host: bytes) -> Refusal | None:
        if self._is_open:
            return None
        authority = _parse(host.decode("latin-1"))
        if authority is None:
            return _refusal(400, "BAD_REQUEST", f"Invalid Host header: {_shown(host)!r} is not a host name or address.")
        name, _ = authority
        if self._allows(name):
            return None
        return _refusal(
            403,
            "PERMISSION_DENIED",
            f"Invalid Host header: this server does not serve the host name {_shown(host)!r}, to prevent DNS "
            f"rebinding attacks. To allow it, start the server with --allowed-hosts {name} (or"
            " TRACKSIDE_ALLOWED_HOSTS).",
        )

    def _allows(self, name: str) -> bool:
        is_address = _address(name) is not None
        # Compiled when a name is first asked for: all of them would take 2 ms of each start.
        patterns = (_pattern(_without_port(host)) for host in self._allowed)
        return any(
            pattern.fullmatch(name) for pattern, is_for_addresses in patterns if is_address or not is_for_addresses
        )


class _OriginRule:
    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.is_open = "*" in allowed
        self._patterns = [_wildcard(origin.lower()) for origin in allowed]

    def allows(self, origin: str, host: str) -> bool:
        if self.is_open:
            return True
        origin = origin.lower()
        if any(pattern.fullmatch(origin) for pattern in self._patterns):
            return True
        scheme, _, rest = origin.partition("://")
        authority = _parse(rest)
        if scheme not in _WEB_PORTS or authority is None:
            return False
        name, port = authority
        if name in ("localhost", "127.0.0.1", "::1"):
            return True
        # The server's own pages.  The scheme is not compared: a proxy in front of the server may terminate TLS.
        own = _parse(host)
        return own is not None and own[0] == name and _same_port(port, own[1], scheme)


def _parse(text: str) -> tuple[str, str] | None:
    """Return the name, in lower case and without brackets, and the port of an authority; None for malformed text."""
    match = _AUTHORITY.fullmatch(text)
    if match is None or len(text) > MAX_HOST_BYTES:
        return None
    name = match["name"].lower()
    if name.startswith("["):
        address = _address(name[1:-1])
        return None if address is None else (str(address), match["port"] or "")
    if name != ".":
        name = name.removesuffix(".")  # the same name, fully qualified
    return name, match["port"] or ""


def _same_port(of_origin: str, of_host: str, scheme: str) -> bool:
    standard = _WEB_PORTS[scheme]
    return (of_origin or standard) == (of_host or standard)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


@functools.cache
def _pattern(allowed: str) -> tuple[re.Pattern[str], bool]:
    """Return the expression that an allowed host matches, and whether it matches addresses only."""
    name = allowed.lower().strip("[]").removesuffix(".")
    address = _address(name)
    is_for_addresses = re.fullmatch(r"[0-9.*]+|[0-9a-f:.*]*:[0-9a-f:.*]*", name) is not None
    return _wildcard(name if address is None else str(address)), is_for_addresses


def _wildcard(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", text))), re.DOTALL)


def _without_port(allowed: str) -> str:
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(:[0-9*]*)?", allowed)
    return allowed if match is None else match[1]


def _preflight_headers(asked: dict[bytes, bytes]) -> list[Header]:
    wanted = asked.get(b"access-control-request-headers", b"")
    allowed = wanted if _TOKENS.fullmatch(wanted) else b""
    return [
        (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
        *([(b"access-control-allow-headers", allowed)] if allowed else []),
        (b"access-control-max-age", b"600"),
    ]


def _refusal(status: int, code: str, message: str) -> Refusal:
    body = msgspec.json.encode({"error_code": code, "message": message})
    return Refusal(status, [(b"content-type", b"application/json")], body)


def _shown(value: bytes) -> str:
    text = value.decode("latin-1")
    return text if len(text) <= 120 else text[:120] + "…"

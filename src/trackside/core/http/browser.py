"""Headers that limit what a browser may do with an answer: pages of the server, and logged files."""

from trackside.core.http.streams import Headers, Scope

# Only pages of this server show a page or a file of it in a frame: no other site makes a user click there unknowingly.
FRAMED_BY_OWN_PAGES = "frame-ancestors 'self'"
NO_SNIFFING = (b"x-content-type-options", b"nosniff")

# A logged file is untrusted.  Where a browser shows it nevertheless, it runs nothing, loads nothing and is no page of this
# origin.
_FILE_POLICY = f"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; {FRAMED_BY_OWN_PAGES}"
FILE_HEADERS: Headers = [(b"content-security-policy", _FILE_POLICY.encode()), NO_SNIFFING]


def raw_path(scope: Scope) -> str:
    """Return the path of a request as it was sent: escaped, so without a space or a line break."""
    sent: bytes = scope.get("raw_path") or scope["path"].encode()
    return sent.decode("latin-1").partition("?")[0]


def with_slash(scope: Scope) -> bytes:
    """Return the address of the same path with a slash at its end, relative to it, so that it works behind any proxy."""
    return f"./{raw_path(scope).rpartition('/')[2]}/".encode("latin-1")


def page_headers(*policy: str) -> Headers:
    """Return the headers of a page whose sources the directives `policy` list."""
    return [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", "; ".join((*policy, FRAMED_BY_OWN_PAGES)).encode()),
        NO_SNIFFING,
        (b"referrer-policy", b"same-origin"),
        (b"cache-control", b"no-cache"),
    ]

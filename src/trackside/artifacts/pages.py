"""Headers for an HTML artifact in a frame of the web UI.  Accesses no file.

The page comes from a client and may be hostile. The Content-Security-Policy puts it into a sandbox with an opaque origin: its
scripts run, but cannot access this site, its cookies and its storage, or other hosts.
"""

from msgspec import structs

from trackside.core.errors import Invalid
from trackside.core.http.browser import FRAMED_BY_OWN_PAGES
from trackside.core.http.streams import Headers, Response

_POLICY = "; ".join(
    (
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'unsafe-inline' 'unsafe-eval' blob: data:",
        "style-src 'unsafe-inline' data:",
        "img-src data: blob:",
        "font-src data:",
        "media-src data: blob:",
        "worker-src blob:",
        "form-action 'none'",
        "base-uri 'none'",
        FRAMED_BY_OWN_PAGES,
    )
)
_REPLACED = frozenset({b"content-type", b"content-disposition", b"content-security-policy", b"x-frame-options"})
_HEADERS: Headers = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
]


def check_name(path: str) -> None:
    if not path.lower().endswith((".html", ".htm")):
        raise Invalid(f"path is '{path[:200]}'; a page is a file whose name ends with .html or .htm")


def as_page(response: Response) -> Response:
    """Return the answer of a download as a sandboxed page."""
    headers = [header for header in response.headers if header[0] not in _REPLACED]
    return structs.replace(response, headers=[*headers, *_HEADERS])

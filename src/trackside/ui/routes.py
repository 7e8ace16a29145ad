"""Serves the web UI: its page at the root and below each workspace's prefix, and its assets.

Each address in the page is relative, so that it works at `/`, below a prefix, below `/ws/NAME/` and behind a proxy with a
path of its own.  That needs a slash at the end of the page's address, where a caller without one is sent.
"""

from trackside.core.access import Action
from trackside.core.errors import NoEndpoint
from trackside.core.http.browser import NO_SNIFFING, page_headers, with_slash
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Headers, Request, Response
from trackside.ui.files import ENCODINGS, Files, etag
from trackside.workspaces.model import DEFAULT, page_address, parse_workspace

_PAGE_HEADERS = page_headers(
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
)
_ASSET_HEADERS: Headers = [
    # The name of an asset has the hash of its content.
    (b"cache-control", b"public, max-age=31536000, immutable"),
    NO_SNIFFING,
    (b"vary", b"accept-encoding"),
]
_MISSING = b"""<!doctype html><title>Trackside</title><h1>Trackside is running</h1>
<p>Its web UI has not been built in this checkout: run <code>make web</code> and load this page again.</p>
<p>Clients need no UI: this address is the tracking URI.</p>
"""


class Pages:
    def __init__(self, files: Files, static_prefix: str = "") -> None:
        self._files = files
        self._prefix = static_prefix

    async def page(self, request: Request) -> Response:
        """The web UI, in the workspace that the path names."""
        path: str = request.scope["path"]
        if not path.endswith("/"):
            return Response(308, [(b"location", with_slash(request.scope))])
        relative = path.removeprefix(self._prefix)
        elsewhere = page_address(relative)
        if elsewhere is not None:
            return Response(302, [(b"location", elsewhere.encode())])
        page = self._files.page()
        if page is None:
            return Response(503, _PAGE_HEADERS, _MISSING)
        named, _ = parse_workspace(relative, [])
        root = "../" * (relative.count("/") - 1) or "./"
        body = _placed(page, root, DEFAULT if named is None else named.name)
        tag = etag(body)
        headers = [*_PAGE_HEADERS, (b"etag", tag)]
        if request.headers.get(b"if-none-match") == tag:
            return Response(304, headers)
        return Response(200, headers, body)

    async def asset(self, request: Request) -> Response:
        """A script, style or picture of the web UI."""
        name = request.params["name"]
        asset = self._files.asset(name)
        if asset is None:
            raise NoEndpoint(f"The web UI has no file {name[:100]!r}; load its page again.")
        accepted = request.headers.get(b"accept-encoding", b"").decode("latin-1")
        words = {
            word.partition(";")[0].strip() for word in accepted.split(",") if "q=0" not in word.replace("q=0.", "")
        }
        encoding = next((word for word, _ in ENCODINGS if word in words and word in asset.bodies), "")
        headers = [*_ASSET_HEADERS, (b"content-type", asset.media.encode())]
        if encoding:
            headers.append((b"content-encoding", encoding.encode()))
        return Response(200, headers, asset.bodies[encoding])


def _placed(page: bytes, root: str, workspace: str) -> bytes:
    """The page with the way up to the server's root, so that all workspaces share the assets in a browser's cache."""
    import html  # noqa: PLC0415  # 6 ms with its table of entities, for the first page

    text = page.decode()
    text = text.replace('data-root="./"', f'data-root="{root}"', 1)
    text = text.replace('data-workspace="default"', f'data-workspace="{html.escape(workspace)}"', 1)
    return text.replace('"./assets/', f'"{root}assets/').encode()


def routes(static_prefix: str = "") -> list[Route]:
    pages = Pages(Files(), static_prefix)
    anyone = Action.ANYONE
    return [
        stream("GET /", pages.page, needs=anyone, has_workspace=False, media="text/html"),
        stream("GET /assets/{name}", pages.asset, needs=anyone, has_workspace=False, media="text/javascript"),
    ]

"""The built files of the web UI, as bytes to send.  Knows the folder that `web/` is built into; knows no request."""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable

from msgspec import Struct

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
}
# Best first, by the word in Accept-Encoding and the file's suffix.
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


class Asset(Struct, frozen=True):
    """One file, with its content in each encoding that it was built in; `""` is the plain one."""

    media: str
    bodies: dict[str, bytes]


class Files:
    """Reads the folder once, when it is first asked; a server that nobody looks at holds nothing."""

    def __init__(self, folder: Traversable | None = None) -> None:
        self._folder = folder if folder is not None else files("trackside.ui") / "files"
        self._assets: dict[str, Asset] = {}
        self._page = b""

    def page(self) -> bytes | None:
        """The page, with addresses from its own folder; None if the UI was not built."""
        if not self._page:
            self._read()
        return self._page or None

    def asset(self, name: str) -> Asset | None:
        if not self._page:
            self._read()
        return self._assets.get(name)

    def _read(self) -> None:
        page, folder = self._folder / "index.html", self._folder / "assets"
        if not page.is_file():
            return
        content = {each.name: each.read_bytes() for each in folder.iterdir()}
        for name, plain in content.items():
            media = TYPES.get(name[name.rfind(".") :])
            if media is None:
                continue
            encoded = {word: content[name + suffix] for word, suffix in ENCODINGS if name + suffix in content}
            self._assets[name] = Asset(media, {**encoded, "": plain})
        self._page = page.read_bytes()


def etag(body: bytes) -> bytes:
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode()

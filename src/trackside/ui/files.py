"""The built files of the web UI, as bytes to send.  They are in the folder that `web/` is built into."""

import hashlib
from pathlib import Path

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


_FOLDER = Path(__file__).parent / "files"


class Asset(Struct, frozen=True):
    """One file, with its content in each encoding that it was built in; `""` is the plain one."""

    media: str
    bodies: dict[str, bytes]


class Files:
    """Reads the folder at the first request of the page, and again after a build.

    So a server whose UI is unused holds no files in memory, and `make web` needs no restart."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else _FOLDER
        self._assets: dict[str, Asset] = {}
        self._page = b""
        self._built_at = 0

    def page(self) -> bytes | None:
        """The page, with addresses from its own folder; None if the UI was not built."""
        page = self._folder / "index.html"
        built_at = page.stat().st_mtime_ns if page.exists() else 1
        if not self._page or built_at != self._built_at:
            self._read()
            self._built_at = built_at
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
        self._assets.clear()
        for name, plain in content.items():
            media = TYPES.get(name[name.rfind(".") :])
            if media is None:
                continue
            encoded = {word: content[name + suffix] for word, suffix in ENCODINGS if name + suffix in content}
            self._assets[name] = Asset(media, {**encoded, "": plain})
        self._page = page.read_bytes()


def etag(body: bytes) -> bytes:
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode()

"""Keys of callers, for a scorer that listens on a network: the SHA-256 of each in a file of a folder.

The folder is read again every few seconds, because keys are regenerated while the scorer runs.
"""

import hashlib
import hmac
import time
from pathlib import Path
from typing import List, Optional

READ_EVERY_S = 5.0


class Keys:
    """`folder` has a file per key, with 64 hexadecimal digits.  Without a file every caller is refused."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._read_at = -READ_EVERY_S
        self._hashes: List[str] = []

    def open_to(self, authorization: Optional[str]) -> bool:
        """Return whether `Bearer KEY` has one of the keys, in constant time."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        given = hashlib.sha256(key.strip().encode("utf-8", "replace")).hexdigest()
        return sum(hmac.compare_digest(given, each) for each in self._current()) > 0

    def _current(self) -> List[str]:
        now = time.monotonic()
        if now - self._read_at >= READ_EVERY_S:
            self._read_at = now
            files = [path for path in self._folder.iterdir() if path.is_file()]
            self._hashes = [path.read_text("ascii", "replace").strip() for path in files]
        return self._hashes

"""Locations of artifacts (local folders and buckets) in a canonical form, so that they can be compared.

A folder is compared by its real path: symbolic links, `.`, `//` and `/proc/self/root` do not make another location.  Two folders
also overlap if the file system reports the same inode: by a second mount, or on a file system without case.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from trackside.core.errors import Denied, Invalid
from trackside.core.locations import CLOUD_SCHEMES

FLAG = "--allowed-artifact-roots"
FILE = "file"
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\\]")  # parsers of URIs treat these differently
_AZURE = ("az", "abfss", "wasbs")


class Place(Struct, frozen=True):
    """A folder or a bucket's prefix; `key` is a path of plain segments, without a slash at either end."""

    scheme: str
    host: str
    key: str

    def __str__(self) -> str:
        return f"/{self.key}" if self.scheme == FILE else f"{self.scheme}://{self.host}/{self.key}"

    @property
    def uri(self) -> str:
        return str(self)

    def below(self, key: str) -> "Place":
        return Place(self.scheme, self.host, "/".join(part for part in (self.key, key) if part))


def parse(uri: str) -> Place:
    """Return the location that a path or a URI names.

    Raise Invalid for a URI that names none, or that two parsers may read differently: one with a query, a fragment, `..`, a
    backslash or a control character."""
    if _UNREADABLE.search(uri):
        raise Invalid(f"{uri[:200]!r} cannot be a location of artifacts: it has a control character or a backslash")
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise Invalid(f"{uri[:200]!r} cannot be a location of artifacts: {error}") from None
    if not parts.scheme:
        return Place(FILE, "", _key(uri, uri))
    if "?" in uri or "#" in uri:
        raise Invalid(f"{uri[:200]!r} is not a location that the server opens: it has a query or a fragment")
    if parts.scheme == FILE:
        if parts.netloc not in ("", "localhost"):
            raise Invalid(f"{uri[:200]!r} names a folder on another host")
        return Place(FILE, "", _key(unquote(parts.path), uri))
    return Place(parts.scheme, parts.netloc, _key(parts.path or "/", uri))


def within(place: Place, above: Place) -> str | None:
    """Return the key of `place` relative to `above`, which may be the same place; None if it is outside."""
    if (place.scheme, place.host) != (above.scheme, above.host):
        return None
    if above.key == "" or place.key == above.key:
        return place.key.removeprefix(above.key)
    return place.key.removeprefix(above.key + "/") if place.key.startswith(above.key + "/") else None


def real(place: Place) -> Place:
    """Return the place with all symbolic links of a folder's path resolved; a bucket has none."""
    if place.scheme != FILE:
        return place
    try:
        path = os.path.realpath(f"/{place.key}")
    except OSError as error:  # a part of /proc, or a symbolic link that is being replaced
        raise Invalid(
            f"'{place}' cannot be a location of artifacts: it cannot be resolved ({error.strerror})"
        ) from None
    return Place(FILE, "", path.strip("/"))


def overlap(one: Place, other: Place) -> bool:
    """Return whether two real places are equal or one contains the other.  Places that a case- or Unicode-insensitive store may
    not distinguish are equal."""
    mine, theirs = _folded(one), _folded(other)
    if within(mine, theirs) is not None or within(theirs, mine) is not None:
        return True
    if one.scheme != FILE or other.scheme != FILE:
        return False
    return _identity(one) in _identities(other) or _identity(other) in _identities(one)


class RootPolicy:
    """Decides which artifact roots a workspace may have, and which ones the server may open.

    `allowed` are the places that the operator listed.  No workspace's root may equal, contain or be inside one of `own`, the
    server's own folders."""

    def __init__(self, allowed: Sequence[str] = (), own: Sequence[str] = ()) -> None:
        self._allowed = [real(parse(root)) for root in allowed]
        self._own = [real(parse(root)) for root in own]

    def admit(self, root: str, taken: Iterable[str]) -> str:
        """Return the root in its canonical form.  Raise Invalid for a root that a workspace may not have.  `taken` are the
        roots of the other workspaces."""
        if root.startswith("mlflow-artifacts:/") and not root.startswith("mlflow-artifacts://"):
            # A folder of the workspace's own part of the server's store; `artifacts.keys` enforces that.
            key = _key(root.partition(":")[2], root)
            if "%" in key or key.partition("/")[0].casefold() in ("workspaces", ".uploads"):
                raise Invalid(
                    f"default_artifact_root is '{root[:200]}'; it must name a folder of the workspace itself, such as "
                    "mlflow-artifacts:/FOLDER"
                )
            return root
        place = parse(root)
        if place.scheme != FILE and (not is_plain_bucket(place)):
            raise Invalid(
                f"default_artifact_root is '{root[:200]}'; it must be mlflow-artifacts:/FOLDER, an absolute path, or "
                f"a plain URI "
                f"of {', '.join(f'{scheme}://' for scheme in CLOUD_SCHEMES)}"
            )
        if place.scheme == FILE and re.search(r"[?#%;]", place.key):
            raise Invalid(f"default_artifact_root is '{root[:200]}'; a folder's path must be without ?, #, % and ;")
        place = real(place)
        if not self._is_allowed(place):
            raise Invalid(
                f"default_artifact_root is '{root[:200]}', which is not inside a folder or bucket that the operator "
                f"allowed: add it with {FLAG} (or TRACKSIDE_ALLOWED_ARTIFACT_ROOTS), or omit default_artifact_root"
            )
        if any(overlap(place, own) for own in self._own):
            raise Invalid(
                f"default_artifact_root is '{root[:200]}', which is, contains or is inside a folder of the server; "
                f"choose another"
            )
        for other in taken:
            if self._overlaps(place, other):
                raise Invalid(
                    f"default_artifact_root is '{root[:200]}', which is, contains or is inside the root of another "
                    f"workspace; choose another"
                )
        return str(place)

    def opened(self, root: str) -> Place:
        """Return the place of a stored root.  Raise Denied for a place that the server may not open: the store may come from
        another server, and a folder may have become a symbolic link."""
        place = parse(root)
        if real(place) != place:
            raise Denied(
                f"The server opens no artifacts at '{root}': it is not a real path; a symbolic link leads elsewhere."
            )
        if not self._is_allowed(place):
            raise Denied(
                f"The server opens no artifacts at '{root}': it is outside the roots that the server serves. The "
                f"operator can add it with {FLAG}."
            )
        if any(within(place, own) is not None or within(own, place) is not None for own in self._own):
            raise Denied(f"The server opens no artifacts at '{root}': it overlaps a folder of the server.")
        return place

    def _is_allowed(self, place: Place) -> bool:
        return any(within(place, allowed) is not None for allowed in self._allowed)

    @staticmethod
    def _overlaps(place: Place, other: str) -> bool:
        try:
            return overlap(place, real(parse(other)))
        except Invalid:  # a root that the server never opens
            return False


def _key(path: str, uri: str) -> str:
    if not path.startswith("/"):
        raise Invalid(f"{uri[:200]!r} is not an absolute path")
    segments = [segment for segment in path.split("/") if segment not in ("", ".")]
    if ".." in segments or _UNREADABLE.search(path):
        raise Invalid(
            f"{uri[:200]!r} cannot be a location of artifacts: it leads upwards, or has a control character or a "
            f"backslash"
        )
    try:
        path.encode()
    except UnicodeEncodeError:
        raise Invalid(f"{uri[:200]!r} cannot be a location of artifacts: it is not UTF-8") from None
    return "/".join(segments)


def is_plain_bucket(place: Place) -> bool:
    """Return whether the place is in a cloud and has no password, no port and no escapes, which stores decode differently."""
    host = r"[A-Za-z0-9$_-]+@[A-Za-z0-9.-]+" if place.scheme == "abfss" else r"[A-Za-z0-9._-]+"
    return place.scheme in CLOUD_SCHEMES and re.fullmatch(host, place.host) is not None and "%" not in place.key


def _folded(place: Place) -> Place:
    """Return the place as a store sees it that ignores case and Unicode normalization, with one of Azure's several host names."""
    key = unicodedata.normalize("NFC", place.key).casefold()
    if place.scheme in _AZURE:
        return Place(_AZURE[0], place.host.partition("@")[0].casefold(), key)
    return Place(place.scheme, place.host.casefold(), key)


def _identity(place: Place) -> tuple[int, int] | None:
    try:
        found = Path(f"/{place.key}").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _identities(place: Place) -> set[tuple[int, int]]:
    """Return the identities of the folder and of all its parents except the file system's root."""
    segments = place.key.split("/")
    above = (Place(FILE, "", "/".join(segments[:count])) for count in range(1, len(segments) + 1))
    return {found for each in above if (found := _identity(each)) is not None}

"""Measures the number and size of a target's files.  Read-only.

The files of an experiment's runs are in adjacent folders.  For many runs, the parent folder is listed once, instead of the folder
of each run.
"""

import re
from collections.abc import Collection, Iterable

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts.roots import Spot
from trackside.registry.files import removal as files

TOGETHER = 20  # from this number of roots in one folder on, the folder is listed
MOST_EACH = 1000  # files in the folder for each root: with more, most belong to others
LAST = "artifacts"
_ROOT = re.compile(rf"(.+)/((?:m-)?[0-9a-f]{{32}})/{LAST}")


class Size(Struct, frozen=True):
    files: int = 0
    size_bytes: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(self.files + other.files, self.size_bytes + other.size_bytes)


def grouped(uris: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the ids of the runs or logged models by the folder that holds at least TOGETHER of them, and all other roots."""
    by_folder: dict[str, list[str]] = {}
    others = []
    for uri in uris:
        found = _ROOT.fullmatch(uri)
        if found is None:
            others.append(uri)
        else:
            by_folder.setdefault(found[1], []).append(found[2])
    for folder in [each for each, ids in by_folder.items() if len(ids) < TOGETHER]:
        others += [root(folder, object_id) for object_id in by_folder.pop(folder)]
    return by_folder, others


def root(folder: str, object_id: str) -> str:
    """Return the root of the files of a member of a group."""
    return f"{folder}/{object_id}/{LAST}"


def is_above(folder: Spot, one: Spot, object_id: str) -> bool:
    """Return whether a recursive listing of the folder includes the files of `one`."""
    return one.blobs is folder.blobs and one.key == keys.join(folder.key, f"{object_id}/{LAST}")


def of_group(folder: Spot, ids: Collection[str], most_each: int = MOST_EACH) -> Size | None:
    """Return the sizes of a group; None if the folder has so many other files that one listing for each root is faster."""
    wanted = frozenset(ids)
    left = most_each * len(wanted)
    count = size = 0
    for entry in folder.blobs.walk(folder.key):
        object_id, _, rest = entry.path.partition("/")
        if object_id in wanted and (rest == LAST or rest.startswith(f"{LAST}/")):
            count, size = count + 1, size + entry.size_bytes
        left -= 1
        if left < 0:
            return None
    return Size(count, size)


def of_one(spot: Spot) -> Size:
    """Return the number and size of a folder's files, or of a file."""
    found = [entry.size_bytes for entry in spot.blobs.walk(spot.key)] or files.file_size(spot)
    return Size(len(found), sum(found))

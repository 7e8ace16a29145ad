"""Reads one level of a local folder.

Most folders have only files and folders with plain names, whose entries are read in portions by calls that run in C: a loop in
Python over each entry takes a fifth longer (`bench/calls/folder_listing.py`).
"""

import math
import os
import re
import stat as modes
import time
from collections.abc import Callable, Iterable
from itertools import islice

from msgspec import Struct

from trackside.artifacts import keys
from trackside.artifacts.blobs import Entry
from trackside.core.errors import Invalid

_PORTION = 32  # entries, between two looks at the clock
_PLAIN = r"[A-Za-z0-9_-][A-Za-z0-9_. -]{0,199}"  # a name that any key may have
_PLAIN_NAME = re.compile(_PLAIN)
_PLAIN_NAMES = re.compile(f"{_PLAIN}(?:/{_PLAIN})*")
_KIND, _FILE, _FOLDER = 0o170000, modes.S_IFREG, modes.S_IFDIR  # of a mode
_is_link, _is_file, _stat = os.DirEntry.is_symlink, os.DirEntry.is_file, os.DirEntry.stat


class Content(Struct):
    """The result of reading a folder."""

    entries: list[Entry]
    links: set[str]  # names of the symbolic links among them
    is_whole: bool = True


def read(
    folder: int,
    path: str,
    may_follow: Callable[[str, str], bool],
    *,
    without: str = "",
    most: float = math.inf,
    until: float = math.inf,
) -> Content:
    """Read the open `folder`, whose real path is `path`: at most `most` entries, until the time `until` of `time.monotonic`.

    Entries whose names are not valid keys, special files and the entry `without` are omitted.  So is a symbolic link unless
    `may_follow(link, target)`, with the paths of both.  Raise OSError if the folder cannot be read."""
    content = Content([], set())
    with os.scandir(folder) as found:
        while portion := list(islice(found, _PORTION)):
            if len(content.entries) + len(portion) > most or time.monotonic() > until:
                content.is_whole = False
                break
            plain = None if without else _plain(portion)
            if plain is None:
                _add_each((one for one in portion if one.name != without), path, may_follow, content)
            else:
                content.entries += plain
    return content


def _plain(portion: list[os.DirEntry[str]]) -> list[Entry] | None:
    """Return the entries of a portion; None if anything but files and folders with plain names is in it."""
    names = [one.name for one in portion]
    if not _PLAIN_NAMES.fullmatch("/".join(names)) or any(map(_is_link, portion)):
        return None
    try:
        if all(map(_is_file, portion)):
            # Positional arguments: keyword arguments take longer.
            return [Entry(name, False, seen.st_size) for name, seen in zip(names, map(_stat, portion), strict=True)]
        if not all(one.is_file() or one.is_dir() for one in portion):
            return None
        return [
            Entry(one.name, False, one.stat().st_size) if one.is_file() else Entry(one.name, True) for one in portion
        ]
    except OSError:  # one was deleted meanwhile
        return None


def _add_each(
    portion: Iterable[os.DirEntry[str]], path: str, may_follow: Callable[[str, str], bool], content: Content
) -> None:
    for one in portion:
        name = one.name
        if not _PLAIN_NAME.fullmatch(name) and not _is_name(name):
            continue  # created by hand: its name is not a valid key
        if one.is_symlink():
            link = f"{path}/{name}"
            try:
                target = os.path.realpath(link)
            except OSError:  # the folder was replaced meanwhile
                continue
            if not may_follow(link, target):
                continue
            content.links.add(name)
        try:
            seen = one.stat()
        except OSError:  # deleted, or a dangling link
            continue
        kind = seen.st_mode & _KIND
        if kind == _FILE:
            content.entries.append(Entry(name, False, seen.st_size))
        elif kind == _FOLDER:
            content.entries.append(Entry(name, True))


def _is_name(name: str) -> bool:
    """Return whether a name can be a segment of a key: valid UTF-8 without the separator of another system."""
    try:
        keys.checked(name)
    except Invalid:
        return False
    return True

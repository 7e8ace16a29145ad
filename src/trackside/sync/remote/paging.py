"""Bounds the listings of a remote: repeated page tokens, endless empty pages, and cyclic folders.

Without these checks a link would list such a remote forever, without an error.
"""

from collections.abc import Callable, Iterator, Sequence, Sized
from typing import TypeVar

from trackside.core.http_client.errors import RemoteUnavailable

T = TypeVar("T")
MAX_PAGES = 100_000
MAX_EMPTY_PAGES = 1_000  # in a row; Databricks filters each page by the caller's rights
MAX_DEPTH = 100  # of folders
MAX_FILES = 1_000_000  # files and folders of one item


class Pages:
    """The state of a paged listing."""

    def __init__(self, what: str) -> None:
        """`what` is the listing's name for messages, such as "runs/search"."""
        self._what = what
        self._seen: set[int] = set()
        self._empty = 0

    def next(self, token: str | None, items: Sized) -> str | None:
        """Return the token of the next page; None after the last one.  `items` are those of the current page."""
        if not token:
            return None
        self._empty = 0 if len(items) else self._empty + 1
        if hash(token) in self._seen:
            raise RemoteUnavailable(f"the remote's pages of {self._what} are cyclic: a page token was repeated")
        self._seen.add(hash(token))
        if self._empty > MAX_EMPTY_PAGES:
            raise RemoteUnavailable(f"the remote's pages of {self._what} have no end: {self._empty} in a row are empty")
        if len(self._seen) > MAX_PAGES:
            raise RemoteUnavailable(f"the remote's pages of {self._what} have no end: {MAX_PAGES} were read")
        return token


def pages_of(what: str, ask: Callable[[str | None], tuple[Sequence[T], str | None]]) -> Iterator[Sequence[T]]:
    """Yield all pages of a listing.  `ask` requests the page of a token, and returns it with the token of the next page."""
    token: str | None = None
    pages = Pages(what)
    while True:
        found, token = ask(token)
        yield found
        token = pages.next(token, found)
        if not token:
            return


def entries_of(what: str, ask: Callable[[str | None], tuple[Sequence[T], str | None]]) -> Iterator[T]:
    """Yield the entries of all pages."""
    for page in pages_of(what, ask):
        yield from page


def check_progress(what: str, before: object, after: object) -> None:
    """Raise RemoteUnavailable if a page of a listing by key does not begin after the previous one."""
    if not after > before:  # type: ignore[operator]  # both are texts, or numbers, or tuples of these
        raise RemoteUnavailable(f"the remote's pages of {what} are cyclic: {after!r} came after {before!r}"[:300])


class Folders:
    """The folders of an item that are still to be listed."""

    def __init__(self) -> None:
        self._left = [""]
        self._count = 0

    def take(self) -> str | None:
        return self._left.pop() if self._left else None

    def add(self, folder: str, path: str, *, is_folder: bool) -> None:
        """Add an entry of a listed folder.  Raise RemoteUnavailable if it is outside of that folder, or if there are too many."""
        self._count += 1
        inside = path.removeprefix(f"{folder}/") if folder else path
        if not inside or (folder and not path.startswith(f"{folder}/")):
            raise RemoteUnavailable(
                f"the remote lists {path[:200]!r} in the folder {folder[:200]!r}, which does not contain it"
            )
        if path.count("/") >= MAX_DEPTH:
            raise RemoteUnavailable(f"the remote's folders have no end: {path[:200]!r}... is {MAX_DEPTH} folders deep")
        if self._count > MAX_FILES:
            raise RemoteUnavailable(f"the remote's files have no end: {MAX_FILES} files and folders were listed")
        if is_folder:
            self._left.append(path)

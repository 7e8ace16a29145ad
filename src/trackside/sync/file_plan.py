"""Which files go where, as data.  Pure: knows both sides' lists and what they agreed on last; moves nothing.

The rules are those of `diff`: in a link of one direction the source is right, and what only the copy has stays; else what
only one side changed is taken by the other, what is there beats what was removed, and of a file that both changed the
larger one is kept, or of two as large the one whose SHA-256 sorts last.

A file that is gone was removed if somebody told the server so, or if others are left in its folder.  Else that may lie on a disk
that is not mounted, and the file is lost: it does not go on the other side, and comes back from there where the link takes it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from trackside.sync.document import Mode
from trackside.sync.file_versions import LocalFile, RemoteFile


class FileState(StrEnum):
    """A state that is stored in place of an ETag where there is none to compare."""

    STAYS = "-"  # removed on one side, and the other one cannot follow
    UNSURE = "?"  # both are to be read
    UNSENT = "!"  # of ours: what is there is no whole copy of it
    REMOVED = "~"  # of ours: somebody had this server remove it
    LOST = "0"  # it went with nobody having removed it, as far as that is told


class Known(Struct, frozen=True):
    """A file as both sides had it when they agreed last.  In place of an ETag a FileState may stand."""

    path: str
    size_bytes: int
    etag: str = ""
    sha256: str = ""
    remote_etag: str = ""  # empty: the remote does not say


class What(StrEnum):
    SEND = "send"
    TAKE = "take"
    DROP_THERE = "drop there"
    DROP_HERE = "drop here"
    FORGET = "forget"
    SAME = "same"  # to be remembered


class Step(Struct, frozen=True):
    what: What
    path: str
    conflict: str = ""  # in words, if both sides changed it


# Both sides' SHA-256 of a file that both have in the same size; None where the other side cannot tell.
Sums = Callable[[str], tuple[str, str] | None]


def blind(known: Mapping[str, Known], ours: Mapping[str, LocalFile]) -> Iterator[Step]:
    """Yield the steps of a link that only pushes: what changed here since, without a look at the other side."""
    for path in sorted({*known, *ours}):
        old, our = known.get(path), ours.get(path)
        if our is None:
            if old is not None and old.etag not in (FileState.STAYS, FileState.LOST):
                yield Step(What.DROP_THERE, path)
        elif old is None or old.etag != our.etag:
            yield Step(What.SEND, path)


def plan(
    mode: Mode,
    known: Mapping[str, Known],
    ours: Mapping[str, LocalFile],
    theirs: Mapping[str, RemoteFile],
    sums: Sums,
) -> Iterator[Step]:
    for path in sorted({*known, *ours, *theirs}):
        old, our, their = known.get(path), ours.get(path), theirs.get(path)
        step: Step | None
        if our is not None and their is not None:
            step = _of_both(mode, path, old, our, their, sums)
        elif our is not None:
            step = _of_ours(mode, path, old, our)
        elif their is not None:
            step = _of_theirs(mode, path, old, their)
        else:
            step = Step(What.FORGET, path)
        if step is not None:
            yield step


def folders_left(known: Mapping[str, Known], ours: Mapping[str, LocalFile]) -> set[str]:
    """Return the folders in which, or below which, we still have files that both had."""
    return _above(
        path
        for path, old in known.items()
        if path in ours
        and (old.etag == ours[path].etag or (old.etag == FileState.UNSURE and old.size_bytes == ours[path].size_bytes))
    )


def folders_left_there(known: Mapping[str, Known], theirs: Mapping[str, RemoteFile]) -> set[str]:
    return _above(
        path
        for path, old in known.items()
        if path in theirs and not _theirs_changed(old, theirs[path], if_unsure=False)
    )


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def _above(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        folder = path
        while folder:
            folder = folder_of(folder)
            if folder in found:
                break
            found.add(folder)
    return found


def _of_both(mode: Mode, path: str, old: Known | None, our: LocalFile, their: RemoteFile, sums: Sums) -> Step | None:
    our_changed, their_changed = _ours_changed(old, our), _theirs_changed(old, their)
    if not our_changed and not their_changed:
        return None
    our_sum = their_sum = ""
    if our.size_bytes == their.size_bytes:
        found = sums(path)
        if found is None and not (our_changed and old is not None):
            return Step(What.SAME, path)
        if found is not None:
            our_sum, their_sum = found
            if our_sum == their_sum:
                return Step(What.SAME, path)
            if old is not None and old.sha256:  # a file that was written again as it was is none that changed
                our_changed, their_changed = old.sha256 != our_sum, old.sha256 != their_sum
    if mode is not Mode.BOTH:
        return Step(What.SEND if mode is Mode.PUSH else What.TAKE, path)
    if our_changed != their_changed:
        return Step(What.SEND if our_changed else What.TAKE, path)
    is_ours = (our.size_bytes, our_sum) > (their.size_bytes, their_sum)
    if our.size_bytes != their.size_bytes:
        why = "is larger"
    else:
        why = "has the greater SHA-256" if our_sum else "cannot be compared by SHA-256"
    said = f"both sides changed the file {path}: {'ours' if is_ours else 'theirs'} {why} and is kept"
    return Step(What.SEND if is_ours else What.TAKE, path, said)


def _of_ours(mode: Mode, path: str, old: Known | None, our: LocalFile) -> Step | None:
    if mode is Mode.PUSH:
        return Step(What.SEND, path)
    if old is None:
        return Step(What.SEND, path) if mode.sends else None
    if old.remote_etag == FileState.LOST:
        return Step(What.SEND, path) if mode.sends else None
    if mode is Mode.BOTH and _ours_changed(old, our):
        return Step(What.SEND, path, f"the file {path} was removed there and changed here: it is kept")
    return Step(What.DROP_HERE, path)


def _of_theirs(mode: Mode, path: str, old: Known | None, their: RemoteFile) -> Step | None:
    if old is None or mode is Mode.PULL:
        return Step(What.TAKE, path) if mode.takes else None
    their_changed = _theirs_changed(old, their)
    if old.etag == FileState.LOST:
        return Step(What.TAKE, path) if mode.takes else None
    if old.etag == FileState.STAYS:
        return Step(What.TAKE, path) if mode.takes and their_changed else None
    if mode is Mode.BOTH and their_changed:
        return Step(What.TAKE, path, f"the file {path} was removed here and changed there: it is kept")
    return Step(What.DROP_THERE, path)


def _ours_changed(old: Known | None, our: LocalFile) -> bool:
    return old is None or old.etag != our.etag


def _theirs_changed(old: Known | None, their: RemoteFile, *, if_unsure: bool = True) -> bool:
    if old is None or old.size_bytes != their.size_bytes:
        return True
    if old.remote_etag == FileState.UNSURE:
        return if_unsure
    return bool(their.etag) and old.remote_etag != their.etag

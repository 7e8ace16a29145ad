"""Moves the files of an item: each whole or not at all, compared by size and checksum.  Re-runnable at any moment.

What was sent is not sent again, so a transfer that breaks off goes on with the file that it broke off in.  Where both sides
changed one file, the larger one is kept.
"""

from collections.abc import Iterator

from trackside.artifacts.roots import Spot
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault, Unsupported
from trackside.links import cursors, files, store
from trackside.links.cursors import SentFile
from trackside.links.files import OurFile
from trackside.links.model import Entity
from trackside.links.peer import RemoteFile, Unmirrored
from trackside.links.side import Side
from trackside.links.wire import Down


def send(side: Side, entity: Entity, local_id: str, remote_id: str, *, verify: bool) -> int:
    """How many files were sent."""
    place = _place(side, entity, local_id)
    if place is None:
        return 0
    have = files.listing(place)
    sent = side.read(lambda tx: cursors.files(tx, side.link.link_id, entity, local_id))
    theirs = side.peer.files(entity, remote_id) if verify else None
    count = 0
    for path, ours in have.items():
        known = sent.get(path)
        there = None if theirs is None else theirs.get(path)
        if known is not None and known.etag == ours.etag and (theirs is None or _is_same(ours, there)):
            continue
        if known is None and theirs is not None and _is_same(ours, there):
            _remember(side, entity, local_id, path, ours)
            continue
        try:
            side.peer.send_file(entity, remote_id, path, ours.size_bytes, _opener(place, path))
        except Unmirrored as reason:
            side.note("skipped", entity, local_id, str(reason))
            continue
        _remember(side, entity, local_id, path, ours)
        count += 1
    gone = [path for path in sent if path not in have]
    for path in gone:
        try:
            side.peer.remove_file(entity, remote_id, path)
        except Unmirrored as reason:
            side.note("skipped", entity, local_id, str(reason))
        side.write(lambda tx, path=path: cursors.forget_file(tx, side.link.link_id, entity, local_id, path))  # type: ignore[misc]
    if count and not side.peer.keeps_ids:
        _compare(side, entity, remote_id, have)
    return count


def receive(side: Side, entity: Entity, local_id: str, remote_id: str) -> int:
    """How many files were taken."""
    theirs = side.peer.files(entity, remote_id)
    place = _place(side, entity, local_id)
    if place is None or not theirs:
        return 0
    have = files.listing(place)
    sent = side.read(lambda tx: cursors.files(tx, side.link.link_id, entity, local_id))
    count = 0
    for path, there in theirs.items():
        ours = have.get(path)
        known = sent.get(path)
        if ours is not None and _is_same(ours, there):
            if known is None:
                _remember(side, entity, local_id, path, ours)
            continue
        if ours is None and known is not None and known.size_bytes == there.size_bytes:
            continue  # it was removed here, and that will be told
        if ours is not None and known is not None and known.etag != ours.etag and ours.size_bytes > there.size_bytes:
            side.note("conflict", entity, local_id, f"both sides changed the file {path}: ours is larger and stays")
            continue
        spot = _place(side, entity, local_id, path)
        assert spot is not None
        try:
            size, digest = files.put(spot, side.peer.get_file(entity, remote_id, path), there.size_bytes)
        except files.ShortFile as short:
            raise Down(f"{path}: {short}") from None
        if there.sha256 and digest != there.sha256:
            raise Down(f"{path} came with another checksum than it has at the remote")
        stat = spot.blobs.stat(spot.key)
        _remember(side, entity, local_id, path, OurFile(size, stat.etag), digest)
        count += 1
    return count


def differences(side: Side, entity: Entity, local_id: str, remote_id: str) -> list[str]:
    """In words; empty if both have the same files, by their checksums where the peer tells them."""
    place = _place(side, entity, local_id)
    have = {} if place is None else files.listing(place)
    theirs = side.peer.files(entity, remote_id)
    found = []
    for path in sorted({*have, *theirs}):
        ours, there = have.get(path), theirs.get(path)
        if there is None and side.link.mode.sends:
            found.append(f"file {path} is missing there")
        elif ours is None and side.link.mode.takes:
            found.append(f"file {path} is missing here")
        elif ours is not None and there is not None:
            if not _is_same(ours, there):
                found.append(f"file {path} has {ours.size_bytes} bytes here and {there.size_bytes} there")
            elif there.sha256 and place is not None and there.sha256 != files.sha256(_opener(place, path)()):
                found.append(f"file {path} has another checksum there")
    return found


def _is_same(ours: OurFile, there: RemoteFile | None) -> bool:
    return there is not None and ours.size_bytes == there.size_bytes


def _place(side: Side, entity: Entity, local_id: str, path: str = "") -> Spot | None:
    """None where this server does not open the place."""
    place = side.read(lambda tx: files.place(tx, entity, local_id))
    try:
        return place.spot(side.roots, path)
    except (Denied, Unsupported) as fault:
        side.note("skipped", entity, local_id, f"its files are not mirrored: {fault.message}")
        return None
    except Fault:
        return None


def _opener(place: Spot, path: str) -> "_Open":
    return _Open(place, path)


class _Open:
    def __init__(self, place: Spot, path: str) -> None:
        self._place = place
        self._path = path

    def __call__(self) -> Iterator[bytes]:
        return files.pieces(self._place.blobs, f"{self._place.key}/{self._path}")


def _remember(side: Side, entity: Entity, local_id: str, path: str, ours: OurFile, sha256: str = "") -> None:
    def save(tx: Tx) -> None:
        cursors.save_file(tx, side.link.link_id, entity, local_id, SentFile(path, ours.size_bytes, ours.etag, sha256))
        store.count(tx, side.link.link_id, sent_bytes=ours.size_bytes)

    side.write(save)


def _compare(side: Side, entity: Entity, remote_id: str, have: dict[str, OurFile]) -> None:
    theirs = side.peer.files(entity, remote_id)
    for path, ours in have.items():
        there = theirs.get(path)
        if there is not None and there.size_bytes != ours.size_bytes:
            raise Down(f"{path} arrived with {there.size_bytes} bytes; it has {ours.size_bytes}")

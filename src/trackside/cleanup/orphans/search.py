"""The job that finds orphans: files that no row refers to, and rows whose files are missing.  Moves and deletes nothing.

Files are listed before rows are read.  So the row of a listed file is found if it was written before the file.  If the file was
written first, the grace period protects it: an upload in progress is never an orphan.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs
from trackside.artifacts.roots import Roots
from trackside.artifacts.store import Root
from trackside.cleanup.orphans import model as m
from trackside.cleanup.orphans import store
from trackside.cleanup.orphans.model import FindOrphans, Group, Kind, Searched, Side
from trackside.core.counts import counted
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault, Invalid, NotFound, Unavailable, Unsupported
from trackside.jobs.running import Running
from trackside.registry.files import sources
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import Workspace

BATCH = 500


@dataclass(frozen=True)
class Area:
    """The files of one workspace in one store: those below `prefix`.  `root` is empty for the server's own store."""

    root: str
    blobs: Blobs
    prefix: str
    url: str  # of the store
    folder: str  # of the workspace in a store that workspaces share

    def files(self) -> Iterator[tuple[str, int]]:
        """Yield every file with its size."""
        for entry in self.blobs.walk(self.prefix):
            key = keys.join(self.prefix, entry.path)
            is_others = not self.root and not self.prefix and keys.is_reserved(key)
            if not is_others and not entry.path.startswith(f"{m.OWN_QUARANTINE}/"):
                yield key, entry.size_bytes

    def uri(self, key: str) -> str:
        """Return the location of a key as a row may store it."""
        return f"{self.url.rstrip('/')}/{key}" if self.root else f"mlflow-artifacts:/{key}"

    def spellings(self, key: str) -> Iterator[str]:
        """Return the forms in which rows may store the location of a key."""
        if not self.root:
            yield f"mlflow-artifacts:/{key}"
            if self.folder and key.startswith(f"{self.prefix}/"):
                yield f"mlflow-artifacts:/{key[len(self.prefix) + 1 :]}"
        place = sources.place(f"{self.url.rstrip('/')}/{key}")
        if place is not None:
            yield place
        yield self.uri(key)


@dataclass
class _Seen:
    files: int = 0
    young: int = 0
    owners: set[str] = field(default_factory=set)  # that have files
    groups: dict[tuple[str, Group], list[int]] = field(default_factory=dict)  # files, bytes, newest


def areas(roots: Roots, workspace: Workspace) -> list[Area]:
    """Return the locations of a workspace's files."""
    found = []
    for folder in dict.fromkeys((workspace.folder, *workspace.reach.folders)):
        prefix = keys.join(keys.WORKSPACES, folder) if folder else ""
        found.append(Area("", roots.store, prefix, roots.url, folder))
    own = workspace.default_artifact_root
    if own and keys.of_proxied(own) is None:
        spot = roots.of(Root(own, own), "", workspace)
        if spot.blobs is not roots.store:
            above = own.rstrip("/").removesuffix(f"/{spot.key}") if spot.key else own
            found.append(Area(own, spot.blobs, spot.key, above, ""))
    return found


def area_of(roots: Roots, workspace: Workspace, root: str, key: str) -> Area | None:
    """Return the area of a key; None if the workspace no longer has it."""
    for each in areas(roots, workspace):
        if each.root == root and (not each.prefix or key.startswith(f"{each.prefix}/")):
            return each
    return None


def run(running: Running, roots: Roots, params: FindOrphans) -> Searched:
    workspace = running.store.read(workspaces.current)
    oldest = running.store.read(lambda tx: tx.now) - params.grace_hours * m.HOUR_MS
    seen = _Seen()
    for area in areas(roots, workspace):
        batch: list[tuple[str, int]] = []
        for each in area.files():
            batch.append(each)
            if len(batch) == BATCH:
                _look(running, area, batch, oldest, seen)
                batch = []
        _look(running, area, batch, oldest, seen)
    orphans = [
        (group, root, files, size, newest)
        for (root, group), (files, size, newest) in seen.groups.items()
        if newest <= oldest
    ]
    seen.young += sum(files for files, _, newest in seen.groups.values() if newest > oldest)
    missing = _missing(running, roots, workspace, seen)

    def save(tx: Tx) -> None:
        store.show(tx, Side.FILES, orphans)
        store.show(tx, Side.ROWS, missing)
        store.searched(tx, seen.files)

    running.store.write(save)
    return Searched(
        orphans=len(orphans),
        files=sum(each[2] for each in orphans),
        file_bytes=sum(each[3] for each in orphans),
        missing=len(missing),
        young=seen.young,
    )


def without_rows(tx: Tx, area: Area, found: list[str], *, but: str = "") -> tuple[set[str], set[str]]:
    """Return the keys that no row refers to, and the ids of the owners of the others.  `but` is a location to ignore, because the
    caller is deleting its files."""
    owners = store.owners(tx, sorted({name for key in found for name in m.names_of(key)}))
    rest = [key for key in found if not any(name in owners for name in m.names_of(key))]
    spelled = {
        key: [place for each in (key, *_above(key, area.prefix)) for place in area.spellings(each)] for key in rest
    }
    named = store.places(tx, sorted({place for places in spelled.values() for place in places})) - {sources.place(but)}
    loose = {key for key in rest if named.isdisjoint(spelled[key])}
    spans = {key: key[-store.SPANS_NAME_CHARS :] for key in loose if keys.is_span_file(key)}
    kept = store.named_spans(tx, sorted(spans.values())) if spans else set()
    return {key for key in loose if spans.get(key) not in kept}, owners


def modified_ms(blobs: Blobs, key: str) -> int | None:
    """Return the time of a file; None if it was deleted."""
    try:
        return blobs.stat(key).modified_ms
    except (NotFound, Invalid):
        return None


def _look(running: Running, area: Area, batch: list[tuple[str, int]], oldest: int, seen: _Seen) -> None:
    running.check()
    sizes = dict(batch)
    loose, owners = running.store.read(lambda tx: without_rows(tx, area, list(sizes)))
    seen.owners |= owners
    seen.files += len(sizes)
    for key in sorted(loose):
        modified = modified_ms(area.blobs, key)
        if modified is None:
            continue
        group = m.group_of(key)
        if group.kind is Kind.OTHER and modified > oldest:  # such files share only a folder
            seen.young += 1
            continue
        found = seen.groups.setdefault((area.root, group), [0, 0, 0])
        found[0] += 1
        found[1] += sizes[key]
        found[2] = max(found[2], modified)
    running.progress(seen.files, unit="files")


def _missing(
    running: Running, roots: Roots, workspace: Workspace, seen: _Seen
) -> list[tuple[Group, str, int, int, int]]:
    """Return the rows whose files are missing.  Raise Unavailable if the files of all rows are missing: a disk may be
    unmounted."""
    found: list[tuple[Group, str, int, int, int]] = []
    count = 0
    reads: tuple[tuple[Kind, Callable[[Tx, int], tuple[list[tuple[str, str]], int]]], ...] = (
        (Kind.RUN, store.runs),
        (Kind.LOGGED_MODEL, store.logged_models),
        (Kind.VERSION, store.versions),
        (Kind.SPANS, store.span_files),
    )
    for kind, read in reads:
        after = -1
        while True:
            rows, last = running.store.read(lambda tx, read=read, after=after: read(tx, after))  # type: ignore[misc]  # mypy knows no defaults of lambdas
            for item_id, uri in rows:
                count += 1
                if kind not in (Kind.VERSION, Kind.SPANS) and item_id in seen.owners:
                    continue
                if not _has_files(roots, workspace, uri):
                    found.append((Group(kind, uri, item_id), "", 0, 0, 0))
            running.check()
            if last == after:
                break
            after = last
    if count and len(found) == count and not seen.files:
        raise Unavailable(
            f"The artifact store has no file of the workspace, and the database names files of {counted(count, 'items')}."
            " Is its disk mounted?"
        )
    return found


def _has_files(roots: Roots, workspace: Workspace, uri: str) -> bool:
    """Return whether a location has files; True if the server does not access it."""
    try:
        spot = roots.of(Root(uri, workspace.default_artifact_root), "", workspace)
    except (Denied, Invalid, NotFound, Unsupported):
        return True
    if next(iter(spot.blobs.walk(spot.key)), None) is not None:
        return True
    try:
        spot.blobs.stat(spot.key)
    except Unavailable:
        raise
    except Fault:
        return False
    return True


def _above(key: str, prefix: str) -> Iterator[str]:
    """Return the folders of a key, up to the top of its area."""
    while len(key := key.rpartition("/")[0]) > len(prefix):
        yield key

"""`trackside backup …`: backups of a whole store during the server's operation, and their restore."""

import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from trackside import tenants
from trackside.backup import archive, unpack
from trackside.backup import create as making
from trackside.backup import restore as restoring
from trackside.backup import verify as verifying
from trackside.backup.model import KEY_FILE, SEALING_KEYS, Damaged, Manifest, Refused
from trackside.backup.place import Place
from trackside.cli.lock import of_server
from trackside.cli.output import BROKEN, OK, Stop, moment, say, table
from trackside.cli.output import json as as_json
from trackside.cli.stores import explained, open_database, status
from trackside.core import locations
from trackside.core.counts import counted, in_bytes
from trackside.core.errors import Fault
from trackside.core.settings import Settings, SqliteStore


def create(chosen: Settings, to: str, *, with_secrets: bool, json: bool) -> int:
    """Create a backup; servers may run and write meanwhile."""
    _check_there(chosen)
    _check_place(to)
    with explained(chosen), _failures_explained(to):
        db = open_database(chosen)
        try:
            made = making.create(chosen, db, to, with_secrets=with_secrets, say=_progress)
        finally:
            db.close()
    _end()
    say(as_json(made) if json else _made(made, to))
    if made.count(SEALING_KEYS) and not made.has_secrets and chosen.secret_key is None and not json:
        say(
            f"It does not contain secret.key, which decrypts its secrets: keep a copy of {chosen.data / KEY_FILE}, or "
            f"add --with-secrets."
        )
    return OK


def export(chosen: Settings, name: str, to: str, *, json: bool) -> int:
    """Create an archive; servers may run and write meanwhile."""
    _check_there(chosen)
    _check_place(to)
    with explained(chosen), _failures_explained(to):
        db = open_database(chosen)
        try:
            made = archive.export(chosen, db, name, to, say=_progress)
        finally:
            db.close()
    _end()
    say(as_json(made) if json else _made(made, to))
    return OK


def bring(chosen: Settings, place: str, backup_id: str, name: str | None, *, json: bool) -> int:
    """Import an archive.  Servers of the store may run; the workspace appears when it is complete."""
    _check_there(chosen)
    with _opened(place) as opened:
        manifest = opened.get(backup_id, of_workspace=True)
        with explained(chosen), _failures_explained(place):
            db = open_database(chosen)
            try:
                done = unpack.run(
                    chosen, db, opened, manifest, name or manifest.workspace, sweep=tenants.sweep, say=_progress
                )
            finally:
                db.close()
    _end()
    if json:
        say(as_json(done))
        return OK
    say(f"imported {done.backup_id} as the workspace {done.workspace} of {chosen.store}: {counted(done.row_count, 'rows')},"
        f" {counted(done.file_count, 'files')} ({in_bytes(done.file_bytes)})")  # fmt: skip
    if manifest.elsewhere:
        say(f"Files at {', '.join(manifest.elsewhere[:5])} are not in the archive.")
    return OK


def _check_place(to: str) -> None:
    with _failures_explained(to), closing(Place(to)):
        pass


def _check_there(chosen: Settings) -> None:
    store = chosen.store
    if isinstance(store, SqliteStore) and not store.path.exists():
        raise Stop(f"{store} does not exist; a server creates it at its start")
    state = status(chosen)
    if not state.version:
        raise Stop(f"{store} has no tables yet; a server creates them at its start")
    if state.pending:
        raise Stop(f"{store} has an older schema than this release; run `trackside db upgrade` first")


def show(place: str, *, json: bool) -> int:
    with _opened(place) as opened:
        found = opened.all()
    if json:
        say(as_json(found))
        return OK
    rows = [("BACKUP", "MADE", "TRACKSIDE", "RUNS", "FILES", "SIZE", "NEW", "OF")]
    for each in found:
        head = each.manifest
        if head is None:
            rows.append((each.backup_id, "not whole", "", "", "", "", "", ""))
            continue
        rows.append(
            (each.backup_id, moment(head.created_at), head.product, str(head.count("runs")), str(head.file_count),
             in_bytes(head.file_bytes), in_bytes(head.new_bytes), head.workspace or "the whole store")
        )  # fmt: skip
    say(table(rows) if found else f"{place} has no backups")
    return OK


def verify(place: str, backup_id: str, *, restore: bool, json: bool) -> int:
    with _opened(place) as opened, tempfile.TemporaryDirectory() as scratch:
        found = verifying.verify(opened, opened.get(backup_id), Path(scratch) if restore else None, _progress)
    _end()
    if json:
        say(as_json(found))
    elif not found.faults:
        say(
            f"backup {found.backup_id} is whole: {counted(found.row_count, 'rows')}, {counted(found.file_count, 'files')}"
        )
    else:
        say("\n".join([f"backup {found.backup_id} is damaged:", *(f"  {each}" for each in found.faults)]))
    return BROKEN if found.faults else OK


def restore(chosen: Settings, place: str, backup_id: str, *, keep_links: bool, json: bool) -> int:
    with _opened(place) as opened:
        manifest = opened.get(backup_id, of_workspace=False)
        lock = of_server(chosen)
        try:
            with explained(chosen):
                done = restoring.restore(chosen, opened, manifest, keeps_links=keep_links, say=_progress)
        finally:
            lock.release()
    _end()
    if json:
        say(as_json(done))
        return OK
    say(f"restored {done.backup_id} to {chosen.store} and {chosen.artifacts}:"
        f" {counted(done.row_count, 'rows')}, {counted(done.file_count, 'files')} ({in_bytes(done.file_bytes)})")  # fmt: skip
    if manifest.count(SEALING_KEYS) and not done.has_secrets:
        say(
            f"The backup has no secret.key: copy the one of the old data folder to {chosen.data} before the server "
            f"starts, or enter the secrets of links and webhooks again and regenerate both keys of each endpoint."
        )
    if done.paused_links:
        say("Its links are paused. Resume each with `trackside link resume NAME` when the old server has stopped.")
    if manifest.elsewhere:
        say(f"Files at {', '.join(manifest.elsewhere[:5])} are not in the backup.")
    return OK


@contextmanager
def _opened(place: str) -> Iterator[Place]:
    with _failures_explained(place), closing(_place(place)) as opened:
        yield opened


def _place(place: str) -> Place:
    location = locations.artifacts(place)
    if location.path is not None and not location.path.is_dir():
        raise Refused(f"{place} is not a folder with backups")
    return Place(place)


@contextmanager
def _failures_explained(place: str) -> Iterator[None]:
    """Turn failures that an operator can repair into one-line messages."""
    before = logging.root.manager.disable
    logging.disable()  # the line has the reason
    try:
        yield
    except (Refused, Damaged) as fault:
        raise Stop(str(fault)) from None
    except locations.LocationError as fault:
        raise Stop(f"{locations.redact(place)!r} cannot be a location of backups; {fault}") from None
    except Fault as fault:
        reason = str(fault.__cause__ or "").partition("\n")[0]
        raise Stop(f"{locations.redact(place)}: {fault.message}" + (f" ({reason})" if reason else "")) from None
    except OSError as fault:
        raise Stop(f"cannot write to {fault.filename or locations.redact(place)} ({fault.strerror or fault})") from None
    finally:
        logging.disable(before)


def _made(made: Manifest, to: str) -> str:
    what = f"archive of {made.workspace}" if made.workspace else "backup"
    head = (
        f"{what} {made.backup_id} in {locations.redact(to)}: {counted(made.count('runs'), 'runs')},"
        f" {counted(made.file_count, 'files')}"
        f" ({in_bytes(made.file_bytes)}, {in_bytes(made.new_bytes)} new) in {made.took_ms / 1000:.1f} s"
    )
    lines = [head]
    if made.vanished:
        verb = "was" if len(made.vanished) == 1 else "were"
        lines.append(
            f"{counted(len(made.vanished), 'files')} {verb} deleted while being copied, such as {made.vanished[0]}"
        )
    if made.elsewhere:
        lines.append(f"Files at {', '.join(made.elsewhere[:5])} are not in it: they are outside the artifact store.")
    return "\n".join(lines)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        print(f"\r{text[: width - 1].ljust(width - 1)}", end="", file=sys.stderr, flush=True)


def _end() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)

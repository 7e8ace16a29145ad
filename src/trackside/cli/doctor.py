"""`trackside doctor`: checks of the configuration and the store.  Leaves no change behind."""

import logging
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from trackside.artifacts import blobs
from trackside.artifacts.roots import make_blobs
from trackside.cli import lock
from trackside.cli.output import BROKEN, OK, Stop, json, say, table
from trackside.cli.server import ports
from trackside.cli.stores import explained, foreign_tables, open_database, status
from trackside.core.db import sqlite as sqlite_db
from trackside.core.errors import Fault
from trackside.core.processes import sandbox
from trackside.core.settings import PostgresStore, Settings, SqliteStore

State = Literal["ok", "warn", "broken"]

LITTLE_SPACE_BYTES = 1 << 30
NO_SPACE_BYTES = 64 << 20
SLOW_SYNC_S = 0.02
SYNCS = 15
ROUND_TRIPS = 5
EPOCH_2025_S = 1_735_689_600  # a correct clock is later
SKEW_S = 2.0
SHOWN_TABLES = 10
MLFLOWS_TABLE = "alembic_version"  # of Alembic, which creates MLflow's tables
PROBE_KEY = "trackside-doctor"
NETWORK_FILE_SYSTEMS = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"),
    *("fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.ceph", "fuse.rclone", "fuse.blobfuse2"),
)


class Finding(Struct, frozen=True):
    """The result of one check; `detail` says what to do unless everything is fine."""

    check: str
    state: State
    detail: str


def run(chosen: Settings, *, as_json: bool) -> int:
    logging.disable()  # the table shows what fails
    findings = list(examine(chosen))
    if as_json:
        say(json(findings))
    else:
        marks = {"ok": "ok", "warn": "WARN", "broken": "BROKEN"}
        say(table((finding.check, marks[finding.state], finding.detail) for finding in findings))
    return BROKEN if any(finding.state == "broken" for finding in findings) else OK


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield every check, in the order of a start."""
    checks: list[tuple[str, Callable[[Settings], tuple[State, str]]]] = [
        ("python", _python),
        ("sqlite", _sqlite),
        ("data folder", _data_folder),
        ("file system", _file_system),
        ("disk sync", _disk_sync),
        ("free space", _free_space),
        ("server", _server),
        ("port", _port),
        ("store", _store),
        ("tables", _tables),
        ("artifacts", _artifacts),
        ("sandbox", _sandbox),
        ("clock", _clock),
    ]
    for name, check in checks:
        try:
            state, detail = check(settings)
        except Stop as fault:
            state, detail = "broken", str(fault)
        except OSError as fault:
            state, detail = "broken", f"cannot be tried ({fault.strerror or fault})"
        yield Finding(name, state, detail)


def _python(settings: Settings) -> tuple[State, str]:
    del settings
    found = f"{platform.python_implementation()} {platform.python_version()}"
    if sys.maxsize < 2**32:
        return "warn", f"{found}, 32 bits; large artifacts and stores need a 64-bit Python"
    return "ok", found


def _sqlite(settings: Settings) -> tuple[State, str]:
    del settings
    found = sqlite3.sqlite_version
    fault = sqlite_db.unfit()
    return ("ok", found) if fault is None else ("broken", f"{found}; {fault}")


def _data_folder(settings: Settings) -> tuple[State, str]:
    folder = _existing(settings.data)
    try:
        _probe(folder)
    except OSError as fault:
        return "broken", f"{folder} cannot be written to ({fault.strerror}); choose another folder with --data"
    if folder != settings.data:
        return "ok", f"{settings.data} is created at the first start"
    return "ok", str(settings.data)


def _file_system(settings: Settings) -> tuple[State, str]:
    kind = _file_system_of(_existing(settings.data))
    if kind is None:
        return "ok", "unknown on this system"
    if kind in NETWORK_FILE_SYSTEMS and isinstance(settings.store, SqliteStore):
        return "warn", f"{kind}: SQLite needs a local disk; move --data to one, or use --store postgresql://…"
    if kind in ("tmpfs", "ramfs"):
        return "warn", f"{kind}: it is emptied when the machine stops"
    return "ok", kind


def _disk_sync(settings: Settings) -> tuple[State, str]:
    with tempfile.TemporaryFile(dir=_existing(settings.data)) as file:
        took = []
        for _ in range(SYNCS):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - start)
    middle = statistics.median(took)
    found = f"{middle * 1000:.1f} ms"
    if middle > SLOW_SYNC_S and settings.durability == "full":
        return "warn", f"{found}: each write waits for it; use a faster disk or --durability relaxed"
    return "ok", found


def _free_space(settings: Settings) -> tuple[State, str]:
    free = shutil.disk_usage(_existing(settings.data)).free
    found = f"{free / (1 << 30):.1f} GiB"
    if free < NO_SPACE_BYTES:
        return "broken", f"{found}; writes are about to fail"
    return ("warn", f"{found}; soon it is full") if free < LITTLE_SPACE_BYTES else ("ok", found)


def _server(settings: Settings) -> tuple[State, str]:
    held = lock.find_holder(settings)
    return "ok", "none runs on this data folder" if held is None else str(held)


def _port(settings: Settings) -> tuple[State, str]:
    held = lock.find_holder(settings)
    if held is not None and held.holder is not None and held.holder.port == settings.port:
        return "ok", f"{settings.port}, taken by the server of this data folder"
    for each in ports.bind(settings.host, settings.port):
        each.close()
    return "ok", f"{settings.port} of {settings.host} is free"


def _store(settings: Settings) -> tuple[State, str]:
    store = settings.store
    if isinstance(store, SqliteStore) and not store.path.exists():
        return "ok", f"{store.path} is created at the first start"
    state = status(settings)
    found = (
        f"{store}: schema version {state.version}"
        if state.version
        else f"{store}: tables are created at the first start"
    )
    if isinstance(store, PostgresStore):
        about, risks = _postgres(settings)
        found += f", {about}"
        if risks:
            return (
                "warn",
                f"{found}; a power failure may destroy the store, because these settings are off: {', '.join(risks)}",
            )
    if state.version and state.pending:
        return "warn", f"{found}; the next start upgrades it to {state.latest}"
    return "ok", found


def _tables(settings: Settings) -> tuple[State, str]:
    store = settings.store
    if isinstance(store, SqliteStore) and not store.path.exists():
        return "ok", "none yet"
    try:
        status(settings)
        found = foreign_tables(settings)
    except Stop:
        return "warn", "unknown, since the store cannot be read"
    if not found:
        return "ok", "all are of Trackside"
    named = ", ".join(found[:SHOWN_TABLES]) + (f" and {len(found) - SHOWN_TABLES} more" * (len(found) > SHOWN_TABLES))
    whose = (
        "MLflow creates them if it opens the store (`mlflow gc`, `mlflow server`)"
        if MLFLOWS_TABLE in found
        else "another program created them"
    )
    return "warn", (
        f"not of Trackside: {named} ({whose}); Trackside neither reads nor writes them, but an upgrade fails if it "
        f"needs one of the names: drop them while no server runs"
    )


def _postgres(settings: Settings) -> tuple[str, list[str]]:
    """Return the database server with its latency, and its settings that put the store at risk."""
    with explained(settings):
        db = open_database(settings)
        try:
            took = []
            for _ in range(ROUND_TRIPS):
                start = time.perf_counter()
                with db.read(0) as tx:
                    (version,) = tx.one("SHOW server_version")
                took.append(time.perf_counter() - start)
            with db.read(0) as tx:
                risks = [
                    name
                    for (name,) in tx.all(
                        "SELECT name FROM pg_settings WHERE name IN :names AND setting = 'off' ORDER BY name",
                        names=["fsync", "full_page_writes"],
                    )
                ]
        finally:
            db.close()
    return f"PostgreSQL {version}, {min(took) * 1000:.1f} ms away", risks


def _artifacts(settings: Settings) -> tuple[State, str]:
    path = settings.artifacts.path
    if path is None:
        return _bucket(settings)
    folder = _existing(path)
    try:
        _probe(folder)
    except OSError as fault:
        return "broken", f"{folder} cannot be written to ({fault.strerror}); choose another location with --artifacts"
    return "ok", str(path)


def _bucket(settings: Settings) -> tuple[State, str]:
    with explained(settings):
        bucket = make_blobs(settings.artifacts.url)
    try:
        blobs.put(bucket, PROBE_KEY, [[b"trackside"]])
        bucket.delete(PROBE_KEY)
    except Fault as fault:
        from trackside.artifacts.cloud import reason  # noqa: PLC0415  # an extra

        return "broken", f"{settings.artifacts} cannot be written to: {reason(fault.__cause__ or fault)}"
    return "ok", str(settings.artifacts)


def _sandbox(settings: Settings) -> tuple[State, str]:
    del settings
    fault = sandbox.fault()
    if fault is not None:
        what = "allow user namespaces, or remove bubblewrap to run models with the rights of the server"
        return "warn", f"bubblewrap cannot create one, so endpoints and jobs that run models fail ({fault}); {what}"
    if not sandbox.is_available():
        return "ok", "none: without bubblewrap, models run with the rights of the server"
    return "ok", "bubblewrap creates one for each model"


def _clock(settings: Settings) -> tuple[State, str]:
    now = time.time()
    if now < EPOCH_2025_S:
        return (
            "broken",
            f"it shows {time.strftime('%Y-%m-%d', time.gmtime(now))}, so runs would get wrong times; set the clock",
        )
    with tempfile.NamedTemporaryFile(dir=_existing(settings.data)) as file:
        skew_s = Path(file.name).stat().st_mtime - now
    if abs(skew_s) > SKEW_S:
        return "warn", f"the data folder's file server is {skew_s:+.0f} s apart from this machine"
    return "ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))


def _probe(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"trackside")


def _existing(path: Path) -> Path:
    """Return the folder itself, or the nearest existing parent."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def _file_system_of(folder: Path) -> str | None:
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return None
    best, kind = Path("/"), None
    for line in lines:
        before, _, after = line.partition(" - ")
        # Field 4 is the mount point, with blanks as \\040; the type follows the dash.
        mounted = Path(before.split()[4].replace("\\040", " "))
        if folder.is_relative_to(mounted) and (kind is None or len(mounted.parts) >= len(best.parts)):
            best, kind = mounted, after.split()[0]
    return kind

"""Deletes unused models, environments, logs and sockets from the server's folder.

`step` may run at any time, on each server of a store: it lists the files first and reads what is in use afterwards, so that new
files are never deleted.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.endpoints import environments, store

KEEP_ENVIRONMENT_S = (
    86_400.0  # after its last use: another model may need the same environment, and building it takes minutes
)
KEEP_SOCKET_S = 3600.0


class Database(Protocol):
    def read(self, ws: int) -> AbstractContextManager[Tx]: ...


class Needed(Struct, frozen=True):
    generations: frozenset[tuple[int, int]]  # deployments with their generations, including those that still serve
    replicas: frozenset[str]


class Cleanup:
    """`folder` is the folder of endpoints; `clock` returns seconds since 1970."""

    def __init__(self, db: Database, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._models = folder / "models"
        self._environments = folder / "environments"
        self._logs = folder / "logs"
        self._sockets = folder / "sockets"
        self._clock = clock

    def step(self) -> bool:
        """Delete unused files.  Return False: the next step can wait."""
        models, built = _children(self._models), _children(self._environments)
        logs, sockets = _children(self._logs), _children(self._sockets)
        needed = self._needed()
        kept = [path for path in models if _generation(path) in needed.generations]
        for path in models:
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)
        used = {environments.key_of(path) for path in kept}
        for path in built:
            if path.name not in used and self._age_s(path / environments.READY, path) > KEEP_ENVIRONMENT_S:
                shutil.rmtree(path, ignore_errors=True)
        deployments = {str(seq) for seq, _ in needed.generations}
        for path in logs:
            if path.name.partition(".")[0] not in deployments:
                path.unlink(missing_ok=True)
        for path in sockets:
            if path.name not in needed.replicas and self._age_s(path, path) > KEEP_SOCKET_S:
                shutil.rmtree(path, ignore_errors=True)
        return False

    def _needed(self) -> Needed:
        generations: set[tuple[int, int]] = set()
        replicas: set[str] = set()
        with self._db.read(0) as tx:
            found = store.workspaces_with_any(tx)
        for ws in found:
            with self._db.read(ws) as tx:
                running = store.replicas(tx)
                generations |= {(each.deployment_seq, each.generation) for each in store.wanted(tx)}
            generations |= {(each.deployment_seq, each.generation) for each in running}
            replicas |= {each.replica_id for each in running}
        return Needed(frozenset(generations), frozenset(replicas))

    def _age_s(self, path: Path, otherwise: Path) -> float:
        """Return the age of a file, or of another one if it is missing; 0 if both are."""
        for each in (path, otherwise):
            with suppress(OSError):
                return self._clock() - each.stat().st_mtime
        return 0.0


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _generation(path: Path) -> tuple[int, int] | None:
    """Return the deployment and its generation for the folder of a model, or of one that is being copied."""
    seq, _, generation = path.name.removesuffix(".part").partition("-")
    return (int(seq), int(generation)) if seq.isdecimal() and generation.isdecimal() else None

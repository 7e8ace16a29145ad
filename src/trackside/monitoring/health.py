"""Whether the server is alive, and whether it can serve: `/livez` and `/readyz`, with Kubernetes' parameters.

Kubernetes API health endpoints: https://kubernetes.io/docs/reference/using-api/health-checks/
"""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

LEAST_FREE = 0.05  # of a file system

Check = Callable[[], str | None]  # the reason of a failure; None: it passes


class Outcome(Struct, frozen=True):
    is_ready: bool
    text: str


class Readiness:
    """`checks` by name.  After `leave` the server is not ready: it answers running requests and ends."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self.names = (*checks, "shutdown")
        self._checks = {**checks, "shutdown": self._ending}
        self._is_leaving = False

    def leave(self) -> None:
        self._is_leaving = True

    def check(self, excluded: frozenset[str], *, is_verbose: bool) -> Outcome:
        """Run every check that is not excluded.  A failure is always reported with its reason."""
        found = {name: "excluded: ok" if name in excluded else check() for name, check in self._checks.items()}
        failed = {name: why for name, why in found.items() if why is not None and name not in excluded}
        if not failed and not is_verbose:
            return Outcome(True, "ok")
        lines = [
            f"[-]{name} failed: {why}" if name in failed else f"[+]{name} {why or 'ok'}" for name, why in found.items()
        ]
        return Outcome(not failed, "\n".join([*lines, f"readyz check {'failed' if failed else 'passed'}", ""]))

    def _ending(self) -> str | None:
        return "the server is ending" if self._is_leaving else None


def disk_of(folder: Path) -> Check:
    """The file system of the folder has 5 % of its space free."""

    def check() -> str | None:
        try:
            usage = shutil.disk_usage(folder)
        except OSError as error:
            return f"its free space cannot be read: {error.strerror}"
        free = usage.free / usage.total if usage.total else 0.0
        return None if free >= LEAST_FREE else f"{free:.1%} of the file system is free, less than {LEAST_FREE:.0%}"

    return check


def writable(folder: Path) -> Check:
    """The server may make files in the folder, which the first artifact makes."""

    def check() -> str | None:
        there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
        return None if os.access(there, os.W_OK | os.X_OK) else "the server may not write to the folder"

    return check

"""What a place where replicas run must do."""

from typing import Any, Protocol

from msgspec import Struct

from trackside.endpoints.model import Deployment


class Prepared(Struct, frozen=True):
    """A model that can be started: the folder of its files, and the Python of its environment."""

    folder: str
    python: str


class Observed(Struct, frozen=True):
    """A replica as the backend sees it.  `reason` says why one that is not alive ended."""

    is_alive: bool
    is_ready: bool
    pid: int | None = None
    reason: str = ""
    stats: dict[str, Any] = {}


class Backend(Protocol):
    """Replicas by id.  Calls may block for a moment, never for a model to load."""

    def start(self, replica_id: str, deployment: Deployment, prepared: Prepared) -> str:
        """Start a replica and return the address where it will answer.  Raise OSError where that cannot be begun."""
        ...

    def observe(self, replica_id: str) -> Observed: ...

    def stop(self, replica_id: str) -> None:
        """Let requests under way end, then end the replica.  Returns at once; `observe` tells when it is gone."""
        ...

    def forget(self, replica_id: str) -> None:
        """Drop what is kept of a replica that has ended."""
        ...

    def log(self, deployment_seq: int, lines: int) -> list[str]:
        """Return the last lines that replicas of the deployment wrote."""
        ...

    def close(self) -> None:
        """End all replicas."""
        ...

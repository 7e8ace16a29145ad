"""What a place where replicas run must do."""

from collections.abc import Set
from typing import Protocol

from msgspec import Struct

from trackside.endpoints.model import Deployment


class Prepared(Struct, frozen=True):
    """A model that can be started: the folder of its files, and the Python of its environment.

    The Python is empty where the backend brings the environment (`brings_environment`)."""

    folder: str
    python: str


class Observed(Struct, frozen=True):
    """A replica as the backend sees it.  `reason` says why one that is not alive ended, or what one that is not ready waits for.

    `stuck_s` is how long its longest evaluation has been running.  `is_placed`: a computer was found for it.  `address` is where
    it answers, if `start` could not know that."""

    is_alive: bool
    is_ready: bool
    pid: int | None = None
    reason: str = ""
    stuck_s: float = 0.0
    is_placed: bool = True
    address: str = ""


class Backend(Protocol):
    """Replicas by id.  Calls may block for a moment, never for a model to load."""

    @property
    def brings_environment(self) -> bool:
        """Whether the backend builds the environments of models itself, where its replicas run."""
        ...

    @property
    def scales_itself(self) -> bool:
        """Whether one replica stands for as many processes as the deployment wants, which the backend adds and removes."""
        ...

    def start(self, replica_id: str, deployment: Deployment, prepared: Prepared) -> str:
        """Start a replica and return the address where it will answer, or "" where that is known later.

        Raise OSError where that cannot be begun."""
        ...

    def adopt(self, replica_id: str, deployment: Deployment) -> bool:
        """Take over a replica that another server, or this one in its earlier life, started.  False: it has ended."""
        ...

    def observe(self, replica_id: str) -> Observed: ...

    def stop(self, replica_id: str) -> None:
        """Let requests under way end, then end the replica.  Returns at once; `observe` tells when it is gone."""
        ...

    def forget(self, replica_id: str) -> None:
        """Drop what is kept of a replica that has ended."""
        ...

    def sweep(self, known: Set[str]) -> None:
        """End what runs for this store but for the replicas in `known`: an interrupted start or deletion may leave some."""
        ...

    def close(self) -> None:
        """End the replicas that do not outlive the server."""
        ...

"""The interface of backends, which run replicas."""

from collections.abc import Set
from typing import Protocol

from msgspec import Struct

from trackside.endpoints.model import Deployment


class Prepared(Struct, frozen=True):
    """A model that is ready to start: the folder of its files, and the Python of its environment.

    The Python is empty if the backend builds the environment (`brings_environment`)."""

    folder: str
    python: str


class Observed(Struct, frozen=True):
    """The state of a replica.  `reason` says why it ended, or what a replica that is not ready waits for.

    `stuck_s` is the duration of its longest running evaluation.  `is_placed`: a node was assigned.  `address` is where it
    answers, if `start` could not return it."""

    is_alive: bool
    is_ready: bool
    pid: int | None = None
    reason: str = ""
    stuck_s: float = 0.0
    is_placed: bool = True
    address: str = ""


class Backend(Protocol):
    """Replicas by id.  Calls may block briefly, never until a model is loaded."""

    @property
    def brings_environment(self) -> bool:
        """Return whether the backend builds the environments of models itself, on the nodes of its replicas."""
        ...

    @property
    def scales_itself(self) -> bool:
        """Return whether a replica stands for all processes of the deployment, which the backend scales."""
        ...

    def start(self, replica_id: str, deployment: Deployment, prepared: Prepared) -> str:
        """Start a replica and return its address, or "" if it is known later.

        Raise OSError if it cannot be started."""
        ...

    def adopt(self, replica_id: str, deployment: Deployment) -> bool:
        """Adopt a replica that another server, or this one before a restart, started.  Return False if it has ended."""
        ...

    def observe(self, replica_id: str) -> Observed: ...

    def stop(self, replica_id: str) -> None:
        """Let requests under way end, then end the replica.  Returns at once; `observe` reports the end."""
        ...

    def forget(self, replica_id: str) -> None:
        """Drop the data of a replica that has ended."""
        ...

    def sweep(self, known: Set[str]) -> None:
        """End all replicas of this store except those in `known`: an interrupted start or deletion may leave some."""
        ...

    def close(self) -> None:
        """End the replicas that do not outlive the server."""
        ...

"""The context of a request or job that reads and writes in one workspace and awaits other things in between."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Session(Protocol):
    """Each call is one transaction.  `workspace` is the workspace of all of them."""

    workspace: Any

    async def read(self, fn: Callable[[Any], T]) -> T: ...

    async def write(self, fn: Callable[[Any], T]) -> T: ...

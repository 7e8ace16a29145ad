"""An option of the server."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

PREFIX = "TRACKSIDE_"


class Option(Struct, frozen=True, kw_only=True):
    """An option: its flags (the first is its name), its default as text, its parser, and its description in `-h`."""

    flags: tuple[str, ...]
    default: str
    read: Callable[[str], Any]
    help: str
    metavar: str = ""
    is_switch: bool = False
    is_secret: bool = False  # read from a variable only: flags are visible to other users of the machine
    mlflows: str = ""  # MLflow's variable for the same setting

    @property
    def variable(self) -> str:
        return PREFIX + self.flags[0].strip("-").replace("-", "_").upper()

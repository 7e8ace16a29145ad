"""uvicorn's `Config` and `Server`, without its command line.

`import uvicorn` loads its command line with click and multiprocessing, which took a tenth of a start.  Here the command line is
loaded on first use.  To be imported before any other part of uvicorn.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_OF_COMMAND_LINE = ("Server", "main", "run")  # the names that the package `uvicorn` imports from its module `main`


def _load() -> None:
    if "uvicorn" in sys.modules:
        return
    placeholder = ModuleType("uvicorn.main")
    vars(placeholder).update(dict.fromkeys(_OF_COMMAND_LINE))
    sys.modules["uvicorn.main"] = placeholder
    try:
        names = vars(import_module("uvicorn"))
    finally:
        del sys.modules["uvicorn.main"]
    for name in _OF_COMMAND_LINE:
        del names[name]

    def find(name: str) -> Any:
        if name not in _OF_COMMAND_LINE:
            raise AttributeError(f"module 'uvicorn' has no attribute {name!r}")
        real = import_module("uvicorn.main")
        names.update({each: getattr(real, each) for each in _OF_COMMAND_LINE})
        return names[name]

    names["__getattr__"] = find


_load()

from uvicorn.config import Config  # noqa: E402  # after the placeholder
from uvicorn.server import Server  # noqa: E402

__all__ = ["Config", "Server"]

"""Import scikit-learn in half of the time, for a run whose imports take as long as a million rows.

`sklearn.base` imports pandas, which arrays do not need.  The package of each kind of estimator imports all of its modules, and
with them `scipy.stats`; the module of one estimator imports few of them.  The code of such a package runs when something else of
it is asked for.  Not safe for use by two threads.
"""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any

LATER = ("scipy.stats", "sklearn.linear_model", "sklearn.ensemble", "sklearn.tree", "sklearn.preprocessing")


class Later(ModuleType):
    """A package that runs its code at the first access to a name that none of its modules has set."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]  # from here on it is as any other
        spec = self.__spec__
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(self)
        return getattr(self, name)


def sklearn() -> None:
    """Import the common dependencies of scikit-learn.  Does nothing if it is not installed, or was imported already."""
    if "pandas" in sys.modules or "sklearn" in sys.modules:
        return
    with suppress(Exception):  # the model's own import reports the error
        sys.modules["pandas"] = None  # type: ignore[assignment]  # an import of it raises ImportError
        try:
            _later("scipy.stats")
            importlib.import_module("sklearn.base")
        finally:
            del sys.modules["pandas"]
        for name in LATER[1:]:
            _later(name)


def _later(name: str) -> None:
    spec = importlib.util.find_spec(name)  # imports the package around it
    if spec is None or name in sys.modules:
        return
    module = Later(name)
    module.__spec__ = spec
    module.__file__ = spec.origin
    module.__path__ = list(spec.submodule_search_locations or [])
    module.__loader__ = spec.loader
    module.__package__ = name
    sys.modules[name] = module
    around, _, own = name.rpartition(".")
    setattr(sys.modules[around], own, module)

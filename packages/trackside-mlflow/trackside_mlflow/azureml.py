"""Stand-ins for the parts of azureml-core that work on Trackside, for code that cannot be changed.  Opt-in."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

from trackside_mlflow.errors import ConfigError, TracksideError, WorkspaceNotFound
from trackside_mlflow.workspace import Workspace

_MARK = "__stands_in_for_azureml__"


def install_as_azureml() -> None:
    """Make `from azureml.core import Workspace` import Trackside's, in this process.

    It brings `azureml.core.Workspace`, `azureml.core.workspace.Workspace`, an empty `azureml.mlflow` (which azureml's
    own notebooks import for its side effects), and in `azureml.exceptions` the names of the errors that these raise:
    `UserErrorException` (`ConfigError`), `ProjectSystemException` (`WorkspaceNotFound`) and `WorkspaceException` (every
    error of Trackside).  Nothing else of azureml is there.

    Raises `ConfigError` where azureml-core is installed: it is never replaced behind the user's back.
    """
    if getattr(sys.modules.get("azureml.core"), _MARK, False):
        return
    if _is_installed("azureml.core"):
        raise ConfigError(
            "azureml-core is installed here and stays what `azureml.core` means; "
            "write `from trackside_mlflow import Workspace` instead"
        )
    if not _is_installed("azureml"):
        _module("azureml")
    _module("azureml.core", Workspace=Workspace)
    _module("azureml.core.workspace", Workspace=Workspace)
    _module(
        "azureml.exceptions",
        UserErrorException=ConfigError,
        ProjectSystemException=WorkspaceNotFound,
        WorkspaceException=TracksideError,
    )
    if not _is_installed("azureml.mlflow"):
        _module("azureml.mlflow")


def _is_installed(name: str) -> bool:
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # not even the package around it
        return False


def _module(name: str, **names: object) -> None:
    """Register a module (a package without files, so that modules below it can be imported), also in its parent."""
    module = ModuleType(name, "Trackside's stand-in; see trackside_mlflow.azureml.install_as_azureml")
    module.__path__ = []
    setattr(module, _MARK, True)
    for key, value in names.items():
        setattr(module, key, value)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(importlib.import_module(parent), child, module)

"""Stand-ins for the parts of azureml-core that work on Trackside, for code that cannot be changed.  Opt-in."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from trackside_mlflow.datadrift import AlertConfiguration, DataDriftDetector
from trackside_mlflow.errors import ConfigError, TracksideError, WebserviceException, WorkspaceNotFound
from trackside_mlflow.serving import azureml as deploying
from trackside_mlflow.serving.models import Model
from trackside_mlflow.serving.profiles import ModelProfile
from trackside_mlflow.serving.webservices import AciWebservice, AksWebservice, Webservice
from trackside_mlflow.workspace import Workspace

_MARK = "__stands_in_for_azureml__"


def install_as_azureml() -> None:
    """Make `from azureml.core import Workspace` import Trackside's, in this process.

    It brings `Workspace`, `Model`, `Webservice`, `AciWebservice` and `AksWebservice` in `azureml.core` and its modules
    `workspace`, `model`, `webservice` and `profile`; `DataDriftDetector` in `azureml.datadrift`;
    `mlflow.azureml` with `deploy`, which MLflow had until 2.0; an empty
    `azureml.mlflow` (which azureml's own notebooks import for its side effects); and in `azureml.exceptions` the names of the
    errors that these raise: `UserErrorException` (`ConfigError`), `ProjectSystemException` (`WorkspaceNotFound`),
    `WebserviceException`, and `WorkspaceException` (every error of Trackside).  Nothing else of azureml is available.

    Raise `ConfigError` if azureml-core is installed: it is never replaced.
    """
    if getattr(sys.modules.get("azureml.core"), _MARK, False):
        return
    if _is_installed("azureml.core"):
        raise ConfigError(
            "azureml-core is installed and cannot be replaced; write `from trackside_mlflow import Workspace` instead"
        )
    if not _is_installed("azureml"):
        _module("azureml")
    services = {"Webservice": Webservice, "AciWebservice": AciWebservice, "AksWebservice": AksWebservice}
    _module("azureml.core", Workspace=Workspace, Model=Model, Webservice=Webservice)
    _module("azureml.core.workspace", Workspace=Workspace)
    _module("azureml.core.model", Model=Model)
    _module("azureml.core.webservice", **services)
    _module("azureml.core.profile", ModelProfile=ModelProfile)
    _module("azureml.datadrift", DataDriftDetector=DataDriftDetector, AlertConfiguration=AlertConfiguration)
    _module(
        "azureml.exceptions",
        UserErrorException=ConfigError,
        ProjectSystemException=WorkspaceNotFound,
        WebserviceException=WebserviceException,
        WorkspaceException=TracksideError,
    )
    _offer_mlflow_azureml()
    if not _is_installed("azureml.mlflow"):
        _module("azureml.mlflow")


def _offer_mlflow_azureml() -> None:
    """Make `import mlflow.azureml` find this implementation, also if mlflow is imported later or has such a module."""
    if "mlflow" in sys.modules:
        _module("mlflow.azureml", deploy=deploying.deploy, build_image=deploying.build_image)
    else:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder, Loader):
    """A finder for `mlflow.azureml` only.  The import system sets it as an attribute of mlflow."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname == "mlflow.azureml" else None

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__.update(deploy=deploying.deploy, build_image=deploying.build_image)


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

"""`install_as_azureml` in a process of its own: the importable names, and refusals."""

import os
import subprocess
import sys
from pathlib import Path


def python(code: str, *folders: Path) -> str:
    """What this code prints, in a new process that also imports from these folders."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_imports_of_the_article_give_tracksides_workspace() -> None:
    code = """
from trackside_mlflow.azureml import install_as_azureml
install_as_azureml()
install_as_azureml()
import azureml.mlflow
import azureml.core
from azureml.core import Workspace
from azureml.core.workspace import Workspace as Same
from azureml.exceptions import ProjectSystemException, UserErrorException, WorkspaceException
import trackside_mlflow
print(Workspace is Same is azureml.core.Workspace is trackside_mlflow.Workspace)
print(ProjectSystemException.__name__, UserErrorException.__name__, WorkspaceException.__name__)
"""
    assert python(code).splitlines() == ["True", "WorkspaceNotFound ConfigError TracksideError"]


def test_unsupported_names_cannot_be_imported() -> None:
    code = """
from trackside_mlflow.azureml import install_as_azureml
install_as_azureml()
try:
    from azureml.core import Experiment
except ImportError as error:
    print("no Experiment")
try:
    import azureml.core.compute
except ImportError as error:
    print("no compute")
"""
    assert python(code).splitlines() == ["no Experiment", "no compute"]


def test_the_articles_deployment_can_be_imported_before_and_after_mlflow(tmp_path: Path) -> None:
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "__init__.py").write_text("")
    (tmp_path / "mlflow" / "azureml.py").write_text("deploy = 'that of mlflow 1'")
    code = """
{before}
from trackside_mlflow.azureml import install_as_azureml
install_as_azureml()
import mlflow.azureml
from azureml.core.model import Model
from azureml.core.webservice import AciWebservice, AksWebservice, Webservice
from azureml.exceptions import WebserviceException
print(mlflow.azureml.deploy.__module__, AciWebservice.__mro__[1] is Webservice)
"""
    expected = "trackside_mlflow.serving.azureml True"

    assert python(code.format(before=""), tmp_path) == expected
    assert python(code.format(before="import mlflow.azureml"), tmp_path) == expected


def test_microsofts_package_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "azureml" / "core").mkdir(parents=True)
    (tmp_path / "azureml" / "core" / "__init__.py").write_text("Workspace = 'the real one'")
    code = """
from trackside_mlflow import ConfigError
from trackside_mlflow.azureml import install_as_azureml
try:
    install_as_azureml()
except ConfigError as error:
    print(error)
from azureml.core import Workspace
print(Workspace)
"""
    said, workspace = python(code, tmp_path).splitlines()

    assert said.startswith("azureml-core is installed and")
    assert workspace == "the real one"


def test_other_parts_of_azureml_can_be_installed(tmp_path: Path) -> None:
    (tmp_path / "azureml" / "dataprep").mkdir(parents=True)
    (tmp_path / "azureml" / "dataprep" / "__init__.py").write_text("name = 'dataprep'")
    code = """
from trackside_mlflow.azureml import install_as_azureml
install_as_azureml()
from azureml.core import Workspace
from azureml import dataprep
print(Workspace.__module__, dataprep.name)
"""
    assert python(code, tmp_path) == "trackside_mlflow.workspace dataprep"

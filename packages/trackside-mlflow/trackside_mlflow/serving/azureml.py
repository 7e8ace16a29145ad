"""`mlflow.azureml`, part of MLflow before 2.0: `deploy` registers a model in a workspace and serves it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Mapping

from trackside_mlflow.errors import WebserviceException
from trackside_mlflow.serving import registration
from trackside_mlflow.serving.models import Model, print_line
from trackside_mlflow.serving.webservices import Webservice, deployed

if TYPE_CHECKING:
    from trackside_mlflow.workspace import Workspace

MAX_NAME = 32


def deploy(
    model_uri: str,
    workspace: Workspace,
    deployment_config: Any = None,
    service_name: str | None = None,
    model_name: str | None = None,
    tags: Mapping[str, str] | None = None,
    mlflow_home: str | None = None,
    synchronous: bool = True,
) -> tuple[Webservice, Model]:
    """Serve an MLflow model as a web service of a workspace.  Return the service and the registered model.

    `model_uri` may name a model of the workspace, of the registry that mlflow is set to, of a workspace that this one is
    linked with, or a folder.  A model that is not in the workspace is registered in it as `model_name`.
    `deployment_config` is a result of `AciWebservice.deploy_configuration()` or `AksWebservice.deploy_configuration()`.
    `synchronous`: return when the service is healthy.  `mlflow_home` is accepted for compatibility and ignored.

    Raise `MlflowException` if the model has no flavor python_function, `WebserviceException` if the service cannot be created
    or does not become healthy.
    """
    version = registration.registered(workspace, model_uri, model_name, tags)
    print_line(f"Registered model {version.name}, version {version.version}, in workspace {workspace.name}")
    model = Model(workspace, name=version.name, version=int(version.version))
    if tags:
        model.add_tags({str(key): str(value) for key, value in tags.items()})
    service = deployed(workspace, service_name or _made_up(model), model.uri, deployment_config)
    if synchronous:
        service.wait_for_deployment(show_output=True)
    return service, model


def build_image(*_: Any, **__: Any) -> None:
    """Always raise: a model is served in an environment that the server builds, and never as an image."""
    raise WebserviceException(
        "Trackside does not build images; use mlflow.azureml.deploy(), which serves a model without one"
    )


def _made_up(model: Model) -> str:
    """Return a service name for a model: `mlflow-iris-3`."""
    name = re.sub(r"[^a-z0-9]+", "-", model.name.lower()).strip("-")
    end = f"-{model.version}"
    return f"mlflow-{name}"[: MAX_NAME - len(end)].rstrip("-") + end

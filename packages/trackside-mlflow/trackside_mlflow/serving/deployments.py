"""MLflow's deployment plug-in: `mlflow.deployments.get_deploy_client("trackside")` and `mlflow deployments … -t trackside`."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any, Iterator, Mapping

import mlflow
from mlflow.deployments import BaseDeploymentClient
from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2

from trackside_mlflow import settings, uris
from trackside_mlflow.errors import ConfigError, Refused, ServerUnreachable, TracksideError, WorkspaceNotFound
from trackside_mlflow.serving import configs, local, registration
from trackside_mlflow.serving.endpoints import Endpoints, deployment_of, predictions_of
from trackside_mlflow.serving.inputs import encoded
from trackside_mlflow.serving.target_help import HELP
from trackside_mlflow.workspace import Workspace

FLAVOR = "python_function"
TARGET = "trackside"


def run_local(name: str, model_uri: str, flavor: str | None = None, config: Mapping[str, Any] | None = None) -> None:
    """Serve a model on this machine until Ctrl-C, by the scorer of Trackside if it is installed, otherwise by MLflow.

    `config` may have `port` (default 5001).
    """
    with _mlflows_errors():
        _check_flavor(flavor)
        local.serve(name, model_uri, dict(config or {}))


def target_help() -> str:
    """Return the text of `mlflow deployments help -t trackside`."""
    return HELP


class TracksideDeploymentClient(BaseDeploymentClient):  # type: ignore[misc]  # mlflow is untyped
    """Deployments and endpoints of a workspace of Trackside.

    The target `trackside://HOST:PORT/WORKSPACE` names the workspace (`trackside+https://` for TLS).  With the bare target
    `trackside` it is that of the tracking URI, else of TRACKSIDE_URL and TRACKSIDE_WORKSPACE.
    """

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)
        with _mlflows_errors():
            url, name = _place(target_uri)
            self._workspace_name = name
            self._url = url
            self._known: Workspace | None = None

    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Deploy a model, and return when it is healthy (at once with `async` in `config`).

        Without `endpoint`, an endpoint of the deployment's name is created, and the deployment gets all of its traffic.
        With `endpoint`, the deployment gets traffic only if it is the first one.  Fields of `config`: those of a deployment's
        `spec`, and `async`, `timeout_s`, `auth_mode`, `description`, `tags`, `deploy-config-file`.
        """
        with _mlflows_errors():
            _check_flavor(flavor)
            wanted = configs.deploy(config)
            here = registration.here(self._workspace, model_uri)
            if endpoint is None:
                fields = {"name": name, "deployment": name, "model_uri": here, "spec": wanted.spec, **wanted.endpoint}
                self._endpoints.create(fields)
                for which, value in wanted.keys.items():
                    self._endpoints.set_key(name, which, value)
            else:
                _check_no_endpoint_fields(wanted, endpoint)
                found = self._endpoints.get(endpoint)
                if any(each["name"] == name for each in found.get("deployments", [])):
                    raise Refused(
                        f"Endpoint {endpoint!r} already has a deployment {name!r}; use update_deployment.",
                        400,
                        "RESOURCE_ALREADY_EXISTS",
                    )
                self._endpoints.put_deployment(endpoint, name, {"model_uri": here, "spec": wanted.spec})
            if wanted.request_log is not None:
                self._endpoints.set_request_log(endpoint or name, wanted.request_log)
            return self._settled(endpoint or name, name, wanted)

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """Replace the model or the spec of a deployment without downtime."""
        with _mlflows_errors():
            _check_flavor(flavor)
            wanted = configs.deploy(config)
            _check_no_endpoint_fields(wanted, endpoint or name)
            place = endpoint or name
            deployment_of(self._endpoints.get(place), name)
            fields: dict[str, Any] = {"spec": wanted.spec}
            if model_uri is not None:
                fields["model_uri"] = registration.here(self._workspace, model_uri)
            self._endpoints.put_deployment(place, name, fields)
            if wanted.request_log is not None:
                self._endpoints.set_request_log(place, wanted.request_log)
            return self._settled(place, name, wanted)

    def delete_deployment(
        self, name: str, config: Mapping[str, Any] | None = None, endpoint: str | None = None
    ) -> None:
        """Delete a deployment; do nothing if it does not exist.

        A deployment with traffic is refused while its endpoint has others.  Without `endpoint`, the endpoint of this name
        is deleted too when this was its last deployment."""
        with _mlflows_errors():
            if config:
                raise ConfigError(f"delete_deployment accepts no configuration, but got {min(config)!r}")
            place = endpoint or name
            found = self._endpoints.find(place)
            names = [each["name"] for each in found.get("deployments", [])] if found is not None else []
            if endpoint is None and names in ([], [name]) and found is not None:
                self._endpoints.delete(place)
                return
            if name not in names:
                return
            if names == [name]:
                self._endpoints.update(place, {"traffic": {name: 0}})
            self._endpoints.delete_deployment(place, name)

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """Return the deployments of an endpoint, or of all endpoints."""
        with _mlflows_errors():
            found = self._endpoints.list() if endpoint is None else [self._endpoints.get(endpoint)]
            return [self._shown(one, each) for one in found for each in one.get("deployments", [])]

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:
        with _mlflows_errors():
            found = self._endpoints.get(endpoint or name)
            return self._shown(found, deployment_of(found, name))

    def predict(
        self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None, *, df: Any = None
    ) -> Any:
        """Score `inputs` (or `df`, its older name): a DataFrame, an array, a list, a dict, or JSON as text.

        With `endpoint` and `deployment_name` that deployment is called; otherwise the traffic split decides.
        Returns mlflow's `PredictionsResponse`; mlflow before 2.0 has none, and a DataFrame is returned."""
        with _mlflows_errors():
            if (inputs is None) == (df is None):
                raise ConfigError("predict needs its data in exactly one of the arguments inputs and df")
            place = endpoint or deployment_name
            if place is None:
                raise ConfigError("predict needs a deployment_name or an endpoint")
            body = encoded(inputs if df is None else df)
            pinned = deployment_name if endpoint is not None else None
            return _response(predictions_of(self._endpoints.score(place, body, deployment=pinned)))

    def create_endpoint(self, name: str, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Create an endpoint without deployments.  `config`: auth_mode, description, tags, properties."""
        with _mlflows_errors():
            fields = configs.endpoint(config)
            for shares in ("traffic", "mirror_traffic"):
                if fields.pop(shares, None):
                    raise ConfigError(f"{shares} names deployments, but a new endpoint has none; use update_endpoint")
            return self._endpoint(self._endpoints.create({"name": name, **fields}))

    def update_endpoint(self, endpoint: str, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Change an endpoint.  `config`: auth_mode, description, tags, traffic, mirror_traffic."""
        with _mlflows_errors():
            fields = configs.endpoint(config)
            if fields.pop("properties", None):
                raise ConfigError("the properties of an endpoint cannot be changed; use tags")
            return self._endpoint(self._endpoints.update(endpoint, fields))

    def delete_endpoint(self, endpoint: str) -> None:
        """Delete an endpoint with its deployments; do nothing if it does not exist."""
        with _mlflows_errors():
            if self._endpoints.find(endpoint) is not None:
                self._endpoints.delete(endpoint)

    def list_endpoints(self) -> list[dict[str, Any]]:
        with _mlflows_errors():
            return [self._endpoint(each) for each in self._endpoints.list()]

    def get_endpoint(self, endpoint: str) -> dict[str, Any]:
        with _mlflows_errors():
            return self._endpoint(self._endpoints.get(endpoint))

    @property
    def _workspace(self) -> Workspace:
        if self._known is None:
            self._known = Workspace.get(self._workspace_name, url=self._url)
            self._served = Endpoints(self._known.server, self._known.name)
        return self._known

    @property
    def _endpoints(self) -> Endpoints:
        assert self._workspace is not None
        return self._served

    def _settled(self, endpoint: str, name: str, wanted: configs.Deploy) -> dict[str, Any]:
        if wanted.is_async:
            found = self._endpoints.get(endpoint)
        else:
            found = self._endpoints.wait(endpoint, name, wanted.timeout_s)
        return self._shown(found, deployment_of(found, name))

    def _shown(self, endpoint: Mapping[str, Any], deployment: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **deployment,
            "flavor": FLAVOR,
            "endpoint": endpoint["name"],
            "scoring_uri": f"{self._endpoints.url}{endpoint['scoring_path']}",
        }

    def _endpoint(self, endpoint: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **endpoint,
            "traffic": {each["name"]: each["traffic"] for each in endpoint.get("deployments", [])},
            "scoring_uri": f"{self._endpoints.url}{endpoint['scoring_path']}",
            "openapi_uri": f"{self._endpoints.url}{endpoint['openapi_path']}",
        }


def _place(target: str) -> tuple[str, str]:
    """Return the server's address and the workspace of a target."""
    if "://" in target:
        address = uris.to_http(target)
    else:
        if target != TARGET:
            raise ConfigError(f"the target is {target!r}; it must be trackside or trackside://HOST:PORT/WORKSPACE")
        tracking, named = str(mlflow.get_tracking_uri()), settings.url()
        if uris.is_trackside(tracking):
            tracking = uris.to_http(tracking)
        is_usable = uris.is_http(tracking) and (named is None or uris.is_under(tracking, named))
        address = tracking if is_usable else named or settings.DEFAULT_URL
    name = uris.workspace_of(address) or settings.mlflow_workspace() or settings.workspace() or uris.DEFAULT_WORKSPACE
    return uris.server_url(address), name


def _check_flavor(flavor: str | None) -> None:
    if flavor not in (None, FLAVOR):
        raise ConfigError(f"flavor is {flavor!r}; Trackside serves the flavor {FLAVOR} of a model")


def _check_no_endpoint_fields(wanted: configs.Deploy, endpoint: str) -> None:
    given = sorted([*wanted.endpoint, *(["keys"] if wanted.keys else [])])
    if given:
        raise ConfigError(f"{given[0]} belongs to the endpoint {endpoint!r}, which exists; use update_endpoint for it")


def _response(found: Any) -> Any:
    try:
        from mlflow.deployments import PredictionsResponse
    except ImportError:  # mlflow 1
        import pandas as pd

        return pd.DataFrame(found["predictions"] if isinstance(found, dict) and "predictions" in found else found)
    if not isinstance(found, dict):
        found = {"predictions": found}
    return PredictionsResponse.from_json(json.dumps(found))


@contextmanager
def _mlflows_errors() -> Iterator[None]:
    """Convert errors to MlflowException with an error code, as MLflow's callers expect."""
    try:
        yield
    except TracksideError as fault:
        raise MlflowException(str(fault), error_code=_code(fault)) from None


def _code(fault: TracksideError) -> int:
    if isinstance(fault, Refused):
        known = databricks_pb2.ErrorCode.keys()
        name = fault.error_code
        if name not in known:
            name = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "RESOURCE_DOES_NOT_EXIST"}.get(
                fault.status, "BAD_REQUEST" if fault.status < 500 else "TEMPORARILY_UNAVAILABLE"
            )
            name = name if name in known else "BAD_REQUEST"
        return int(databricks_pb2.ErrorCode.Value(name))
    if isinstance(fault, ConfigError):
        return int(databricks_pb2.INVALID_PARAMETER_VALUE)
    if isinstance(fault, WorkspaceNotFound):
        return int(databricks_pb2.RESOURCE_DOES_NOT_EXIST)
    if isinstance(fault, ServerUnreachable):
        return int(databricks_pb2.TEMPORARILY_UNAVAILABLE)
    return int(databricks_pb2.INTERNAL_ERROR)

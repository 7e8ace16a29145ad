"""`Webservice`, `AciWebservice` and `AksWebservice` in the shape of `azureml.core.webservice`, on endpoints of Trackside.

`deploy_configuration` is in `deploy_configs`.  A web service is an endpoint; `Model.deploy` creates its deployment `blue`.
"""

from __future__ import annotations

import builtins
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Iterable, Mapping

from trackside_mlflow.errors import Refused, WebserviceException
from trackside_mlflow.serving.deploy_configs import (
    ACI,
    AKS,
    COMPUTE_TYPE,
    AciServiceDeploymentConfiguration,
    AksServiceDeploymentConfiguration,
)
from trackside_mlflow.serving.endpoints import Endpoints, NotReady, predictions_of
from trackside_mlflow.serving.inputs import encoded

if TYPE_CHECKING:
    from trackside_mlflow.serving.models import Model
    from trackside_mlflow.workspace import Workspace

DEPLOYMENT = "blue"


class Webservice:
    """A web service of a workspace.  `Webservice(workspace, name)` returns an `AciWebservice` or an `AksWebservice`.

    Raise `WebserviceException` ("WebserviceNotFound: …") if the workspace has no web service of this name.  Attributes have the
    values of the last answer: `update_deployment_state()` reads them again."""

    compute_type = ACI

    def __new__(cls, workspace: Workspace | None = None, name: str | None = None) -> Webservice:
        if workspace is None or name is None:
            return super().__new__(cls)
        found = Endpoints(workspace.server, workspace.name).find(name)
        if found is None:
            raise WebserviceException(
                f"WebserviceNotFound: Webservice with name {name} not found in workspace {workspace.name}"
            )
        return _of(workspace, found)

    def __init__(self, workspace: Workspace, name: str) -> None:
        # `__new__` has read the service: reading it again would only cost time.
        self.workspace: Workspace
        self._endpoints: Endpoints
        self._record: dict[str, Any]

    @staticmethod
    def list(
        workspace: Workspace,
        compute_type: str | None = None,
        image_name: str | None = None,
        image_id: str | None = None,
        model_name: str | None = None,
        model_id: str | None = None,
        tags: builtins.list[Any] | None = None,
        properties: builtins.list[Any] | None = None,
        image_digest: str | None = None,
    ) -> builtins.list[Webservice]:
        """Return the web services that match.  `tags` and `properties` are lists of "key" or ["key", "value"].

        Services of Trackside have no images, so a search by an image finds none."""
        if image_name or image_id or image_digest:
            return []
        found = [_of(workspace, each) for each in Endpoints(workspace.server, workspace.name).list()]
        return [
            each
            for each in found
            if (compute_type is None or each.compute_type.lower() == compute_type.lower())
            and (model_name is None or any(name == model_name for name, _ in each.served))
            and (model_id is None or any(f"{name}:{version}" == model_id for name, version in each.served))
            and _has(each.tags, tags)
            and _has(each.properties, properties)
        ]

    @staticmethod
    def check_for_existing_webservice(workspace: Workspace, name: str, overwrite: bool = False) -> None:
        """Raise `WebserviceException` if the name is taken, unless it may be overwritten."""
        if not overwrite and Endpoints(workspace.server, workspace.name).find(name) is not None:
            raise WebserviceException(
                f"Error, there is already a service with name {name} found in workspace {workspace.name}. "
                "Deploy with another service_name, or call update(models=[...]) on Webservice(workspace, name)."
            )

    @staticmethod
    def deserialize(workspace: Workspace, payload: Mapping[str, Any]) -> Webservice:
        """Return the web service that `serialize` described."""
        return Webservice(workspace, str(payload["name"]))

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        """Return when the service is healthy.  Raise `WebserviceException` if it failed, or is not ready in time."""

        def tell(words: str) -> None:
            if show_output:
                sys.stdout.write(f"{words}\n")
                sys.stdout.flush()

        try:
            self._record = self._endpoints.wait(self.name, self._deployment["name"], timeout_sec, tell=tell)
        except NotReady as fault:
            self.update_deployment_state()
            raise WebserviceException(
                f"Service deployment polling reached non-successful terminal state, current service state: {self.state}\n"
                f"{fault}\nFor the model's output, call Webservice.get_logs()"
            ) from None

    def update_deployment_state(self) -> None:
        """Read the state from the server."""
        self._record = self._endpoints.get(self.name)

    def get_logs(self, num_lines: int = 5000, init: bool = False) -> str:
        """Return the last lines of the replicas' logs.  `init` is ignored: a replica has one process."""
        return "\n".join(self._endpoints.logs(self.name, self._deployment["name"], num_lines))

    def run(self, input_data: Any) -> Any:
        """Score JSON text (as Azure's services take it, or in MLflow's formats), a DataFrame, an array, a list or a dict.

        Return the answer's JSON.  Raise `WebserviceException` with the status and the content if the service refuses the
        request."""
        try:
            return predictions_of(self._endpoints.score(self.name, encoded(input_data)))
        except Refused as fault:
            raise WebserviceException(
                f"Received bad response from service. More information can be found by calling `.get_logs()` on the "
                f"webservice object.\nResponse Code: {fault.status}\nContent: {fault}"
            ) from None

    def get_keys(self) -> tuple[str, str]:
        """Return the primary and the secondary key.  Raise `WebserviceException` for a service without keys."""
        with_keys = self._with_keys("get_keys")
        return with_keys.keys(self.name)

    def regen_key(self, key: str, set_key: str | None = None) -> None:
        """Replace the key `Primary` or `Secondary`, by `set_key` or by a generated one."""
        if key.lower() not in ("primary", "secondary"):
            raise WebserviceException(f"key is {key!r}; it must be Primary or Secondary")
        self._with_keys("regen_key").set_key(self.name, key.lower(), set_key)

    def get_token(self) -> tuple[str, datetime]:
        """Always raise: a service accepts its keys, or a token of the workspace."""
        raise WebserviceException(
            "Trackside has no tokens for a single service. Use get_keys(), or a token of the workspace "
            "(`trackside token create`)."
        )

    def update(
        self,
        image: Any = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        auth_enabled: bool | None = None,
        models: Iterable[Model] | None = None,
        inference_config: Any = None,
        collect_model_data: bool | None = None,
        **configuration: Any,
    ) -> None:
        """Change the given values: metadata, the served model, the collection of data, or a field of `deploy_configuration`.

        It returns at once; `wait_for_deployment()` waits.  Raise `WebserviceException` for images, properties that are already
        set, and more than one model."""
        if image is not None:
            raise WebserviceException("Trackside serves models instead of images; pass models=[...]")
        if properties:
            raise WebserviceException("The properties of a service cannot be changed; use tags")
        fields: dict[str, Any] = {"tags": None if tags is None else dict(tags), "description": description}
        if auth_enabled is not None:
            fields["auth_mode"] = "key" if auth_enabled else "none"
        given = {key: value for key, value in fields.items() if value is not None}
        spec = self._config(**configuration).spec if configuration else {}
        chosen = [each.uri for each in models or ()]
        if len(chosen) > 1:
            raise WebserviceException(f"A deployment serves one model, but models has {len(chosen)}")
        if given:
            self._record = self._endpoints.update(self.name, given)
        if collect_model_data is not None:
            self._endpoints.set_request_log(self.name, {} if collect_model_data else False)
        if chosen or spec:
            wanted: dict[str, Any] = {"spec": spec, **({"model_uri": chosen[0]} if chosen else {})}
            self._record = self._endpoints.put_deployment(self.name, self._deployment["name"], wanted)

    def add_tags(self, tags: Mapping[str, str]) -> None:
        self.update(tags={**self.tags, **tags})

    def remove_tags(self, tags: builtins.list[str]) -> None:
        self.update(tags={key: value for key, value in self.tags.items() if key not in tags})

    def delete(self) -> None:
        """Delete the service.  Its models stay registered."""
        self._endpoints.delete(self.name)

    def serialize(self) -> dict[str, Any]:
        """Return the service as a dictionary with azureml-core's names; fields that only Azure has are None."""
        return {
            "name": self.name,
            "description": self.description,
            "tags": self.tags,
            "properties": self.properties,
            "state": self.state,
            "createdTime": self.created_time.isoformat(),
            "updatedTime": self.updated_time.isoformat(),
            "error": self.error,
            "computeType": self.compute_type,
            "workspaceName": self.workspace.name,
            "imageId": None,
            "imageDigest": None,
            "imageDetails": None,
            "scoringUri": self.scoring_uri,
            "swaggerUri": self.swagger_uri,
            "createdBy": self.created_by,
            "authEnabled": self.auth_enabled,
            "modelDetails": [{"name": name, "version": version} for name, version in self.served],
            "deploymentSpec": dict(self._deployment["spec"]),
        }

    @property
    def name(self) -> str:
        return str(self._record["name"])

    @property
    def state(self) -> str:
        """The state: Transitioning, Healthy, Unhealthy, Unschedulable or Failed."""
        return str(self._record["state"])

    @property
    def error(self) -> dict[str, str] | None:
        """The reason why the service is not healthy; None if it is healthy or starting."""
        if self.state in ("Healthy", "Transitioning"):
            return None
        return {"code": self.state, "message": str(self._deployment["reason"])}

    @property
    def scoring_uri(self) -> str:
        return f"{self._endpoints.url}{self._record['scoring_path']}"

    @property
    def swagger_uri(self) -> str:
        return f"{self.scoring_uri[: -len('/score')]}/swagger.json"

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._record.get("tags") or {})

    @property
    def properties(self) -> dict[str, str]:
        return {key: value for key, value in (self._record.get("properties") or {}).items() if key != COMPUTE_TYPE}

    @property
    def description(self) -> str | None:
        return self._record.get("description") or None

    @property
    def auth_enabled(self) -> bool:
        return bool(self._record["auth_mode"] != "none")

    @property
    def token_auth_enabled(self) -> bool:
        return False

    @property
    def created_by(self) -> str | None:
        return self._record.get("created_by") or None

    @property
    def created_time(self) -> datetime:
        return datetime.fromtimestamp(self._record["created_at"] / 1000, timezone.utc)

    @property
    def updated_time(self) -> datetime:
        return datetime.fromtimestamp(self._record["updated_at"] / 1000, timezone.utc)

    @property
    def models(self) -> builtins.list[Model]:
        """The registered models that the service serves."""
        from trackside_mlflow.serving.models import Model

        return [Model(self.workspace, name=name, version=version) for name, version in self.served]

    @property
    def served(self) -> builtins.list[tuple[str, int]]:
        """The name and version of each registered model that the service serves."""
        found = self._record.get("deployments", [])
        return [(str(each["model_name"]), int(each["model_version"])) for each in found if "model_name" in each]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name!r}, state={self.state!r})"

    @property
    def _deployment(self) -> dict[str, Any]:
        """The deployment with most of the traffic; the only one of a service that `Model.deploy` created."""
        found = self._record.get("deployments", [])
        if not found:
            raise WebserviceException(f"The endpoint {self.name!r} has no deployment")
        return dict(max(found, key=lambda each: each["traffic"]))

    def _with_keys(self, function: str) -> Endpoints:
        if not self.auth_enabled:
            raise WebserviceException(
                f"{function}: the service {self.name!r} has no keys because its auth_enabled is False"
            )
        return self._endpoints

    def _config(self, **fields: Any) -> Any:
        return self.deploy_configuration(**fields)

    @classmethod
    def deploy_configuration(cls, **fields: Any) -> Any:
        """Return a configuration for `Model.deploy`; the child classes name its fields."""
        return AciServiceDeploymentConfiguration(**fields)


class AciWebservice(Webservice):
    """A web service with a fixed number of replicas, one by default (a container instance in Azure)."""

    compute_type = ACI

    @classmethod
    def deploy_configuration(cls, **fields: Any) -> AciServiceDeploymentConfiguration:
        """Return a configuration for `Model.deploy`; see `AciServiceDeploymentConfiguration` for its fields."""
        return AciServiceDeploymentConfiguration(**fields)


class AksWebservice(Webservice):
    """A web service whose replicas are scaled by load between two numbers (a service on Kubernetes in Azure)."""

    compute_type = AKS

    @classmethod
    def deploy_configuration(cls, **fields: Any) -> AksServiceDeploymentConfiguration:
        """Return a configuration for `Model.deploy`; see `AksServiceDeploymentConfiguration` for its fields."""
        return AksServiceDeploymentConfiguration(**fields)


def deployed(
    workspace: Workspace,
    name: str,
    model_uri: str,
    configuration: AciServiceDeploymentConfiguration | None,
    *,
    overwrite: bool = False,
) -> Webservice:
    """Create a service, or replace the model of an existing one.  It is not ready when this returns."""
    config = configuration if configuration is not None else AciServiceDeploymentConfiguration()
    Webservice.check_for_existing_webservice(workspace, name, overwrite)
    endpoints = Endpoints(workspace.server, workspace.name)
    before = endpoints.find(name) if overwrite else None
    try:
        if before is None:
            made = endpoints.create({"name": name, "deployment": DEPLOYMENT, "model_uri": model_uri, **config.fields()})
        else:
            fields = config.fields()
            fields.pop("properties")
            spec = fields.pop("spec")
            endpoints.update(name, fields)
            place = (
                max(before["deployments"], key=lambda each: each["traffic"])["name"]
                if before["deployments"]
                else DEPLOYMENT
            )
            made = endpoints.put_deployment(name, place, {"model_uri": model_uri, "spec": spec})
        for which, value in config.keys.items():
            endpoints.set_key(name, which, value)
        if config.collect_model_data is not None:
            endpoints.set_request_log(name, {} if config.collect_model_data else False)
    except Refused as fault:
        raise WebserviceException(f"The service {name!r} cannot be deployed: {fault}") from None
    return _of(workspace, made)


def _of(workspace: Workspace, record: dict[str, Any]) -> Webservice:
    kind = (record.get("properties") or {}).get(COMPUTE_TYPE)
    service = object.__new__(AksWebservice if kind == AKS else AciWebservice)
    service.workspace = workspace
    service._endpoints = Endpoints(workspace.server, workspace.name)
    service._record = record
    return service


def _has(found: Mapping[str, str], wanted: builtins.list[Any] | None) -> bool:
    for each in wanted or ():
        key, *value = [each] if isinstance(each, str) else each
        if key not in found or (value and found[key] != value[0]):
            return False
    return True

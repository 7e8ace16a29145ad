"""`Model` in the shape of `azureml.core.model.Model`: a version of a registered model of the workspace."""

from __future__ import annotations

import builtins
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping

from trackside_mlflow.errors import ConfigError, Refused, WebserviceException
from trackside_mlflow.serving import registration
from trackside_mlflow.serving.endpoints import is_missing
from trackside_mlflow.serving.registration import API
from trackside_mlflow.serving.webservices import Webservice, deployed

if TYPE_CHECKING:
    from trackside_mlflow.serving.profiles import ModelProfile
    from trackside_mlflow.workspace import Workspace

PROPERTY = "trackside.property."  # tags of a version that azureml-core calls properties
FRAMEWORK = "trackside.framework"
PAGE = 1000


class Model:
    """A version of a registered model: `Model(workspace, name)` is the latest, `Model(workspace, id="name:3")` that version.

    Raise `WebserviceException` ("ModelNotFound: …") if no version of the workspace matches.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - azureml-core's name for it
        tags: builtins.list[Any] | None = None,
        properties: builtins.list[Any] | None = None,
        version: int | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        **_: Any,
    ) -> None:
        if id is not None:
            name, number = str(id).rpartition(":")[::2]
            version = int(number) if number.isdecimal() else None
            if not name or version is None:
                raise WebserviceException(f"id is {id!r}; it must be an id such as 'iris:3'")
        if name is None:
            raise WebserviceException("Model needs a name, or an id such as 'iris:3'")
        found = [
            each
            for each in _versions(workspace, name)
            if (version is None or int(each["version"]) == int(version))
            and (run_id is None or each.get("run_id") == run_id)
            and _matches(each, tags, properties)
            and (model_framework is None or _tags(each).get(FRAMEWORK) == model_framework)
        ]
        if not found:
            wanted = f"name {name}" + ("" if version is None else f", version {version}")
            raise WebserviceException(f"ModelNotFound: Model with {wanted} not found in workspace {workspace.name}")
        self._set(workspace, max(found, key=lambda each: int(each["version"])))

    def _set(self, workspace: Workspace, record: Mapping[str, Any]) -> None:
        self.workspace = workspace
        self.name = str(record["name"])
        self.version = int(record["version"])
        self.id = f"{self.name}:{self.version}"
        self.description: str | None = record.get("description") or None
        self.run_id: str | None = record.get("run_id") or None
        self.created_by: str | None = record.get("user_id") or None
        self.created_time = datetime.fromtimestamp(int(record["creation_timestamp"]) / 1000, timezone.utc)
        every = _tags(record)
        self.model_framework: str | None = every.get(FRAMEWORK)
        self.properties = {key[len(PROPERTY) :]: value for key, value in every.items() if key.startswith(PROPERTY)}
        self.tags = {key: value for key, value in every.items() if not key.startswith(PROPERTY) and key != FRAMEWORK}

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str,
        model_name: str,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        datasets: Any = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Any = None,
        **_: Any,
    ) -> Model:
        """Upload a file or a folder as a version of the registered model `model_name`.  Needs mlflow.

        A folder with a file MLmodel can be deployed; anything else can be downloaded again."""
        from mlflow.tracking import MlflowClient

        if datasets or child_paths:
            raise ConfigError("Model.register does not accept datasets or child_paths")
        path = Path(model_path)
        if not path.exists():
            raise WebserviceException(f"Error, provided model path {model_path!r} does not exist")
        address = workspace.get_mlflow_tracking_uri()
        client = MlflowClient(tracking_uri=address, registry_uri=address)
        print_line(f"Registering model {model_name}")
        experiment = client.get_experiment_by_name("Default")
        run = client.create_run(experiment.experiment_id if experiment else client.create_experiment("Default"))
        registration.upload(run.info.artifact_uri, address, str(path))
        client.set_terminated(run.info.run_id)
        notes = {**dict(tags or {}), **{f"{PROPERTY}{key}": value for key, value in dict(properties or {}).items()}}
        if model_framework:
            notes[FRAMEWORK] = f"{model_framework} {model_framework_version or ''}".strip()
        source = f"{run.info.artifact_uri}/{registration.FOLDER}"
        made = registration.register(workspace, model_name, source, run.info.run_id, notes, description or "")
        return Model(workspace, name=made.name, version=int(made.version))

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: builtins.list[Any] | None = None,
        properties: builtins.list[Any] | None = None,
        run_id: str | None = None,
        latest: bool = False,
        **_: Any,
    ) -> builtins.list[Model]:
        """Return the versions that match, the newest first; with `latest` one of each name."""
        found = [
            each
            for each in _versions(workspace, name)
            if (run_id is None or each.get("run_id") == run_id) and _matches(each, tags, properties)
        ]
        found.sort(key=lambda each: (-int(each["creation_timestamp"]), each["name"], -int(each["version"])))
        models: builtins.list[Model] = []
        seen: set[str] = set()
        for record in found:
            if latest and record["name"] in seen:
                continue
            seen.add(str(record["name"]))
            model = Model.__new__(Model)
            model._set(workspace, record)  # noqa: SLF001 - its own class
            models.append(model)
        return models

    @staticmethod
    def deploy(
        workspace: Workspace,
        name: str,
        models: builtins.list[Model],
        inference_config: Any = None,
        deployment_config: Any = None,
        deployment_target: Any = None,
        overwrite: bool = False,
        show_output: bool = False,
    ) -> Webservice:
        """Deploy one MLflow model as the web service `name`, which is not ready when this returns.

        Raise `WebserviceException` if the name is taken (unless `overwrite`), for more than one model, and for an
        `inference_config` or `deployment_target`: an MLflow model has its own environment."""
        if len(models) != 1:
            raise WebserviceException(f"A service serves one model, but models has {len(models)}")
        if inference_config is not None or deployment_target is not None:
            raise WebserviceException(
                "Trackside does not accept inference_config or deployment_target: an MLflow model has its own environment"
            )
        service = deployed(workspace, name, models[0].uri, deployment_config, overwrite=overwrite)
        if show_output:
            print_line(f"The service {name} is {service.state}. wait_for_deployment() waits until it is healthy.")
        return service

    @staticmethod
    def profile(
        workspace: Workspace,
        profile_name: str,
        models: builtins.list[Model],
        inference_config: Any = None,
        input_dataset: Any = None,
        cpu: float | None = None,
        memory_in_gb: float | None = None,
        description: str | None = None,
    ) -> ModelProfile:
        """Start a profile of a model under load; `wait_for_completion()` of the result waits for it.

        `input_dataset` is a DataFrame with rows of the model's inputs, the location of a table, or None for the model's input
        example.  `cpu` and `memory_in_gb` are ignored: the model is measured on the server's machine."""
        from trackside_mlflow.serving import profiles

        if len(models) != 1:
            raise WebserviceException(f"A profile measures one model, but models has {len(models)}")
        if inference_config is not None:
            raise WebserviceException(
                "Trackside does not accept inference_config: an MLflow model has its own environment"
            )
        return profiles.start(workspace, profile_name, models[0].uri, input_dataset, description)

    def download(self, target_dir: str = ".", exist_ok: bool = False) -> str:
        """Copy the files into a folder of the model's name below `target_dir`; return its path.  Needs mlflow."""
        target = Path(target_dir) / self.name
        if target.exists() and not exist_ok:
            raise WebserviceException(f"{target} already exists; choose another target_dir, or set exist_ok=True")
        uri = self._ask("model-versions/get-download-uri")["artifact_uri"]
        source = registration.repository(str(uri), self.workspace.get_mlflow_tracking_uri())
        with tempfile.TemporaryDirectory(prefix="trackside-model-") as folder:
            _move(Path(source.download_artifacts("", folder) or folder), target)
        return str(target)

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Workspace | None = None) -> str:
        """Download a model of the workspace of the config file, and return its path."""
        from trackside_mlflow.workspace import Workspace

        workspace = _workspace if _workspace is not None else Workspace.from_config()
        folder = Path("azureml-models") / model_name / (str(version) if version is not None else "latest")
        model = Model(workspace, name=model_name, version=version)
        return model.download(str(folder), exist_ok=True)

    def update(self, tags: Mapping[str, str] | None = None, description: str | None = None, **_: Any) -> None:
        """Replace the tags, the description, or both."""
        if tags is not None:
            self.remove_tags([key for key in self.tags if key not in tags])
            self.add_tags(tags)
        if description is not None:
            self._call("PATCH", "model-versions/update", {"description": description})
            self.description = description

    def add_tags(self, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._call("POST", "model-versions/set-tag", {"key": str(key), "value": str(value)})
            self.tags[str(key)] = str(value)

    def remove_tags(self, tags: builtins.list[str]) -> None:
        for key in tags:
            if key in self.tags:
                self._call("DELETE", "model-versions/delete-tag", {"key": key})
                del self.tags[key]

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties.  Existing ones do not change."""
        for key, value in properties.items():
            if key in self.properties:
                raise WebserviceException(
                    f"The property {key!r} of model {self.id} is already set and cannot be changed"
                )
            self._call("POST", "model-versions/set-tag", {"key": f"{PROPERTY}{key}", "value": str(value)})
            self.properties[key] = str(value)

    def delete(self) -> None:
        """Delete this version.  Raise `WebserviceException` while a service serves it."""
        try:
            self._call("DELETE", "model-versions/delete", {})
        except Refused as fault:
            raise WebserviceException(str(fault)) from None

    def serialize(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "id": self.id,
            "tags": self.tags,
            "properties": self.properties,
            "description": self.description,
            "createdTime": self.created_time.isoformat(),
            "createdBy": self.created_by,
            "framework": self.model_framework,
            "runId": self.run_id,
            "url": self.url,
        }

    @property
    def uri(self) -> str:
        """The model URI for mlflow."""
        return f"models:/{self.name}/{self.version}"

    @property
    def url(self) -> str:
        """Return the model URI, where Azure has the address of the model's asset."""
        return self.uri

    @property
    def experiment_name(self) -> str | None:
        """The experiment of the run that logged the model."""
        if self.run_id is None:
            return None
        server, within = self.workspace.server, self.workspace.name
        run = server.ask(f"{API}/runs/get", {"run_id": self.run_id}, within=within)["run"]
        query = {"experiment_id": str(run["info"]["experiment_id"])}
        return str(server.ask(f"{API}/experiments/get", query, within=within)["experiment"]["name"])

    def __repr__(self) -> str:
        return f"Model(workspace={self.workspace!r}, name={self.name!r}, id={self.id!r}, version={self.version})"

    def _ask(self, path: str) -> dict[str, Any]:
        query = {"name": self.name, "version": str(self.version)}
        return self.workspace.server.ask(f"{API}/{path}", query, within=self.workspace.name)

    def _call(self, method: str, path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        body = {"name": self.name, "version": str(self.version), **fields}
        return self.workspace.server.call(method, f"{API}/{path}", body, within=self.workspace.name)


def _versions(workspace: Workspace, name: str | None) -> builtins.list[dict[str, Any]]:
    """Return all versions of a model, or of all models."""
    if name is not None and "'" in name:
        return []
    found: builtins.list[dict[str, Any]] = []
    query = {"max_results": str(PAGE), **({} if name is None else {"filter": f"name='{name}'"})}
    while True:
        try:
            page = workspace.server.ask(f"{API}/model-versions/search", query, within=workspace.name)
        except Refused as refused:
            if is_missing(refused):
                return []
            raise
        found += page.get("model_versions", [])
        token = page.get("next_page_token")
        if not token:
            return found
        query["page_token"] = str(token)


def _tags(record: Mapping[str, Any]) -> dict[str, str]:
    return {str(each["key"]): str(each.get("value", "")) for each in record.get("tags", [])}


def _matches(record: Mapping[str, Any], tags: builtins.list[Any] | None, properties: builtins.list[Any] | None) -> bool:
    every = _tags(record)
    wanted = [(each, "") for each in tags or ()] + [(each, PROPERTY) for each in properties or ()]
    for each, prefix in wanted:
        key, *value = [each] if isinstance(each, str) else each
        if f"{prefix}{key}" not in every or (value and every[f"{prefix}{key}"] != value[0]):
            return False
    return True


def _move(source: Path, target: Path) -> None:
    import shutil

    shutil.copytree(source, target, dirs_exist_ok=True)


def print_line(text: str) -> None:
    """Print a line to standard output, as azureml-core does; notebooks show it."""
    import sys

    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

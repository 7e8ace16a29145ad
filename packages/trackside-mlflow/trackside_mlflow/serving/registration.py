"""Resolves model URIs of the caller to registered models of a workspace.

A model that exists only elsewhere (in another registry, in a linked workspace, in a local folder) is copied: its files
become the model of a run in the workspace, and a version of a registered model. Needs mlflow, which is imported when it is
called.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, NamedTuple
from urllib.parse import unquote, urlsplit

from trackside_mlflow import settings, uris
from trackside_mlflow.errors import ConfigError, Refused, TracksideError
from trackside_mlflow.serving.endpoints import is_missing

if TYPE_CHECKING:
    from trackside_mlflow.workspace import Workspace

API = "/api/2.0/mlflow"
FOLDER = "model"
ORIGIN_URI, ORIGIN_REGISTRY = "trackside.origin.uri", "trackside.origin.registry"
MAX_NAME = 32  # of a generated name, as in Azure


class Version(NamedTuple):
    """A version of a registered model of the workspace."""

    name: str
    version: str

    @property
    def uri(self) -> str:
        return f"models:/{self.name}/{self.version}"


class _Named(NamedTuple):
    """`models:/NAME/VERSION`, `/STAGE`, `/latest` or `@ALIAS`."""

    name: str
    version: str = ""
    stage: str = ""
    alias: str = ""


def here(workspace: Workspace, model_uri: str) -> str:
    """Return a URI that the server can resolve: the given one, or that of a copy in the workspace."""
    if model_uri.startswith("runs:/") and _is_of(workspace, _tracking_uri()):
        return model_uri
    if model_uri.startswith("models:/m-") and _is_of(workspace, _tracking_uri()):
        return model_uri
    return registered(workspace, model_uri).uri


def registered(
    workspace: Workspace, model_uri: str, model_name: str | None = None, tags: Mapping[str, str] | None = None
) -> Version:
    """Return the version of a registered model in the workspace; register it as `model_name` if it is not registered.

    A version is searched in mlflow's registry if that is another server, in the workspace, and in linked workspaces. Raise
    `RequestRejected` for a model that none of them has, and mlflow's error for files that are not an MLflow model."""
    named = _named(model_uri)
    if named is None:
        if model_uri.startswith("runs:/") and _is_of(workspace, _tracking_uri()):
            return _register_run(workspace, model_uri, model_name or _made_up(model_uri), tags or {})
        return _copy(workspace, model_uri, None, _local(model_uri), model_name or _made_up(model_uri), tags or {})
    registry = _registry_uri()
    is_chosen = _is_remote(registry) and not _is_of(workspace, registry)
    found = None if is_chosen else _find(workspace, named)
    if found is not None:
        return found
    places = [] if _is_of(workspace, registry) else [registry]
    tried: dict[str, str] = {}
    copied = _from_elsewhere(workspace, model_uri, named, model_name or named.name, tags or {}, places, tried)
    found = copied or (_find(workspace, named) if is_chosen else None)
    found = found or _from_elsewhere(
        workspace, model_uri, named, model_name or named.name, tags or {}, _linked(workspace), tried
    )
    if found is not None:
        return found
    looked = "".join(f" {_shown(place)}: {why}." for place, why in tried.items())
    raise Refused(
        f"{model_uri} was not found in workspace {workspace.name!r} or in another registry.{looked} Use a model_uri "
        f"that exists, or call mlflow.set_registry_uri() with the registry that has it.",
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )


def _from_elsewhere(
    workspace: Workspace,
    model_uri: str,
    named: _Named,
    model_name: str,
    tags: Mapping[str, str],
    places: Iterable[str],
    tried: dict[str, str],
) -> Version | None:
    """Return a copy of the version from the first source that has it.  `tried` gets the reasons of the others."""
    for registry in places:
        if registry in tried:
            continue
        try:
            version, source = _source(registry, named)
        except Exception as fault:  # noqa: BLE001 - mlflow's stores raise their own kinds, and each place may fail
            tried[registry] = (str(fault).splitlines() or [type(fault).__name__])[0][:200]
            continue
        exact = f"models:/{named.name}/{version}"
        again = _copied_before(workspace, model_name, exact, registry)
        return again or _copy(workspace, exact, registry, source, model_name, tags)
    return None


def _find(workspace: Workspace, named: _Named) -> Version | None:
    server, name = workspace.server, workspace.name
    try:
        if named.version:
            query = {"name": named.name, "version": named.version}
            found = server.ask(f"{API}/model-versions/get", query, within=name)["model_version"]
        elif named.alias:
            query = {"name": named.name, "alias": named.alias}
            found = server.ask(f"{API}/registered-models/alias", query, within=name)["model_version"]
        else:
            body = {"name": named.name, "stages": [named.stage] if named.stage else []}
            all_of = server.call("POST", f"{API}/registered-models/get-latest-versions", body, within=name)
            versions = all_of.get("model_versions", [])
            if not versions:
                return None
            found = max(versions, key=lambda each: int(each["version"]))
    except Refused as refused:
        if is_missing(refused):
            return None
        raise
    return Version(str(found["name"]), str(found["version"]))


def _source(registry: str, named: _Named) -> tuple[str, Any]:
    """Return the version that a name denotes in a registry, and an artifact repository of its files."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=registry, registry_uri=registry)
    if named.version:
        version = named.version
        client.get_model_version(named.name, version)
    elif named.alias:
        version = str(client.get_model_version_by_alias(named.name, named.alias).version)
    else:
        if "'" in named.name:
            raise ConfigError(f"the name {named.name!r} has an apostrophe, so its latest version cannot be searched")
        all_of = client.search_model_versions(f"name='{named.name}'")
        found = [each for each in all_of if not named.stage or each.current_stage.lower() == named.stage.lower()]
        if not found:
            raise ConfigError(f"the registered model {named.name!r} has no such version in that registry")
        version = str(max(int(each.version) for each in found))
    return version, repository(client.get_model_version_download_uri(named.name, version), registry)


def _local(uri: str) -> Any:
    """Return an artifact repository on the files of any URI that mlflow can read, or of a local folder."""
    return repository(uri, _tracking_uri())


def repository(uri: str, tracking: str) -> Any:
    """Return mlflow's artifact repository on a URI; `tracking` is the server of `mlflow-artifacts:` URIs."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    if urlsplit(uri).scheme == "mlflow-artifacts":
        base = uris.to_http(tracking) if uris.is_trackside(tracking) else tracking
        uri = uris.proxied_to_http(uri, base)
    return get_artifact_repository(uri)


def upload(artifact_uri: str, tracking: str, path: str) -> None:
    """Upload a file or the files of a folder as the model of a run.

    `MlflowClient.log_artifacts` of MLflow before 3.0 resolves `mlflow-artifacts:` by mlflow's global tracking URI instead of
    the client's."""
    target = repository(f"{artifact_uri}/{FOLDER}", tracking)
    if Path(path).is_dir():
        target.log_artifacts(path)
    else:
        target.log_artifact(path)


def _copy(
    workspace: Workspace, model_uri: str, registry: str | None, source: Any, name: str, tags: Mapping[str, str]
) -> Version:
    """Copy the files into a run of the workspace, and register them."""
    from mlflow.tracking import MlflowClient

    address = workspace.get_mlflow_tracking_uri()
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    origin = {ORIGIN_URI: model_uri, **({ORIGIN_REGISTRY: _shown(registry)} if registry else {})}
    with tempfile.TemporaryDirectory(prefix="trackside-model-") as folder:
        local = source.download_artifacts("", folder)
        check_model(local or folder, model_uri)
        run = client.create_run(_experiment(client), tags={"mlflow.runName": f"copy of {model_uri}"[:250], **origin})
        try:
            upload(run.info.artifact_uri, address, local or folder)
        except BaseException:
            client.set_terminated(run.info.run_id, "FAILED")
            raise
    client.set_terminated(run.info.run_id)
    return register(workspace, name, f"{run.info.artifact_uri}/{FOLDER}", run.info.run_id, {**tags, **origin})


def _register_run(workspace: Workspace, model_uri: str, name: str, tags: Mapping[str, str]) -> Version:
    run_id, _, path = model_uri[len("runs:/") :].partition("/")
    run = workspace.server.ask(f"{API}/runs/get", {"run_id": run_id}, within=workspace.name)["run"]
    return register(workspace, name, f"{run['info']['artifact_uri']}/{path}", run_id, tags)


def register(
    workspace: Workspace, name: str, source: str, run_id: str | None, tags: Mapping[str, str], description: str = ""
) -> Version:
    """Create a version of a registered model, and the model if it does not exist."""
    server, within = workspace.server, workspace.name
    try:
        server.call("POST", f"{API}/registered-models/create", {"name": name}, within=within)
    except Refused as refused:
        if refused.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    body: dict[str, Any] = {
        "name": name,
        "source": source,
        "tags": [{"key": str(key), "value": str(value)} for key, value in tags.items()],
    }
    if run_id:
        body["run_id"] = run_id
    if description:
        body["description"] = description
    made = server.call("POST", f"{API}/model-versions/create", body, within=within)["model_version"]
    return Version(str(made["name"]), str(made["version"]))


def check_model(folder: str, uri: str) -> None:
    """Raise mlflow's error if a folder has no model that mlflow can load as a Python function."""
    import yaml  # mlflow needs it as well
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST

    file = Path(folder) / "MLmodel"
    if not file.is_file():
        raise MlflowException(
            f"{uri} is not an MLflow model: it has no file MLmodel.", error_code=RESOURCE_DOES_NOT_EXIST
        )
    # `Model.load` reads the signature, too, for which mlflow-skinny needs numpy.
    document = yaml.safe_load(file.read_text("utf-8"))
    flavors = document.get("flavors") if isinstance(document, dict) else None
    if not isinstance(flavors, dict):
        raise MlflowException(f"{uri} names no flavors in its file MLmodel.", error_code=INVALID_PARAMETER_VALUE)
    if "python_function" not in flavors:
        names = ", ".join(flavors) or "none"
        raise MlflowException(
            f"{uri} has no flavor python_function, which a web service needs; its flavors: {names}.",
            error_code=INVALID_PARAMETER_VALUE,
        )


def _copied_before(workspace: Workspace, name: str, model_uri: str, registry: str) -> Version | None:
    """Return the version that an earlier copy of the same version created."""
    query = {"filter": f"name='{name}'", "max_results": "1000"} if "'" not in name else None
    if query is None:
        return None
    found = workspace.server.ask(f"{API}/model-versions/search", query, within=workspace.name)
    origin = {ORIGIN_URI: model_uri, ORIGIN_REGISTRY: _shown(registry)}
    for each in found.get("model_versions", []):
        tags = {tag["key"]: tag.get("value") for tag in each.get("tags", [])}
        if all(tags.get(key) == value for key, value in origin.items()):
            return Version(str(each["name"]), str(each["version"]))
    return None


def _linked(workspace: Workspace) -> Iterator[str]:
    """Yield the registries that the workspace is linked with, as far as the caller may list links."""
    try:
        links = workspace.links()
    except TracksideError:
        return
    for link in links:
        address = link.get("to")
        if isinstance(address, str) and address:
            yield address


def _named(uri: str) -> _Named | None:
    """Return the parts of a `models:/` URI of a registered model; None for any other URI."""
    if not uri.startswith("models:/") or uri.startswith("models:/m-"):
        return None
    path = uri[len("models:/") :].strip("/")
    name, _, last = path.rpartition("/")
    if name:
        last = unquote(last)
        if last.isdecimal():
            return _Named(name, version=last)
        return _Named(name) if last.lower() == "latest" else _Named(name, stage=last)
    name, _, alias = path.rpartition("@")
    if name and alias:
        return _Named(name, alias=alias)
    raise ConfigError(
        f"model_uri is {uri!r}; it must be a URI such as models:/NAME/VERSION, models:/NAME@ALIAS or models:/NAME/latest"
    )


def _made_up(model_uri: str) -> str:
    """Return Azure's name for a model without one: mlflow-model-<run id>, cut to 32 characters."""
    run_id = model_uri[len("runs:/") :].partition("/")[0] if model_uri.startswith("runs:/") else ""
    if run_id:
        return f"mlflow-model-{run_id}"[:MAX_NAME]
    last = urlsplit(model_uri).path.rstrip("/").rpartition("/")[2] or "model"
    return f"mlflow-model-{last}"[:MAX_NAME]


def _experiment(client: Any) -> str:
    """Return the id of the experiment with the copies."""
    found = client.get_experiment_by_name("Default")
    return str(found.experiment_id if found is not None else client.create_experiment("Default"))


def _is_of(workspace: Workspace, uri: str) -> bool:
    """Return whether a tracking or registry URI denotes this workspace of this server."""
    if uris.is_trackside(uri):
        uri = uris.to_http(uri)
    if not uris.is_http(uri) or not uris.is_under(uri, workspace.url):
        return False
    named = uris.workspace_of(uri) or settings.mlflow_workspace() or settings.workspace() or uris.DEFAULT_WORKSPACE
    return named == workspace.name


def _is_remote(uri: str) -> bool:
    """Return whether this registry was configured: mlflow's default is a file or a database."""
    return (
        uris.is_http(uri)
        or uris.is_trackside(uri)
        or urlsplit(uri).scheme.startswith("databricks")
        or uri == "databricks"
    )


def _tracking_uri() -> str:
    import mlflow

    return str(mlflow.get_tracking_uri())


def _registry_uri() -> str:
    import mlflow

    return str(mlflow.get_registry_uri())


def _shown(registry: str) -> str:
    """Return the address without credentials."""
    parts = urlsplit(registry)
    return (
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if parts.scheme in ("http", "https")
        else registry
    )

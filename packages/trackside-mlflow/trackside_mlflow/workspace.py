"""`Workspace`: a handle of a workspace on a Trackside server, with the interface of `azureml.core.Workspace`."""

from __future__ import annotations

import builtins
import warnings
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Mapping
from urllib.parse import quote

from trackside_mlflow import config, jobs, settings, uris
from trackside_mlflow.errors import ConfigError, WorkspaceExists
from trackside_mlflow.jobs import Job
from trackside_mlflow.links import Links, given_only
from trackside_mlflow.monitors import Monitors
from trackside_mlflow.server import Record, Server
from trackside_mlflow.uris import Scope

if TYPE_CHECKING:
    from trackside_mlflow.serving.models import Model
    from trackside_mlflow.serving.webservices import Webservice

# Arguments of azureml-core's create() and update() for resources that only Azure has.
AZURE_ONLY = frozenset(
    {
        "adb_workspace",
        "allow_public_access_when_behind_vnet",
        "app_insights",
        "cmk_keyvault",
        "container_registry",
        "default_cpu_compute_target",
        "default_gpu_compute_target",
        "enable_data_isolation",
        "hbi_workspace",
        "image_build_compute",
        "key_vault",
        "primary_user_assigned_identity",
        "private_endpoint_auto_approval",
        "private_endpoint_config",
        "public_network_access",
        "resource_cmk_uri",
        "service_managed_resources_settings",
        "storage_account",
        "system_datastores_auth_mode",
        "user_assigned_identity_for_cmk_encryption",
        "v1_legacy_mode",
    }
)


QUOTAS = "/api/trackside/v1/quotas"


class Workspace(Links):
    """A workspace on a Trackside server, with its own experiments, runs and models.

        ws = Workspace.get(name="team-a")
        mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())

    The server is at `url`; without it, at TRACKSIDE_URL, at the config file's "url", or at http://127.0.0.1:5000.
    `auth` is a token, a pair (user name, password) or an object with `get_authentication_header()`; without it, the
    credentials of the environment are sent (TRACKSIDE_TOKEN, MLFLOW_TRACKING_USERNAME ...), or those of `trackside login`.

    The constructor accepts azureml-core's arguments; location, sku, tags, cloud and the service check are ignored. It raises
    `WorkspaceNotFound` unless the server has this workspace under this subscription and resource group (None: under any). Names
    are unique on a server.
    """

    def __init__(
        self,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        auth: Any = None,
        _location: str | None = None,
        _disable_service_check: bool = False,
        _workspace_id: str | None = None,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        _cloud: str = "AzureCloud",
        *,
        url: str | None = None,
        _known: tuple[Server, Record] | None = None,
    ) -> None:
        if _known is not None:
            self._server, self._record = _known
            return
        if not workspace_name:
            raise ConfigError(f"workspace_name is {workspace_name!r}; it must be the name of a workspace")
        self._server = Server(url, auth)
        self._record = _get(self._server, workspace_name, subscription_id, resource_group, _workspace_id)

    @staticmethod
    def get(
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,  # noqa: A002 - azureml-core's name for it
        *,
        url: str | None = None,
    ) -> Workspace:
        """Return the workspace of this name.  Raise `WorkspaceNotFound`, whose message lists the existing ones.

        Subscription, resource group and `id` (its `workspace_id`) must match the workspace if they are given. `location` and
        `cloud` are accepted for compatibility and ignored.
        """
        return Workspace(subscription_id, resource_group, name, auth, url=url, _workspace_id=id)

    @staticmethod
    def create(
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        friendly_name: str | None = None,
        *,
        description: str | None = None,
        default_artifact_root: str | None = None,
        exist_ok: bool = False,
        show_output: bool = True,
        url: str | None = None,
        **azure_only: Any,
    ) -> Workspace:
        """Create a workspace.  Raise `WorkspaceExists` if the name is taken, unless `exist_ok`.

        Subscription and resource group are labels that need not exist; the server has defaults. With `exist_ok` an existing
        workspace with the same labels is returned unchanged. `default_artifact_root` is the location of its files, by default
        in the server's artifact store.  `create_resource_group`, `sku` and `show_output` are ignored; a storage_account,
        key_vault and similar arguments cause a warning.
        """
        _check_azure_only("create", azure_only)
        server = Server(url, auth)
        fields = {
            "subscription_id": subscription_id,
            "resource_group": resource_group,
            "location": location,
            "description": description,
            "tags": None if tags is None else dict(tags),
            "friendly_name": friendly_name,
            "default_artifact_root": default_artifact_root,
        }
        try:
            record = server.create(name, given_only(fields))
        except WorkspaceExists:
            if not exist_ok:
                raise
            record = _get(server, name, subscription_id, resource_group)
        return Workspace(_known=(server, record))

    @staticmethod
    def list(
        subscription_id: str | None = None,
        auth: Any = None,
        resource_group: str | None = None,
        *,
        url: str | None = None,
    ) -> dict[str, builtins.list[Workspace]]:
        """Return the server's workspaces of this subscription and resource group (None: of any) by name.

        Each value is a list, as with azureml-core, with one workspace.
        """
        server = Server(url, auth)
        found: dict[str, list[Workspace]] = {}
        for record in server.list(subscription_id, resource_group):
            found.setdefault(record["name"], []).append(Workspace(_known=(server, record)))
        return found

    @staticmethod
    def from_config(
        path: config.PathLike | None = None,
        auth: Any = None,
        _logger: Any = None,
        _file_name: str | None = None,
        *,
        url: str | None = None,
    ) -> Workspace:
        """Return the workspace of the config file.  Raise `ConfigError` if there is no file.

        `path` is the file, or the folder to search from upward (default: the current one) for
        `.trackside/config.json`, `.azureml/config.json`, `aml_config/config.json` and `config.json`.  The file has
        "subscription_id", "resource_group" and "workspace_name", or an Azure "Scope". Its "url" is the server's address; the
        argument and TRACKSIDE_URL take precedence.
        """
        found = config.load(path, _file_name)
        return Workspace(
            found.subscription_id,
            found.resource_group,
            found.workspace_name,
            auth,
            url=url or settings.url() or found.url,
        )

    def write_config(self, path: config.PathLike | None = None, file_name: str | None = None) -> None:
        """Write the file that `from_config` reads below the folder `path` (default: the current one).

        The file is `.azureml/config.json`, as with azureml-core, or `.trackside/config.json` if that exists or azureml-core
        wrote the former for a workspace in Azure.
        """
        config.write(self._scope, self.url, path, file_name)

    def get_mlflow_tracking_uri(self, _with_auth: bool = False) -> str:
        """Return the address for `mlflow.set_tracking_uri`: plain http(s), which every version of mlflow accepts."""
        return uris.tracking_uri(self.url, self.name)

    def get_details(self) -> dict[str, Any]:
        """Return the current values of the workspace under azureml-core's names.  `creationTime` is ISO 8601 in UTC.

        Values that only Azure has (such as a storage account or a key vault) are None.
        """
        self._record = self._server.get(self.name)
        return {
            "id": self.id,
            "name": self.name,
            "type": f"{uris.PROVIDER}/workspaces",
            "location": self.location,
            "sku": self.sku,
            "tags": self.tags,
            "workspaceid": self.workspace_id,
            "description": self.description,
            "friendlyName": self.friendly_name,
            "creationTime": _iso(self._record.get("creation_time")),
            "lastUpdateTime": _iso(self._record.get("last_update_time")),
            "keyVault": None,
            "applicationInsights": None,
            "storageAccount": None,
            "containerRegistry": None,
            "provisioningState": "Succeeded",
            "discoveryUrl": None,
            "subscriptionId": self.subscription_id,
            "resourceGroup": self.resource_group,
            "defaultArtifactRoot": self._record.get("default_artifact_root"),
            "mlFlowTrackingUri": self.get_mlflow_tracking_uri(),
        }

    def update(
        self,
        friendly_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        *,
        default_artifact_root: str | None = None,
        **azure_only: Any,
    ) -> dict[str, Any]:
        """Change the given fields (`tags` completely) and return `get_details()`."""
        _check_azure_only("update", azure_only)
        fields = {
            "friendly_name": friendly_name,
            "description": description,
            "tags": None if tags is None else dict(tags),
            "default_artifact_root": default_artifact_root,
        }
        self._server.update(self.name, given_only(fields))
        return self.get_details()

    def delete(self, delete_dependent_resources: bool = False, no_wait: bool = False) -> None:
        """Delete the workspace on the server, and wait for the end.

        A workspace with experiments is refused unless `delete_dependent_resources`, which also deletes its experiments,
        runs and models.
        """
        self._server.delete(self.name, with_contents=delete_dependent_resources)

    def score(self, model: str, input: str, output: str | None = None, **more: Any) -> Job:  # noqa: A002 - as on the wire
        """Start to score a table and return the job; `job.wait().result` has the location of the result.

            job = ws.score("models:/iris/2", input="runs:/RUN/table.parquet").wait()
            mlflow.artifacts.download_artifacts(job.result["output"])

        `input` is runs:/RUN/PATH, a path of the server's machine below its --job-folders, or a URI such as s3://BUCKET/KEY
        below its --job-buckets; `output` is such a path or URI, or None for a file of the job's run.  `more` are
        the other parameters of a job of kind "score", such as columns, where, env, processes, max_failed_rows, overwrite.
        """
        params = {"model": model, "input": input, **({"output": output} if output else {}), **more}
        return self.start_job("score", params)

    def profile(self, model: str, input: str | None = None, **more: Any) -> Job:  # noqa: A002 - as on the wire
        """Start a profile of a model under load and return the job.

            ws.profile("models:/iris/2", rate=200, latency_ms=50).wait().result["recommended"]

        `input` is a table with sample rows at a location as for `score`, or None for the model's input example.  `more` are the
        other parameters of a job of kind "profile": rows, concurrency, seconds, rate, latency_ms, threads, batching, env.
        """
        return self.start_job("profile", {"model": model, **({"input": input} if input else {}), **more})

    def start_job(self, kind: str, params: Mapping[str, Any], *, priority: int = 0) -> Job:
        """Queue a job in this workspace."""
        body = {"kind": kind, "params": dict(params), "priority": priority}
        return Job(self._in_workspace, self._in_workspace("POST", jobs.PATH, body)["job"])

    def jobs(self, state: str | None = None) -> builtins.list[Job]:
        """Return the newest 100 jobs of this workspace, optionally of one state."""
        found = self._in_workspace("GET", jobs.PATH + (f"?state={quote(state, safe='')}" if state else ""), None)
        return [Job(self._in_workspace, record) for record in found.get("jobs", [])]

    def job(self, job_id: str) -> Job:
        return Job(self._in_workspace, {"job_id": job_id}).refresh()

    def quotas(self) -> builtins.list[dict[str, Any]]:
        """Return the quotas of the workspace, its users and its experiments: scope, subject, measure, limit, used.

        Users who may read the server's quotas, which all workspaces share, also get those."""
        return builtins.list(self._in_workspace("GET", QUOTAS, None).get("quotas", []))

    def set_quota(
        self,
        measure: str,
        limit: int,
        *,
        user: str | None = None,
        experiment_id: str | None = None,
        all_workspaces: bool = False,
    ) -> dict[str, Any]:
        """Limit runs, points, bytes, endpoints or jobs of the workspace, of a user or of an experiment ("*": of each).

        `all_workspaces`: a limit of the server that all workspaces share."""
        body = {**_subject(user, experiment_id, all_workspaces), "measure": measure, "limit": limit}
        return dict(self._in_workspace("PUT", QUOTAS, body)["quota"])

    def delete_quota(
        self,
        measure: str,
        *,
        user: str | None = None,
        experiment_id: str | None = None,
        all_workspaces: bool = False,
    ) -> None:
        """Remove the quota that `set_quota` with the same arguments set."""
        subject = _subject(user, experiment_id, all_workspaces)
        self._in_workspace("DELETE", QUOTAS, {**subject, "measure": measure})

    def _in_workspace(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        return self._server.call(method, path, body, within=self.name)

    @property
    def monitors(self) -> Monitors:
        """The drift monitors of this workspace."""
        return Monitors(self._in_workspace)

    @property
    def webservices(self) -> dict[str, Webservice]:
        """The web services (endpoints) of this workspace by name."""
        from trackside_mlflow.serving.webservices import Webservice

        return {each.name: each for each in Webservice.list(self)}

    @property
    def models(self) -> dict[str, Model]:
        """The latest version of each registered model of this workspace, by name."""
        from trackside_mlflow.serving.models import Model

        return {each.name: each for each in Model.list(self, latest=True)}

    @property
    def server(self) -> Server:
        """The connection to the server, which the web services and models of this workspace use."""
        return self._server

    @property
    def url(self) -> str:
        """The server's address."""
        return self._server.url

    @property
    def id(self) -> str:
        """Return Azure's resource id: /subscriptions/.../resourceGroups/.../workspaces/<name>."""
        return str(self._record.get("id") or self._scope)

    @property
    def workspace_id(self) -> str:
        """The server's id of the workspace.  A later workspace of the same name has another one."""
        return str(self._record.get("workspace_id", ""))

    @property
    def name(self) -> str:
        return str(self._record["name"])

    @property
    def subscription_id(self) -> str:
        return str(self._record.get("subscription_id") or uris.DEFAULT_SUBSCRIPTION)

    @property
    def resource_group(self) -> str:
        return str(self._record.get("resource_group") or uris.DEFAULT_RESOURCE_GROUP)

    @property
    def location(self) -> str | None:
        return self._record.get("location")

    @property
    def sku(self) -> str:
        """Azure's edition of a workspace; always the same value."""
        return "Basic"

    @property
    def description(self) -> str | None:
        return self._record.get("description")

    @property
    def friendly_name(self) -> str | None:
        return self._record.get("friendly_name")

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._record.get("tags") or {})

    def __repr__(self) -> str:
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Workspace):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, str, str]:
        return self.url, self.name, self.workspace_id

    @property
    def _scope(self) -> Scope:
        return Scope(self.subscription_id, self.resource_group, self.name)


def _get(
    server: Server,
    name: str,
    subscription_id: str | None = None,
    resource_group: str | None = None,
    workspace_id: str | None = None,
) -> Record:
    """Return the workspace of this name if the other values match; None matches any value."""
    record = server.get(name)
    wanted = {"subscription_id": subscription_id, "resource_group": resource_group, "workspace_id": workspace_id}
    for key, value in wanted.items():
        own = str(record.get(key, ""))
        if value is not None and value.lower() != own.lower():  # case-insensitive, as in Azure
            what = key.replace("_", " ")
            raise server.not_found(
                name, f"The workspace {name!r} on {server.url} has the {what} {own!r}, not {value!r}."
            )
    return record


def _subject(user: str | None, experiment_id: str | None, all_workspaces: bool) -> dict[str, str]:
    if (user is not None) + (experiment_id is not None) + all_workspaces > 1:
        raise ValueError("set only one of user, experiment_id and all_workspaces")
    if all_workspaces:
        return {"scope": "server"}
    if user is not None:
        return {"scope": "user", "subject": user}
    return {"scope": "workspace"} if experiment_id is None else {"scope": "experiment", "subject": experiment_id}


def _check_azure_only(function: str, arguments: Mapping[str, Any]) -> None:
    """Raise an error for arguments whose loss matters; warn about arguments without effect."""
    unknown = sorted(set(arguments) - AZURE_ONLY)
    if unknown:
        raise TypeError(f"Workspace.{function}() got an unexpected keyword argument {unknown[0]!r}")
    given = sorted(key for key, value in arguments.items() if value is not None)
    if "adb_workspace" in given:
        raise ConfigError("adb_workspace: a workspace cannot be linked at its creation; omit the argument")
    if given:
        warnings.warn(f"these arguments apply only to Azure and are ignored: {', '.join(given)}", stacklevel=3)


def _iso(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).isoformat()

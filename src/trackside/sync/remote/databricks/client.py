"""The client of a Databricks workspace: MLflow's calls with absolute experiment paths, and files by signed URLs.

It uses only the public REST API, and the calls for signed URLs of the open MLflow client.
"""

import configparser
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from trackside.core.errors import Invalid
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.sync import fields
from trackside.sync.document import Doc, Patch
from trackside.sync.entities import DATABRICKS_PREFIX, Entity
from trackside.sync.fields import Field, FieldKind, Verb
from trackside.sync.local.reader import SOURCE_RUN, Snapshot
from trackside.sync.remote.databricks.files import DatabricksFiles
from trackside.sync.remote.databricks.registry import DatabricksRegistry
from trackside.sync.remote.entries import ListEntry
from trackside.sync.remote.mlflow.client import MlflowRemote
from trackside.sync.remote.mlflow.datasets import NoDatasets
from trackside.sync.remote.mlflow.traces import NoTraces
from trackside.sync.remote.mlflow.wire import snapshot_of_run
from trackside.sync.remote.port import CreatedItem, LeftOut, Unmirrored

CONFIG = Path("~/.databrickscfg")
USER_FIELDS: tuple[Field, ...] = (
    fields.USER,
    Field(FieldKind.TAG, "mlflow.user"),
)  # of the token's user: only Databricks sets them


class DatabricksRemote(MlflowRemote):
    """`prefix` is the folder for experiments whose local names are not absolute paths.  Local names that are absolute paths in
    that folder are left out, because they would collide."""

    may_be_trackside = False

    def __init__(
        self, http: HttpClient, source: str, wants: Callable[[str], bool] = lambda _: True, prefix: str = ""
    ) -> None:
        self._prefix = (prefix or DATABRICKS_PREFIX).rstrip("/")
        super().__init__(http, source, wants)

    def make_files(self) -> DatabricksFiles:
        return DatabricksFiles(self._http, self.root)

    def make_registry(self) -> DatabricksRegistry:
        return DatabricksRegistry(self._http, self, self._source)

    def make_traces(self) -> NoTraces:
        return NoTraces(self._http, lambda: iter(()))

    def make_datasets(self) -> NoDatasets:
        """Return no datasets: Databricks keeps them in Unity Catalog, outside of MLflow's API."""
        return NoDatasets(self._http, self._source)

    def ask_store(self) -> str:
        return ""  # only Databricks creates or restores the store

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool:
        return field not in USER_FIELDS and super().can(entity, field, verb)

    def snapshot_of_run(self, found: object) -> Snapshot:
        """Return the document without the user of a link's copy: it is the link's user, not the one who created the run."""
        snapshot = snapshot_of_run(found)
        if Field(FieldKind.TAG, SOURCE_RUN) not in snapshot.doc:
            return snapshot
        doc = {field: value for field, value in snapshot.doc.items() if field not in USER_FIELDS}
        return Snapshot(snapshot.item_id, snapshot.experiment_id, doc)

    def find_experiment(self, name: str) -> str | None:
        return super().find_experiment(self._path(name))

    def make_experiment(self, name: str) -> CreatedItem:
        path = self._path(name)
        self._make_folder_of(path)
        return super().make_experiment(path)

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None:
        snapshot = super().read(entity, remote_id)
        return self._named(snapshot) if snapshot is not None and entity is Entity.EXPERIMENT else snapshot

    def change(self, entity: Entity, remote_id: str, experiment_id: str, patch: Patch) -> LeftOut:
        left_out: LeftOut = {}
        if entity is Entity.EXPERIMENT and fields.NAME in patch.put:
            put: Doc = dict(patch.put)
            try:
                put[fields.NAME] = self._path(put[fields.NAME])
                self._make_folder_of(put[fields.NAME])
            except Unmirrored as reason:
                left_out[fields.NAME] = str(reason)
                del put[fields.NAME]
            patch = Patch(put, patch.drop)
        return {**left_out, **super().change(entity, remote_id, experiment_id, patch)}

    def search_experiments(self, token: str | None) -> tuple[list[ListEntry], str | None]:
        found, following = super().search_experiments(token)
        return [self._named(each) if isinstance(each, Snapshot) else each for each in found], following

    def _make_folder_of(self, path: str) -> None:
        parent = str(PurePosixPath(path).parent)
        if parent != "/":
            self._http.json("POST", "/api/2.0/workspace/mkdirs", {"path": parent})

    def _path(self, name: str) -> str:
        if name.startswith(f"{self._prefix}/"):
            plain = name.removeprefix(f"{self._prefix}/")
            raise Unmirrored(
                f"experiment {name!r} is left out: its name in Databricks would be {plain!r}, because names without a "
                f"path are created below"
                f" {self._prefix}; rename it, or choose another --prefix"
            )
        return name if name.startswith("/") else f"{self._prefix}/{name}"

    def _named(self, snapshot: Snapshot) -> Snapshot:
        name = snapshot.doc[fields.NAME]
        if not name.startswith(self._prefix + "/"):
            return snapshot
        doc = {**snapshot.doc, fields.NAME: name.removeprefix(self._prefix + "/")}
        return Snapshot(snapshot.item_id, snapshot.experiment_id, doc)


def from_profile(profile: str, file: Path = CONFIG) -> tuple[str, Secret]:
    """Return the host of a profile in the server user's ~/.databrickscfg, and its credentials: a token, or the id and secret of a
    service principal."""
    found = configparser.ConfigParser(default_section="\0", interpolation=None)
    if not found.read(file.expanduser()):
        raise Invalid(f"{file} is missing: the server's user needs it for databricks://{profile}")
    if profile not in found:
        raise Invalid(f"{file} has no profile {profile!r}; it has {', '.join(found.sections()) or 'none'}")
    said = found[profile]
    host = said.get("host", "").rstrip("/")
    token, user, password = (said.get(name, "") for name in ("token", "client_id", "client_secret"))
    if not host or not (token or (user and password)):
        kind = said.get("auth_type", "")
        other = f" (its auth_type is {kind}, which no link knows)" if kind else ""
        raise Invalid(
            f"the profile {profile!r} of {file} needs host, and token or client_id and client_secret of a service principal"
            f"{other}"
        )
    secret = Secret(token=token) if token else Secret(username=user, password=password)
    return host if "://" in host else f"https://{host}", secret

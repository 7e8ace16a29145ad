"""The workspace model registry of Databricks, by its public calls.

It has neither aliases nor prompts, and deletes or renames versions in Staging or Production only after they left these stages.
Models of Unity Catalog are in another registry, which links do not support.
https://docs.databricks.com/api/workspace/modelregistry
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from trackside.core.http_client.errors import RequestRejected
from trackside.registry.model import marks_prompt
from trackside.sync import fields
from trackside.sync.document import Doc, Patch, of_kind
from trackside.sync.entities import Entity
from trackside.sync.fields import FieldKind
from trackside.sync.local.reader import Snapshot
from trackside.sync.remote.mlflow.answers import OneDatabricksModel, RegisteredModelPage
from trackside.sync.remote.mlflow.registry import MlflowRegistry
from trackside.sync.remote.mlflow.shapes import RegisteredModel
from trackside.sync.remote.port import Unmirrored
from trackside.sync.remote.registry_port import ChangedItem

USED = ("Staging", "Production")
T = TypeVar("T")


class DatabricksRegistry(MlflowRegistry):
    transition = "databricks/model-versions/transition-stage"

    def check(self) -> None:
        """Raise RequestRejected, with the name of the registry, if the workspace has none or the token has no access."""
        try:
            super().ask(RegisteredModelPage, "registered-models/search", max_results=1)
        except RequestRejected as refused:
            raise _which(refused) from None

    def ask(self, shape: type[T], path: str, **query: Any) -> T:
        with _naming_registry():
            return super().ask(shape, path, **query)

    def _call(self, method: str, path: str, body: Any, *, idempotent: bool = True) -> Any:
        with _naming_registry():
            return super()._call(method, path, body, idempotent=idempotent)

    knows_aliases = False

    def has_place(self, doc: Doc) -> bool:
        return not marks_prompt(of_kind(doc, FieldKind.TAG))

    def make_model(self, uid: str, doc: Doc) -> str:
        self._refuse_prompt(doc)
        return super().make_model(uid, doc)

    def make_version(self, model_id: str, uid: str, doc: Doc, files_at: str | None) -> str:
        self._refuse_prompt(doc)
        return super().make_version(model_id, uid, doc, files_at)

    def remove(self, entity: Entity, remote_id: str) -> bool:
        if entity is Entity.MODEL_VERSION:
            self._take_out_of_use(remote_id)
        return super().remove(entity, remote_id)

    def get_model(self, name: str) -> RegisteredModel:
        return self.ask(OneDatabricksModel, "databricks/registered-models/get", name=name).registered_model_databricks

    def place(self, doc: Doc, tags: dict[str, str], files_at: str | None) -> dict[str, Any]:
        """Return the place of a version by its files: this registry supports neither a model's id nor a source by id."""
        found = super().place({**doc, fields.SOURCE: ""}, tags, files_at)
        found.pop("model_id", None)
        return {**found, "source": found["source"] or doc.get(fields.SOURCE, "")}

    def change_model(self, name: str, patch: Patch) -> ChangedItem:
        try:
            return super().change_model(name, patch)
        except RequestRejected as refused:
            if "registered-models/rename" not in str(refused):
                raise
            super().change_model(name, Patch({k: v for k, v in patch.put.items() if k != fields.NAME}, patch.drop))
            raise RequestRejected(
                refused.status,
                refused.code,
                f"{refused}. Databricks renames a model only while none of its versions is in Staging or Production;"
                " until then it keeps its name in Databricks",
            ) from None

    def _take_out_of_use(self, version_id: str) -> None:
        snapshot: Snapshot | None = self.read(Entity.MODEL_VERSION, version_id)
        if snapshot is not None and snapshot.doc[fields.STAGE] in USED:
            self.change(Entity.MODEL_VERSION, version_id, Patch({fields.STAGE: "Archived"}))

    def _refuse_prompt(self, doc: Doc) -> None:
        if not self.has_place(doc):
            raise Unmirrored("the registry of a Databricks workspace does not support prompts; it is not sent")


@contextmanager
def _naming_registry() -> Iterator[None]:
    """Replace the error of newer workspaces, which have no registry of their own, by one that names the registry."""
    try:
        yield
    except RequestRejected as refused:
        if refused.code == "FEATURE_DISABLED" or re.search("registry is disabled|Unity Catalog", str(refused)):
            raise _which(refused) from None
        raise


def _which(refused: RequestRejected) -> RequestRejected:
    said = str(refused).removeprefix(f"{refused.status} {refused.code}: ")
    text = "A link mirrors the workspace's own model registry, not Unity Catalog's (CATALOG.SCHEMA.MODEL)"
    return RequestRejected(refused.status, refused.code, f"{said}. {text}")

"""The model registry of a Databricks workspace, by its public calls.

It knows neither aliases nor prompts; it deletes and renames what is in Staging or Production only after that has left them.
Models of Unity Catalog are another registry, of which no link knows.
https://docs.databricks.com/api/workspace/modelregistry
"""

from typing import Any

from trackside.links.diff import Doc, Patch, of_kind
from trackside.links.model import Entity
from trackside.links.ours import Part
from trackside.links.peer import Unmirrored
from trackside.links.peers.mlflow_registry import MlflowRegistry
from trackside.links.wire import Refused
from trackside.registry.model import says_prompt

USED = ("Staging", "Production")
NAME = ("name", "")


class DatabricksRegistry(MlflowRegistry):
    transition = "databricks/model-versions/transition-stage"

    @property
    def knows_aliases(self) -> bool:
        return False

    def has_place(self, doc: Doc) -> bool:
        return not says_prompt(of_kind(doc, "tag"))

    def make_model(self, uid: str, doc: Doc) -> str:
        self._refuse_prompt(doc)
        return super().make_model(uid, doc)

    def make_version(self, model_id: str, uid: str, doc: Doc, files_at: str | None) -> str:
        self._refuse_prompt(doc)
        return super().make_version(model_id, uid, doc, files_at)

    def remove(self, entity: Entity, remote_id: str) -> bool:
        if entity is Entity.VERSION:
            self._take_out_of_use(remote_id)
        return super().remove(entity, remote_id)

    def get_model(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "databricks/registered-models/get", name=name)
        return dict(found["registered_model_databricks"])

    def place(self, doc: Doc, tags: dict[str, str], files_at: str | None) -> dict[str, Any]:
        """By where they lie: neither a model's id nor a source by id is known to this registry."""
        found = super().place({**doc, ("source", ""): ""}, tags, files_at)
        found.pop("model_id", None)
        return {**found, "source": found["source"] or doc.get(("source", ""), "")}

    def change_model(self, name: str, patch: Patch) -> str:
        try:
            return super().change_model(name, patch)
        except Refused as refused:
            if "registered-models/rename" not in str(refused):
                raise
            super().change_model(name, Patch({k: v for k, v in patch.put.items() if k != NAME}, patch.drop))
            raise Refused(
                refused.status,
                refused.code,
                f"{refused}. Databricks renames a model only while none of its versions is in Staging or Production;"
                " until then it keeps its name there",
            ) from None

    def _take_out_of_use(self, version_id: str) -> None:
        part: Part | None = self.read(Entity.VERSION, version_id)
        if part is not None and part.doc["stage", ""] in USED:
            self.change(Entity.VERSION, version_id, Patch({("stage", ""): "Archived"}))

    def _refuse_prompt(self, doc: Doc) -> None:
        if not self.has_place(doc):
            raise Unmirrored("a Databricks workspace's registry knows no prompts; it stays here")

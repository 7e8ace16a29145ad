"""The kinds of items that are synced between workspaces.  Pure."""

from enum import StrEnum

from trackside.sync.fields import FieldKind

FIRST = "all "  # what a cursor of remote changes begins with until everything was read once
DATABRICKS_PREFIX = "/Shared/trackside"  # where experiments without an absolute path go in a Databricks workspace
LATE = frozenset(
    {FieldKind.STATUS, FieldKind.END_TIME, FieldKind.STAGE}
)  # fields of a run or a logged model that are written last


class Entity(StrEnum):
    """A kind of item, by its name in the change log."""

    EXPERIMENT = "experiment"
    RUN = "run"
    LOGGED_MODEL = "logged_model"
    REGISTERED_MODEL = "registered_model"
    MODEL_VERSION = "model_version"
    EVALUATION_DATASET = "evaluation_dataset"
    TRACE = "trace"

    @property
    def words(self) -> str:
        """The kind as a message names it."""
        return self.replace("_", " ")

    @property
    def is_of_registry(self) -> bool:
        return self in (Entity.REGISTERED_MODEL, Entity.MODEL_VERSION)

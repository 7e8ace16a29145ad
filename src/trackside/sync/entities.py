"""The kinds of synchronized items.  Pure."""

from enum import StrEnum

from trackside.sync.fields import FieldKind

FIRST = "all "  # prefix of a cursor of remote changes until the first full scan is complete
DATABRICKS_PREFIX = "/Shared/trackside"  # the folder for experiments without an absolute path in a Databricks workspace
LATE = frozenset(
    {FieldKind.STATUS, FieldKind.END_TIME, FieldKind.STAGE}
)  # fields of a run or a logged model that are written last


class Entity(StrEnum):
    """A kind of item, with its name in the change log."""

    EXPERIMENT = "experiment"
    RUN = "run"
    LOGGED_MODEL = "logged_model"
    REGISTERED_MODEL = "registered_model"
    MODEL_VERSION = "model_version"
    EVALUATION_DATASET = "evaluation_dataset"
    TRACE = "trace"

    @property
    def label(self) -> str:
        """Return the name of the kind for messages."""
        return self.replace("_", " ")

    @property
    def is_of_registry(self) -> bool:
        return self in (Entity.REGISTERED_MODEL, Entity.MODEL_VERSION)

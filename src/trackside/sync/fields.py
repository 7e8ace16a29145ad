"""The fields of documents: kind and key.  Pure.

A document maps fields to texts.  It has one field of some kinds (`name`), and one for each key of others (`tag`, `param`).
"""

from enum import StrEnum
from typing import Literal, NamedTuple

Verb = Literal["add", "change", "drop"]


class FieldKind(StrEnum):
    """A kind of fields, with its name in the links API and in the stored agreed state."""

    NAME = "name"
    DESCRIPTION = "description"
    STATUS = "status"
    STAGE = "stage"  # of an item: active or deleted; of a version: its stage in the registry
    USER = "user"
    TAG = "tag"
    PARAM = "param"
    # Times of an item: start, end, creation and last change, in ms since 1970.
    START_TIME = "start_time"
    END_TIME = "end_time"
    CREATION_TIME = "creation_time"
    LAST_UPDATE_TIME = "last_update_time"
    CREATED = "created"  # of the registry, like the next one
    UPDATED = "updated"
    SEEN = "seen"  # the remote's time of the last change of a model or version
    # Of runs and logged models.  The keys of datasets and points are JSON, those of inputs and outputs ids of models.
    DATASET = "dataset"
    INPUT = "input"
    OUTPUT = "output"
    POINT = "point"
    MODEL_TYPE = "model_type"
    SOURCE_RUN = "source_run"
    # Of registered models and versions.
    ALIAS = "alias"
    LAST_VERSION = "last_version"
    NUMBER = "number"
    SOURCE = "source"
    ORIGIN = "origin"  # the run or logged model whose files contain those of the version
    RUN_ID = "run_id"
    RUN_LINK = "run_link"
    MODEL_ID = "model_id"
    COPIED = "copied"  # the version has a folder of its own with its files
    # Of evaluation datasets.
    NULL_TAG = "null_tag"
    EXPERIMENT = "experiment"
    SCHEMA = "schema"
    DIGEST = "digest"
    CREATED_BY = "created_by"
    LAST_UPDATED_BY = "last_updated_by"
    VERSION = "version"  # of the records, for a remote that provides no more of them
    # Of traces.
    REQUEST_TIME = "request_time"
    STATE = "state"
    DURATION = "duration"
    CLIENT_REQUEST_ID = "client_request_id"
    REQUEST_PREVIEW = "request_preview"
    RESPONSE_PREVIEW = "response_preview"
    METADATA = "metadata"
    ASSESSMENT = "assessment"
    LINK = "link"  # to a run or a prompt; the key is a JSON list of `run` or `prompt` and the target
    SPANS = "spans"  # the digest of the spans
    SPAN_COUNT = "span_count"
    FINAL = "final"  # the start call has arrived
    PLACE = "place"  # the location of the spans on an MLflow server, if it has some


KINDS = {str(kind): kind for kind in FieldKind}


class Field(NamedTuple):
    """A field.  `key` is empty for kinds with one field in a document."""

    kind: FieldKind
    key: str = ""

    @property
    def label(self) -> str:
        """Return the name of the field for messages."""
        return f"{self.kind} {self.key}".strip()


NAME = Field(FieldKind.NAME)
DESCRIPTION = Field(FieldKind.DESCRIPTION)
STATUS = Field(FieldKind.STATUS)
STAGE = Field(FieldKind.STAGE)
USER = Field(FieldKind.USER)
START_TIME = Field(FieldKind.START_TIME)
END_TIME = Field(FieldKind.END_TIME)
CREATION_TIME = Field(FieldKind.CREATION_TIME)
LAST_UPDATE_TIME = Field(FieldKind.LAST_UPDATE_TIME)
CREATED = Field(FieldKind.CREATED)
UPDATED = Field(FieldKind.UPDATED)
SEEN = Field(FieldKind.SEEN)
MODEL_TYPE = Field(FieldKind.MODEL_TYPE)
SOURCE_RUN = Field(FieldKind.SOURCE_RUN)
LAST_VERSION = Field(FieldKind.LAST_VERSION)
NUMBER = Field(FieldKind.NUMBER)
SOURCE = Field(FieldKind.SOURCE)
ORIGIN = Field(FieldKind.ORIGIN)
RUN_ID = Field(FieldKind.RUN_ID)
RUN_LINK = Field(FieldKind.RUN_LINK)
MODEL_ID = Field(FieldKind.MODEL_ID)
COPIED = Field(FieldKind.COPIED)
SCHEMA = Field(FieldKind.SCHEMA)
DIGEST = Field(FieldKind.DIGEST)
CREATED_BY = Field(FieldKind.CREATED_BY)
LAST_UPDATED_BY = Field(FieldKind.LAST_UPDATED_BY)
VERSION = Field(FieldKind.VERSION)
REQUEST_TIME = Field(FieldKind.REQUEST_TIME)
STATE = Field(FieldKind.STATE)
DURATION = Field(FieldKind.DURATION)
EXPERIMENT = Field(FieldKind.EXPERIMENT)  # of a trace: its local experiment
SPANS = Field(FieldKind.SPANS)
SPAN_COUNT = Field(FieldKind.SPAN_COUNT)
FINAL = Field(FieldKind.FINAL)
PLACE = Field(FieldKind.PLACE)

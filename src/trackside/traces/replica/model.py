"""Shapes and checks of scorers, label schemas, queues and issues of another server.  Pure.

Fields have the names of MLflow's calls.  Each may be omitted; required ones are checked when the object is stored.  An object
that the other server changed later replaces the local one.
"""

import re
from enum import StrEnum

from trackside.core import names
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Part
from trackside.traces.label_schemas.model import Input

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_MS = 253_402_300_799_999  # the end of the year 9999


class Kind(StrEnum):
    SCORER = "scorers"
    LABEL_SCHEMA = "label_schemas"
    REVIEW_QUEUE = "review_queues"
    ISSUE = "issues"


class ReplicaResult(StrEnum):
    """The outcome for an object; of a dry run, the expected outcome."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    FAILED = "failed"


class GivenVersion(Part, frozen=True):
    version: int = 0
    serialized_scorer: str = ""
    creation_time: int = 0  # ms


class GivenScorer(Part, frozen=True):
    scorer_id: str = ""
    name: str = ""
    versions: list[GivenVersion] = []
    sample_rate: float | None = None
    filter_string: str | None = None


class GivenSchema(Part, frozen=True):
    schema_id: str = ""
    name: str = ""
    type: str = ""
    input: Input = Input()
    created_at: int = 0  # ms
    last_updated_at: int = 0  # ms
    enable_comment: bool = False
    instruction: str | None = None
    created_by: str | None = None


class GivenItem(Part, frozen=True):
    item_id: str = ""
    status: str = ""
    creation_time_ms: int = 0
    last_update_time_ms: int = 0
    completed_by: str | None = None
    completed_time_ms: int | None = None


class GivenQueue(Part, frozen=True):
    """A queue with all or some of its items."""

    queue_id: str = ""
    name: str = ""
    queue_type: str = ""
    creation_time_ms: int = 0
    last_update_time_ms: int = 0
    created_by: str | None = None
    users: list[str] = []
    schema_ids: list[str] = []
    items: list[GivenItem] = []


class GivenIssue(Part, frozen=True):
    issue_id: str = ""
    name: str = ""
    description: str = ""
    status: str = ""
    created_timestamp: int = 0  # ms
    last_updated_timestamp: int = 0  # ms
    severity: str | None = None
    root_causes: list[str] | None = None
    categories: list[str] | None = None
    source_run_id: str | None = None
    created_by: str | None = None


class Outcome(Answer, frozen=True):
    """`reason`: why an object was refused, or which part of it was left out."""

    kind: Kind
    name: str
    how: ReplicaResult
    reason: str | None = None


def check_id(given: str, what: str) -> str:
    if not _ID.fullmatch(given):
        raise Invalid(
            f"the {what} is {names.shown(given)}; it must have 1 to 64 letters, digits, underscores and hyphens"
        )
    return given


def check_ms(given: int) -> int:
    if not 0 <= given <= MAX_MS:
        raise Invalid(f"the time is {given}; it must be milliseconds between 0 and {MAX_MS}")
    return given


def check_creator(given: str | None, most: int) -> str | None:
    if given is not None:
        names.check_length(given, "created_by", most)
    return given or None

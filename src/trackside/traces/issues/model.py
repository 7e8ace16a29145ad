"""Issues in the API, and checks of their values.  Pure.

A trace refers to an issue by an assessment of kind `issue`, whose name is the issue's id.
"""

from collections.abc import Sequence
from typing import ClassVar

from trackside.core import names
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import Answer, Call

MAX_NAME = 250
MAX_DESCRIPTION = 8_000
MAX_LIST = 100  # root causes or categories
MAX_ENTRY = 2_000
MAX_USER = 255
DEFAULT_RESULTS = 100
STATUSES = ("pending", "rejected", "resolved")
SEVERITIES = ("not_an_issue", "low", "medium", "high")


class Issue(Answer, frozen=True):
    issue_id: str
    experiment_id: str
    name: str
    description: str
    status: str
    created_timestamp: int  # ms
    last_updated_timestamp: int  # ms
    severity: str | None = None
    root_causes: list[str] = []
    source_run_id: str | None = None
    categories: list[str] = []
    created_by: str | None = None
    trace_count: int | None = None


class Create(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name", "description")
    experiment_id: str | None = None
    name: str | None = None
    description: str | None = None
    status: str | None = None
    severity: str | None = None
    root_causes: list[str] | None = None
    source_run_id: str | None = None
    created_by: str | None = None
    categories: list[str] | None = None


class Update(Call, frozen=True):
    issue_id: str = ""
    name: str | None = None
    description: str | None = None
    status: str | None = None
    severity: str | None = None


class OfIssue(Call, frozen=True):
    issue_id: str = ""


class Search(Call, frozen=True):
    experiment_id: str | None = None
    filter_string: str | None = None
    max_results: int | None = None
    page_token: str | None = None
    include_trace_count: bool = False


class Got(Answer, frozen=True):
    issue: Issue


class Found(Answer, frozen=True):
    issues: list[Issue] = []
    next_page_token: str | None = None


def check_status(status: str | None) -> str:
    if status not in STATUSES:
        raise Invalid(f"status is {names.shown(status or '')}; it must be one of {', '.join(STATUSES)}")
    return status or ""


def rank(severity: str | None) -> int | None:
    """Return the rank of a severity, which is how it is stored."""
    if severity is None:
        return None
    if severity not in SEVERITIES:
        raise Invalid(f"severity is {names.shown(severity)}; it must be one of {', '.join(SEVERITIES)}")
    return SEVERITIES.index(severity)


def check_text(text: str, what: str, most: int) -> str:
    names.check_length(text, what, most)
    return text


def check_list(given: Sequence[str] | None, what: str) -> list[str]:
    entries = list(given or ())
    if len(entries) > MAX_LIST:
        raise Invalid(f"{what} has {len(entries)} entries; at most {MAX_LIST} are allowed")
    return [check_text(each, what, MAX_ENTRY) for each in entries]


def missing(issue_id: str) -> NotFound:
    return NotFound(f"Issue with ID '{issue_id[:100]}' not found")

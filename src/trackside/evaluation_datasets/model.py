"""Evaluation datasets in the API, and checks of names, tags and limits; records are in `records`.

MLflow's protocol has tags, schema, profile and records as JSON inside a text, which is read and written with Python's `json`, as
clients do.
"""

import hashlib
import json
from typing import Any, ClassVar

from trackside.core import names
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import Answer, Call

MAX_NAME = 255
MAX_TAG_KEY = 255
MAX_TAG_VALUE = 5_000
MAX_USER = 255
MAX_RESULTS = 50_000
DEFAULT_RESULTS = 1_000
USER_TAG = "mlflow.user"

Tags = dict[str, str | None]


class EvaluationDataset(Answer, frozen=True):
    dataset_id: str
    name: str
    tags: str  # JSON
    digest: str
    created_time: int  # ms
    last_update_time: int  # ms
    schema: str | None = None  # JSON
    profile: str | None = None  # JSON
    created_by: str | None = None
    last_updated_by: str | None = None
    experiment_ids: list[str] = []  # only in the answer to a creation; another call returns it


class Create(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    experiment_ids: list[str] | None = None
    tags: str | None = None  # JSON


class Got(Answer, frozen=True):
    dataset: EvaluationDataset


class OfDataset(Call, frozen=True):
    dataset_id: str = ""


class Search(Call, frozen=True):
    experiment_ids: list[str] | None = None
    filter_string: str | None = None
    max_results: int | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


class Found(Answer, frozen=True):
    datasets: list[EvaluationDataset] = []
    next_page_token: str | None = None


class SetTags(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("tags",)
    dataset_id: str = ""
    tags: str | None = None  # JSON


class DeleteTag(Call, frozen=True):
    dataset_id: str = ""
    key: str = ""


class OfExperiments(Call, frozen=True):
    dataset_id: str = ""
    experiment_ids: list[str] | None = None


class ExperimentIds(Answer, frozen=True):
    experiment_ids: list[str] = []


def check_name(name: str | None) -> str:
    if not name:
        raise Invalid(f"Invalid evaluation dataset name: '{name}'; it must not be empty.")
    names.check_length(name, "name", MAX_NAME)
    return name


def check_tags(text: str | None) -> Tags:
    """Return tags with values as text; null stays null."""
    given = decoded(text, "tags") if text else {}
    if not isinstance(given, dict):
        raise Invalid(f"The parameter 'tags' must be a JSON object of keys and values, but is {_kind(given)}.")
    tags: Tags = {}
    for key, value in given.items():
        names.check_length(storable(key, "tags"), "tags key", MAX_TAG_KEY)
        tags[whole(key)] = None if value is None else whole(storable(str(value), "tags"))
        names.check_length(tags[whole(key)] or "", "tags value", MAX_TAG_VALUE)
    return tags


def user_of(tags: dict[str, Any] | None) -> str | None:
    """Return the user that the tags name; None if they name none."""
    if not tags or USER_TAG not in tags or tags[USER_TAG] is None:
        return None
    user = whole(storable(str(tags[USER_TAG]), USER_TAG))
    names.check_length(user, USER_TAG, MAX_USER)
    return user


def digest(name: str, updated: int) -> str:
    """Return MLflow's digest: a hash of the name and of the time of the last change."""
    return hashlib.sha256(f"{name}:{updated}".encode()).hexdigest()[:8]


def profile(record_count: int, schema: str | None) -> str | None:
    """A dataset that lost all of its records says so; one that never had any says nothing."""
    if record_count:
        return json.dumps({"num_records": record_count})
    return None if schema is None else "null"


def decoded(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid(f"The parameter '{what}' is no JSON that can be read: {names.shown(text[:200])}") from None


def storable(text: str, what: str) -> str:
    if "\0" in text:
        raise Invalid(f"The parameter '{what}' has the character NUL (U+0000), which cannot be stored.")
    return text


def whole(text: str) -> str:
    """Return the text with `?` for lone surrogates, which have no UTF-8 encoding."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def missing(dataset_id: str) -> NotFound:
    return NotFound(f"Dataset '{dataset_id}' not found")


def _kind(value: Any) -> str:
    return "null" if value is None else f"of type '{type(value).__name__}'"

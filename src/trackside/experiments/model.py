"""Wire types of experiments, and the checks of their values.  Contains no SQL."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from trackside.core import names
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import Answer, Call, Part, missing

MAX_NAME = 500
MAX_TAG_KEY = 250
MAX_NEW_TAGS = 1_000  # MLflow has no limit, but the writer blocks other calls while it stores the tags
MAX_TAG_VALUE = 20_000
MAX_RESULTS = 50_000
DEFAULT_ID = 0


class Lifecycle(StrEnum):
    ACTIVE = "active"
    DELETED = "deleted"


class ViewType(StrEnum):
    ACTIVE_ONLY = "ACTIVE_ONLY"
    DELETED_ONLY = "DELETED_ONLY"
    ALL = "ALL"

    @property
    def stages(self) -> list[str]:
        match self:
            case ViewType.ACTIVE_ONLY:
                return [Lifecycle.ACTIVE]
            case ViewType.DELETED_ONLY:
                return [Lifecycle.DELETED]
            case _:
                return [Lifecycle.ACTIVE, Lifecycle.DELETED]


_VIEW_NUMBERS = {"1": ViewType.ACTIVE_ONLY, "2": ViewType.DELETED_ONLY, "3": ViewType.ALL}


def view_type(given: str | int | None) -> ViewType:
    """Return the view type by name or number.  An unknown one is ignored, as in MLflow."""
    text = str(given)
    if text in _VIEW_NUMBERS:
        return _VIEW_NUMBERS[text]
    return ViewType(text) if text in ViewType.__members__ else ViewType.ACTIVE_ONLY


class Tag(Answer, frozen=True):
    key: str
    value: str


class Experiment(Answer, frozen=True):
    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int  # ms
    creation_time: int  # ms
    workspace: str
    tags: list[Tag] = []


class GivenTag(Part, frozen=True):
    key: str | None = None
    value: str | None = None


class CreateExperiment(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    artifact_location: str | None = None
    tags: list[GivenTag] | None = None


class Created(Answer, frozen=True):
    experiment_id: str


class GetExperiment(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None


class GetByName(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_name",)
    experiment_name: str | None = None


class Got(Answer, frozen=True):
    experiment: Experiment


class SearchExperiments(Call, frozen=True):
    max_results: int | None = None
    page_token: str | None = None
    filter: str | None = None
    order_by: list[str] | None = None
    view_type: str | int | None = None


class ListExperiments(Call, frozen=True):
    max_results: int | None = None
    page_token: str | None = None
    view_type: str | int | None = None


class Found(Answer, frozen=True):
    experiments: list[Experiment] = []
    next_page_token: str | None = None


class UpdateExperiment(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None
    new_name: str | None = None


class SetTag(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "key")
    experiment_id: str | None = None
    key: str | None = None
    value: str | None = None


class DeleteTag(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "key")
    experiment_id: str | None = None
    key: str | None = None


def check_id(given: str) -> int:
    if len(given) <= 19 and re.fullmatch(r"-?[0-9]+", given):
        return int(given)
    raise Invalid(f"Invalid experiment ID '{given[:100]}'. Experiment ID must be a valid integer.")


def not_found(experiment_id: str) -> NotFound:
    return NotFound(f"No Experiment with id={experiment_id} exists").because(
        "missing", kind="experiment", name=str(experiment_id)
    )


def check_name(name: str | None) -> str:
    if not name:
        raise Invalid(f"Invalid experiment name: '{name}'").because("bad-name", kind="experiment", name="")
    names.check_length(name, "name", MAX_NAME)
    return name


def check_absolute(location: str) -> None:
    """Raise Invalid for a relative path.  MLflow resolves such a path in the server's working directory, which the answer would
    disclose."""
    if not location.startswith("/") and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location):
        raise Invalid(f"artifact_location is '{location[:200]}'; it must be a URI or an absolute path")


def check_new_tags(given: Sequence[GivenTag]) -> list[Tag]:
    if len(given) > MAX_NEW_TAGS:
        raise Invalid(
            f"An experiment can be made with at most {MAX_NEW_TAGS} tags. Got {len(given)} tags. Set the others later."
        )
    return [check_tag(tag.key, tag.value) for tag in given]


def check_tag(key: str | None, value: str | None) -> Tag:
    if key is None:
        raise missing("key")
    names.check_key(key, "key")
    names.check_length(key, "key", MAX_TAG_KEY)
    value = value or ""
    names.check_length(value, "value", MAX_TAG_VALUE)
    return Tag(key=key, value=value)


class EditTag(Call, frozen=True):
    """Set a tag, or delete it without `value`.  `expected` is the value that the caller saw; absent: no tag."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id", "key")
    experiment_id: str | None = None
    key: str | None = None
    value: str | None = None
    expected: str | None = None


class EditedTag(Struct, frozen=True):
    """The new value of a tag; null if it was deleted."""

    key: str
    value: str | None

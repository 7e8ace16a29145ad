"""Logged models in the API, and checks of their values, with MLflow's shapes."""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from msgspec import UNSET, UnsetType, field

from trackside.core import names
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call, Part, missing
from trackside.runs.model import KeyValue

MAX_NAME = 500
MAX_KEY = 255
MAX_RUN_ID = 256
MAX_VALUE = 1 << 20  # characters; stock has no limit, and a database has one
MAX_RESULTS = 10_000
DEFAULT_RESULTS = 50
_NOT_IN_NAMES = ("/", ":", ".", "%", '"', "'")


class Status(StrEnum):
    """`wire` is what MLflow's protocol calls it."""

    UNSPECIFIED = "UNSPECIFIED"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"

    @property
    def wire(self) -> str:
        return _WIRE[self]


_WIRE = {
    Status.UNSPECIFIED: "LOGGED_MODEL_STATUS_UNSPECIFIED",
    Status.PENDING: "LOGGED_MODEL_PENDING",
    Status.READY: "LOGGED_MODEL_READY",
    Status.FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
}
_STATUSES = {
    **{str(status): status for status in Status},
    **{wire: status for status, wire in _WIRE.items()},
    **{str(number): status for number, status in enumerate(Status)},
}


class Metric(Answer, frozen=True):
    """A point of a model: all of them are answered, not only the last."""

    key: str
    value: float | str
    timestamp: int  # ms
    step: int
    model_id: str
    run_id: str
    dataset_name: str | UnsetType = UNSET
    dataset_digest: str | UnsetType = UNSET


class ModelInfo(Answer, frozen=True):
    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: str
    model_type: str
    source_run_id: str
    status_message: str | UnsetType = UNSET
    tags: list[KeyValue] = field(default_factory=list)


class ModelData(Answer, frozen=True):
    params: list[KeyValue] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)


class LoggedModel(Answer, frozen=True):
    info: ModelInfo
    data: ModelData


class GotModel(Answer, frozen=True):
    model: LoggedModel


class Found(Answer, frozen=True):
    models: list[LoggedModel] = field(default_factory=list)
    next_page_token: str | None = None


class Given(Part, frozen=True):
    """A param or a tag, as clients send it."""

    key: str | None = None
    value: str | None = None


class CreateModel(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Given] | None = None
    tags: list[Given] | None = None


class ModelCall(Call, frozen=True):
    """Names a model.  Stock wants `model_id` in some bodies too; here the path is enough."""

    model_id: str = ""


class GetModel(ModelCall, frozen=True):
    allow_deleted: bool | None = None


class FinalizeModel(ModelCall, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("status",)
    status: str | int | None = None


class LogParams(ModelCall, frozen=True):
    params: list[Given] | None = None


class SetTags(ModelCall, frozen=True):
    tags: list[Given] | None = None


class DeleteTag(ModelCall, frozen=True):
    tag_key: str = ""


class GivenDataset(Part, frozen=True):
    dataset_name: str | None = None
    dataset_digest: str | None = None


class GivenOrder(Part, frozen=True):
    field_name: str | None = None
    ascending: bool | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class SearchModels(Call, frozen=True):
    experiment_ids: list[str] | None = None
    filter: str | None = None
    datasets: list[GivenDataset] | None = None
    max_results: int | None = None
    order_by: list[GivenOrder] | None = None
    page_token: str | None = None


def check_name(name: str | None) -> str | None:
    """Return the name; None if one is to be generated."""
    if not name:
        return None
    if any(character in name for character in _NOT_IN_NAMES):
        raise Invalid(
            f"Invalid model name ({name[:MAX_NAME]!r}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {_NOT_IN_NAMES}"
        )
    names.check_length(name, "name", MAX_NAME)
    return name


def check_status(given: str | int | None) -> Status:
    status = _STATUSES.get(str(given))
    if status is None:
        known = ", ".join(status.wire for status in Status)
        raise Invalid(f"Unknown model status: {str(given)[:100]}. Known are {known}.")
    return status


def find_status(word: str) -> Status | None:
    """A status as a filter names it: READY, LOGGED_MODEL_READY or 2."""
    return _STATUSES.get(word.upper())


def check_params(given: Sequence[Given]) -> dict[str, str]:
    """Return params; a repeated key with the same value is one param, otherwise an error."""
    names.check_count(given, "params")
    params: dict[str, str] = {}
    for i, param in enumerate(given):
        key, value = _pair(param, f"params[{i}]")
        if params.setdefault(key, value) != value:
            raise clash({key: (params[key], value)})
    return params


def check_tags(given: Sequence[Given]) -> dict[str, str]:
    """Return tags; the last of equal keys wins."""
    names.check_count(given, "tags")
    return dict(_pair(tag, f"tags[{i}]") for i, tag in enumerate(given))


def clash(params: dict[str, tuple[str, str]], model_id: str | None = None) -> Invalid:
    """`params`: the stored value and the new one of each key."""
    clashes = [{"key": key, "old_value": old, "new_value": new} for key, (old, new) in params.items()]
    of = f" for model ID='{model_id}'" if model_id else ""
    return Invalid(f"Changing param values is not allowed. Params were already logged='{clashes}'{of}.")


def _pair(given: Given, path: str) -> tuple[str, str]:
    if not given.key:
        raise missing(f"{path}.key")
    names.check_length(given.key, f"{path}.key", MAX_KEY)
    value = given.value or ""
    names.check_length(value, f"{path}.value", MAX_VALUE)
    return given.key, value

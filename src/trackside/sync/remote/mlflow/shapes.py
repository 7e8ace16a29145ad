"""The parts of MLflow's JSON of experiments, runs, logged models and registered models that links and imports read.

Releases differ: a field may be missing, null, or a number as a text.  Pure.
"""

import json
from typing import TypeVar

import msgspec
from msgspec import Struct

from trackside.sync.remote.faults import InvalidRemoteResponse

T = TypeVar("T")
Id = str | int
Text = str | None
Time = int | None  # ms since 1970


class Tag(Struct, frozen=True):
    key: str
    value: Text = None


class Metric(Struct, frozen=True):
    key: str
    value: float | str  # "NaN", "Infinity"
    step: int | None = None
    timestamp: Time = None
    run_id: Text = None
    dataset_name: Text = None
    dataset_digest: Text = None

    def __post_init__(self) -> None:
        float(self.value)


class Point(Struct, frozen=True):
    value: float
    step: int | None = None
    timestamp: Time = None


class Experiment(Struct, frozen=True):
    experiment_id: Id
    name: str
    lifecycle_stage: str = "active"
    artifact_location: Text = None
    creation_time: Time = None
    last_update_time: Time = None
    tags: list[Tag] = []


class RunInfo(Struct, frozen=True):
    experiment_id: Id
    run_id: Text = None
    run_uuid: Text = None
    run_name: Text = None
    status: Text = None
    lifecycle_stage: Text = None
    user_id: Text = None
    start_time: Time = None
    end_time: Time = None
    artifact_uri: Text = None


class RunData(Struct, frozen=True):
    metrics: list[Metric] = []
    params: list[Tag] = []
    tags: list[Tag] = []


class Dataset(Struct, frozen=True):
    name: Text = None
    digest: Text = None
    source_type: Text = None
    source: Text = None
    schema: Text = None
    profile: Text = None


class DatasetInput(Struct, frozen=True):
    dataset: Dataset = Dataset()
    tags: list[Tag] = []


class ModelEdge(Struct, frozen=True):
    model_id: str
    step: int | None = None


class RunInputs(Struct, frozen=True):
    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[ModelEdge] = []


class RunOutputs(Struct, frozen=True):
    model_outputs: list[ModelEdge] = []


class Run(Struct, frozen=True):
    info: RunInfo
    data: RunData = RunData()
    inputs: RunInputs = RunInputs()
    outputs: RunOutputs = RunOutputs()

    @property
    def id(self) -> str:
        return self.info.run_id or self.info.run_uuid or ""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a run has no id")


class LoggedModelInfo(Struct, frozen=True):
    model_id: str
    experiment_id: Id
    name: Text = None
    model_type: Text = None
    source_run_id: Text = None
    status: str | int | None = None
    creation_timestamp_ms: Time = None
    last_updated_timestamp_ms: Time = None
    artifact_uri: Text = None
    tags: list[Tag] = []


class LoggedModel(Struct, frozen=True):
    info: LoggedModelInfo
    data: RunData = RunData()


class Alias(Struct, frozen=True):
    alias: str
    version: Id


class RegisteredModel(Struct, frozen=True):
    name: str
    description: Text = None
    creation_timestamp: Time = None
    last_updated_timestamp: Time = None
    tags: list[Tag] = []
    aliases: list[Alias] = []


class ModelVersion(Struct, frozen=True):
    name: str
    version: int
    creation_timestamp: Time = None
    last_updated_timestamp: Time = None
    user_id: Text = None
    current_stage: Text = None
    source: Text = None
    run_id: Text = None
    run_link: Text = None
    model_id: Text = None
    description: Text = None
    status: str = "READY"
    status_message: Text = None
    tags: list[Tag] = []


def decoded(shape: type[T], found: object) -> T:
    """Return the JSON as the struct.  Raise InvalidRemoteResponse if it has another shape."""
    try:
        return msgspec.convert(found, shape, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRemoteResponse(
            f"the remote's answer cannot be read as the {shape.__name__} of MLflow: {error}"
        ) from None


def decoded_text(shape: type[T], text: str) -> T:
    """Return the JSON inside a text of an answer as the struct."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRemoteResponse(
            f"the remote's answer cannot be read as the {shape.__name__} of MLflow: it is no JSON"
        ) from None
    return decoded(shape, found)

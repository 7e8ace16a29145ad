"""Wire types of runs and of the calls about them, in MLflow's form.  Contains no SQL."""

import random
from enum import StrEnum
from typing import ClassVar

from msgspec import UNSET, UnsetType

from trackside.core.errors import NotFound
from trackside.core.http.codec import Answer, Call, Part


class Status(StrEnum):
    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


ENDED = (Status.FINISHED, Status.FAILED, Status.KILLED)
_STATUS_NUMBERS = {
    "1": Status.RUNNING,
    "2": Status.SCHEDULED,
    "3": Status.FINISHED,
    "4": Status.FAILED,
    "5": Status.KILLED,
}
RUN_NAME_TAG = "mlflow.runName"


def status_of(given: str | int | None) -> Status | None:
    """Return the status by name or number; None for an unknown one, which leaves the status unchanged, as in MLflow."""
    text = str(given)
    return Status(text) if text in Status.__members__ else _STATUS_NUMBERS.get(text)


class KeyValue(Answer, frozen=True, gc=False):  # as `Metric`
    key: str
    value: str


class Metric(Answer, frozen=True, gc=False):  # a history has thousands of them, without references to each other
    key: str
    value: float | str
    timestamp: int  # ms
    step: int


class RunInfo(Answer, frozen=True, gc=False):
    run_uuid: str
    experiment_id: str
    run_name: str
    user_id: str
    status: str
    start_time: int  # ms
    artifact_uri: str
    lifecycle_stage: str
    run_id: str
    end_time: int | UnsetType = UNSET


class RunData(Answer, frozen=True):
    metrics: list[Metric] = []
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class Dataset(Answer, frozen=True):
    name: str
    digest: str
    source_type: str
    source: str
    schema: str | UnsetType = UNSET
    profile: str | UnsetType = UNSET


class DatasetInput(Answer, frozen=True):
    dataset: Dataset
    tags: list[KeyValue] = []


class ModelInput(Answer, frozen=True):
    model_id: str


class ModelOutput(Answer, frozen=True):
    model_id: str
    step: int


class RunInputs(Answer, frozen=True):
    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[ModelInput] = []


class RunOutputs(Answer, frozen=True):
    model_outputs: list[ModelOutput] = []


class Run(Answer, frozen=True):
    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs | UnsetType = UNSET


class GotRun(Answer, frozen=True):
    run: Run


class GotInfo(Answer, frozen=True):
    run_info: RunInfo


class GivenTag(Part, frozen=True):
    key: str | None = None
    value: str | None = None


class GivenMetric(Part, frozen=True, gc=False):  # a batch has a thousand of them, without references to each other
    key: str | None = None
    value: float | None = None
    timestamp: int | None = None
    step: int | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


class CreateRun(Call, frozen=True):
    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: int | None = None
    tags: list[GivenTag] | None = None


class _OfRun(Call, frozen=True):
    """A call that names a run.  `run_uuid` is the former name of `run_id`; some clients send both."""

    required: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str | None = None
    run_uuid: str | None = None

    @property
    def run(self) -> str:
        return self.run_id or self.run_uuid or ""


class RunCall(_OfRun, frozen=True):
    """A call without other parameters than the run."""


class UpdateRun(_OfRun, frozen=True):
    status: str | int | None = None
    end_time: int | None = None
    run_name: str | None = None


class LogMetric(_OfRun, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id", "key", "value", "timestamp")
    key: str | None = None
    value: float | None = None
    timestamp: int | None = None
    step: int | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogParam(_OfRun, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id", "key")
    key: str | None = None
    value: str | None = None


class SetTag(_OfRun, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id", "key")
    key: str | None = None
    value: str | None = None


class DeleteTag(_OfRun, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id", "key")
    key: str | None = None


class LogBatch(_OfRun, frozen=True):
    metrics: list[GivenMetric] | None = None
    params: list[GivenTag] | None = None
    tags: list[GivenTag] | None = None


class GivenDataset(Part, frozen=True):
    name: str | None = None
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class GivenInput(Part, frozen=True):
    tags: list[GivenTag] | None = None
    dataset: GivenDataset | None = None


class GivenModel(Part, frozen=True):
    model_id: str | None = None
    step: int | None = None


class LogInputs(_OfRun, frozen=True):
    datasets: list[GivenInput] | None = None
    models: list[GivenModel] | None = None


class LogOutputs(_OfRun, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id", "models")
    models: list[GivenModel] | None = None


class LogModel(_OfRun, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id", "model_json")
    model_json: str | None = None


class SearchRuns(Call, frozen=True):
    experiment_ids: list[str] | None = None
    filter: str | None = None
    run_view_type: str | int | None = None
    max_results: int | None = None
    order_by: list[str] | None = None
    page_token: str | None = None


_ADJECTIVES = (
    "able agile amber ample azure brave bright brisk calm candid clever crisp curious daring deft eager early "
    "fair fleet fond frank gentle glad golden grand hardy honest humble keen kind lively loyal lucid lunar "
    "mellow merry mild modest neat nimble noble patient placid plucky polite prime proud quick quiet rapid "
    "ready robust rustic serene sharp silent silver sincere smart snappy solid spry steady sturdy subtle sunny "
    "swift tidy upbeat valiant vivid warm wise witty zesty "
).split()
_ANIMALS = (
    "ant badger bat bear bee bison boar bug carp cat chimp cod colt crab crane crow cub deer dog dolphin dove "
    "duck eel elk fawn finch fish fly fox frog gnat gnu goat goose grouse gull hare hawk hen heron hog horse "
    "hound jay kite koala lamb lark lion loon lynx mare mink mole moose moth mouse mule newt orca otter owl ox "
    "panda pig pike pug quail ram rat ray robin seal shad shark sheep shrew shrike sloth slug smelt snail "
    "snake sponge squid stag steed stoat stork swan swift tern toad trout turtle vole wasp whale wolf worm "
    "wren yak zebra "
).split()


def random_name() -> str:
    """Return a random name such as `brisk-otter-417`."""
    choose = random.choice  # names need no secure random numbers
    return f"{choose(_ADJECTIVES)}-{choose(_ANIMALS)}-{choose(range(1000))}"


def not_found(run_id: str) -> NotFound:
    return NotFound(f"Run with id={run_id} not found").because("missing", kind="run", name=str(run_id))

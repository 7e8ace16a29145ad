"""The parts of answers of MLflow's calls that links and imports read.  The entries of lists are decoded one by one.  Pure."""

from typing import Any

from msgspec import Struct

from trackside.sync.remote.mlflow.shapes import (
    Experiment,
    Id,
    LoggedModel,
    ModelVersion,
    Point,
    RegisteredModel,
    Run,
    Tag,
    Text,
    Time,
)


class Done(Struct, frozen=True):
    """Any JSON object, whose content is ignored."""


class Page(Struct, frozen=True):
    next_page_token: Text = None


class OneExperiment(Struct, frozen=True):
    experiment: Experiment


class NewExperiment(Struct, frozen=True):
    experiment_id: Id


class ExperimentPage(Page, frozen=True):
    experiments: list[Any] = []


class OneRun(Struct, frozen=True):
    run: Run


class RunPage(Page, frozen=True):
    runs: list[Any] = []


class History(Page, frozen=True):
    metrics: list[Point] = []


class RunPoint(Point, frozen=True, kw_only=True):
    run_id: str


class BulkHistory(Struct, frozen=True):
    metrics: list[RunPoint] = []


class OneLoggedModel(Struct, frozen=True):
    model: LoggedModel


class LoggedModelPage(Page, frozen=True):
    models: list[Any] = []


class OneRegisteredModel(Struct, frozen=True):
    registered_model: RegisteredModel


class OneDatabricksModel(Struct, frozen=True):
    registered_model_databricks: RegisteredModel


class RegisteredModelPage(Page, frozen=True):
    registered_models: list[Any] = []


class OneVersion(Struct, frozen=True):
    model_version: ModelVersion


class VersionPage(Page, frozen=True):
    model_versions: list[Any] = []


class DownloadUri(Struct, frozen=True):
    artifact_uri: Text = None


class FileEntry(Struct, frozen=True):
    path: str
    is_dir: bool | None = None
    file_size: int | None = None


class FilePage(Page, frozen=True):
    files: list[FileEntry] = []


class EvaluationDataset(Struct, frozen=True):
    """`tags` and `profile` are JSON texts."""

    dataset_id: Id
    name: str
    created_time: Time = None
    last_update_time: Time = None
    digest: Text = None
    created_by: Text = None
    last_updated_by: Text = None
    schema: Text = None
    tags: Text = None
    profile: Text = None


class OneDataset(Struct, frozen=True):
    dataset: EvaluationDataset


class DatasetPage(Page, frozen=True):
    datasets: list[Any] = []


class ExperimentIds(Struct, frozen=True):
    experiment_ids: list[Id] = []


class DatasetProfile(Struct, frozen=True):
    num_records: int | None = 0


class DatasetRecord(Struct, frozen=True):
    """Values are any JSON."""

    dataset_record_id: Id
    created_time: Time = None
    last_update_time: Time = None
    inputs: dict[str, Any] | None = None
    outputs: Any = None
    expectations: Any = None
    tags: dict[str, Any] | None = None
    source: Any = None
    source_id: Text = None
    created_by: Text = None
    last_updated_by: Text = None


class RecordPage(Page, frozen=True):
    """`records` is a JSON text: a list of `DatasetRecord`."""

    records: Text = None


class TraceExperiment(Struct, frozen=True):
    experiment_id: Id


class TraceLocation(Struct, frozen=True):
    mlflow_experiment: TraceExperiment


class Assessment(Struct, frozen=True):
    assessment_id: Id


class TraceInfo(Struct, frozen=True):
    """The fields of a trace that `trace_document.doc_of` uses."""

    trace_id: str
    trace_location: TraceLocation
    request_time: Text = None
    state: Text = None
    execution_duration: Text = None
    tags: dict[str, str] | None = None
    trace_metadata: dict[str, str] | None = None
    assessments: list[Assessment] | None = None


class OldTrace(Struct, frozen=True):
    """A trace in the lists of releases before 3.0."""

    request_id: str
    experiment_id: Id
    timestamp_ms: Time = None
    execution_time_ms: Time = None
    status: Text = None
    tags: list[Tag] | None = None
    request_metadata: list[Tag] | None = None


class FoundTrace(Struct, frozen=True):
    trace_info: dict[str, Any]


class OneTrace(Struct, frozen=True):
    trace: FoundTrace


class TracePage(Page, frozen=True):
    traces: list[Any] = []


class TraceFile(Struct, frozen=True):
    spans: list[dict[str, Any]] = []

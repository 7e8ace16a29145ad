"""The origin of a version, and the models of a run.  Read-only."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, UnsetType, field

from trackside.core.access import Action, experiment_named
from trackside.core.db.tx import Tx
from trackside.core.http.codec import Answer
from trackside.logged_models.model import Status
from trackside.registry import history, uses, versions
from trackside.registry.files import sources
from trackside.registry.model import ModelVersion
from trackside.runs import store as runs
from trackside.runs.model import DatasetInput, KeyValue, Run, RunInfo

# MLflow's tags about the executed code, and their names here.
_CODE_TAGS = {
    "name": "mlflow.source.name",
    "type": "mlflow.source.type",
    "git_commit": "mlflow.source.git.commit",
    "git_branch": "mlflow.source.git.branch",
    "git_repository": "mlflow.source.git.repoURL",
    "project_entry_point": "mlflow.project.entryPoint",
    "notebook_path": "mlflow.databricks.notebookPath",
    "notebook_revision": "mlflow.databricks.notebookRevisionID",
}


class Experiment(Answer, frozen=True):
    experiment_id: str
    name: str


class Code(Answer, frozen=True):
    """The executed code, as reported by the client of the run."""

    name: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    git_commit: str | UnsetType = UNSET
    git_branch: str | UnsetType = UNSET
    git_repository: str | UnsetType = UNSET
    project_entry_point: str | UnsetType = UNSET
    notebook_path: str | UnsetType = UNSET
    notebook_revision: str | UnsetType = UNSET


class LoggedModel(Answer, frozen=True):
    model_id: str
    name: str
    status: str
    model_type: str
    source_run_id: str


class RunModel(Answer, frozen=True):
    """A logged model that a run used (`input`) or made (`output`, at `step`)."""

    direction: str
    step: int
    model: LoggedModel


class Origin(Answer, frozen=True):
    """A version that another was copied from."""

    name: str
    version: str


class User(Answer, frozen=True):
    """A user of the version, such as an endpoint."""

    kind: str
    name: str


class Lineage(Answer, frozen=True):
    """The lineage of a version.  A field is absent if it is unknown or hidden: the files may come from outside of this
    workspace."""

    model_version: ModelVersion
    run: RunInfo | UnsetType = UNSET
    experiment: Experiment | UnsetType = UNSET
    dataset_inputs: list[DatasetInput] = field(default_factory=list)
    source_code: Code | UnsetType = UNSET
    logged_model: LoggedModel | UnsetType = UNSET
    copied_from: list[Origin] = field(default_factory=list)  # the nearest first
    used_by: list[User] = field(default_factory=list)


class RunModels(Answer, frozen=True):
    model_versions: list[ModelVersion] = field(default_factory=list)
    logged_models: list[RunModel] = field(default_factory=list)


_MODEL = "l.model_id, l.name, l.status, l.model_type, l.source_run_id"
MAX_COPIES = 100


def of_version(tx: Tx, name: str, version: str) -> Lineage:
    key = versions.key_of(tx, name, version)
    found = versions.get(tx, name, version)
    row = tx.one(
        "SELECT model_id FROM model_versions WHERE workspace_id = :ws AND version_seq = :version",
        version=key.version_seq,
    )
    made = _readable_run(tx, found.run_id)
    return Lineage(
        model_version=found,
        run=made.info if made else UNSET,
        experiment=_experiment(tx, made.info.experiment_id) if made else UNSET,
        dataset_inputs=made.inputs.dataset_inputs if made else [],
        source_code=_code(made.data.tags) if made else UNSET,
        logged_model=_logged_model(tx, row[0]) if row is not None and row[0] else UNSET,
        copied_from=_copies(tx, key, found.source),
        used_by=[User(kind=use.kind, name=use.user_name) for use in uses.of(tx, key.model_seq, key.version)],
    )


def of_run(tx: Tx, run_id: str) -> RunModels:
    """Return the registered versions of the run, and the logged models that it used or made, that the caller may read."""
    run_seq = runs.seq_of(tx, run_id)
    readable, bound = tx.only_readable("model", Action.MODELS_READ, "name")
    seqs = tx.all(
        f"""
        SELECT version_seq FROM model_versions WHERE workspace_id = :ws AND run_id = :run{readable} ORDER BY name, version
        """,
        run=run_id,
        **bound,
    )
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "x.experiment_id")
    edges = tx.all(
        f"""
        SELECT e.direction, e.step, {_MODEL} FROM run_models e
        JOIN logged_models l ON l.workspace_id = e.workspace_id AND l.model_id = e.model_id
        JOIN experiments x ON x.experiment_seq = l.experiment_seq
        WHERE e.workspace_id = :ws AND x.workspace_id = :ws AND e.run_seq = :run{readable}
        ORDER BY e.direction, e.step, l.model_id
        """,
        run=run_seq,
        **bound,
    )
    return RunModels(
        model_versions=versions.load(tx, [seq for (seq,) in seqs], with_aliases=True),
        logged_models=[
            RunModel(direction=direction, step=step, model=_as_model(model)) for direction, step, *model in edges
        ],
    )


def _readable_run(tx: Tx, run_id: str) -> Run | None:
    """Return a run; None if it does not exist or the caller may not read it."""
    found = runs.load(tx, list(runs.find_seqs(tx, [run_id]).values())) if run_id else []
    may_read = found and tx.rights.allows(Action.RUNS_READ, experiment_named(found[0].info.experiment_id))
    return found[0] if may_read else None


def _experiment(tx: Tx, experiment_id: str) -> Experiment | UnsetType:
    row = tx.one("SELECT name FROM experiments WHERE workspace_id = :ws AND experiment_id = :id", id=int(experiment_id))
    return UNSET if row is None else Experiment(experiment_id=experiment_id, name=row[0])


def _code(tags: list[KeyValue]) -> Code | UnsetType:
    said = {tag.key: tag.value for tag in tags}
    known = {field: said[tag] for field, tag in _CODE_TAGS.items() if said.get(tag)}
    return Code(**known) if known else UNSET


def _logged_model(tx: Tx, model_id: str) -> LoggedModel | UnsetType:
    readable, bound = tx.only_readable("experiment", Action.RUNS_READ, "x.experiment_id")
    row = tx.one(
        f"""
        SELECT {_MODEL} FROM logged_models l JOIN experiments x ON x.experiment_seq = l.experiment_seq
        WHERE l.workspace_id = :ws AND x.workspace_id = :ws AND l.model_id = :id{readable}
        """,
        id=model_id,
        **bound,
    )
    return UNSET if row is None else _as_model(row)


def _as_model(row: Sequence[Any]) -> LoggedModel:
    model_id, name, status, model_type, run_id = row
    return LoggedModel(
        model_id=model_id, name=name, status=Status(status).wire, model_type=model_type, source_run_id=run_id
    )


def _copies(tx: Tx, key: versions.Key, source: str) -> list[Origin]:
    """Return the versions that this one was copied from, the nearest first, by their current names, or the last names of deleted
    ones.

    A source contains the name at the time of the copy, which another model may have now."""
    found: list[Origin] = []
    model_seq, number = key.model_seq, key.version
    while len(found) < MAX_COPIES:
        uri = sources.model_uri(source) if source.startswith("models:") else None
        if uri is None or uri.name is None or uri.version is None:
            break
        bearer = history.model_with_name_when_created(tx, uri.name, model_seq, number)
        row = tx.one(
            """
            SELECT name, source, model_seq, version FROM model_versions
            WHERE workspace_id = :ws AND version = :version AND (model_seq = :bearer OR (:bearer = 0 AND name = :name))
            """,
            bearer=bearer or 0,
            name=uri.name,
            version=int(uri.version),
        )
        if row is None:
            found.append(Origin(name=uri.name, version=uri.version))
            break
        name, source, model_seq, number = row
        found.append(Origin(name=name, version=uri.version))
    return found

"""Determines the files of a new version: the rules of `sources`, applied to the files of runs, logged models and other
versions."""

import json

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound
from trackside.logged_models import store as logged_models
from trackside.registry import stages
from trackside.registry.files import sources
from trackside.registry.files.sources import ModelUri, Owner
from trackside.registry.model import LATEST, CreateVersion, check_name, model_not_found, version_not_found

VERSIONS_TAG = "mlflow.modelVersions"  # a tag of a logged model: JSON of the versions that were registered from it


class Origin(Struct, frozen=True):
    """The files of a version.  `files_uri` is None if the location is unknown.  `has_own_folder`: the files belong only to
    versions, not to a run or logged model."""

    source: str
    storage_location: str
    files_uri: str | None = None
    run_id: str = ""
    model_id: str = ""
    has_own_folder: bool = False


def of_prompt(call: CreateVersion) -> Origin:
    """Return the origin of a prompt, which has no files: its text is in its tags."""
    source = call.source or ""
    sources.check_prompt(source)
    return Origin(source, source, run_id=call.run_id or "")


def of_call(tx: Tx, call: CreateVersion) -> Origin:
    """Return the origin that a call names.  Raise Invalid, with the allowed sources, for any other."""
    source = call.source or ""
    sources.check_length(source)
    uri = sources.model_uri(source)
    if uri is not None and uri.model_id is None:
        return _of_version(tx, call, uri)
    run_id, model_id = call.run_id or "", call.model_id or ""
    if not model_id:
        root = _root_of_run(tx, run_id)
        sources.check(source, Owner("run_id", run_id, root))
        path = sources.run_path(source)
        if path is not None and root is not None:
            return Origin(source, source, sources.place(sources.below(root, path[1])), run_id)
        return Origin(source, sources.without_dots(source), sources.place(source), run_id)
    found = tx.one(
        """
        SELECT artifact_uri, source_run_id FROM logged_models
        WHERE workspace_id = :ws AND model_id = :id AND lifecycle_stage = 'active'
        """,
        id=model_id,
    )
    root, source_run = found if found is not None else (None, "")
    sources.check(source, Owner("model_id", model_id, root))
    if root is None:
        raise logged_models.missing(model_id)
    storage = root if uri is not None else sources.without_dots(source)
    return Origin(source, storage, sources.place(storage), run_id or source_run, model_id)


def tag_logged_model(tx: Tx, model_id: str, name: str, version: str) -> None:
    """Record the version in the tags of its logged model, as MLflow does.  No effect if the version is recorded already, or if
    this workspace does not have the model: a version may be copied from another workspace without its logged model."""
    model = tx.one(
        """
        SELECT model_seq, experiment_seq FROM logged_models WHERE workspace_id = :ws AND model_id = :id FOR UPDATE
        """,
        id=model_id,
    )
    if model is None:
        return
    model_seq, experiment_seq = model
    row = tx.one(
        """
        SELECT value FROM logged_model_tags
        WHERE workspace_id = :ws AND experiment_seq = :experiment AND model_seq = :model AND key = :key
        """,
        experiment=experiment_seq,
        model=model_seq,
        key=VERSIONS_TAG,
    )
    made = {"name": name, "version": int(version)}  # a number in the tag, but a string on the wire
    known = _versions_of(row[0]) if row is not None else []
    if made not in known:
        logged_models.set_tags(tx, model_id, {VERSIONS_TAG: json.dumps([*known, made])})


def _of_version(tx: Tx, call: CreateVersion, uri: ModelUri) -> Origin:
    """Return the origin of a copy, which is the origin of the copied version."""
    name = check_name(uri.name)
    model = tx.one(
        "SELECT model_seq, is_prompt FROM registered_models WHERE workspace_id = :ws AND name = :name", name=name
    )
    if model is None:
        raise model_not_found(name)
    if model[1]:
        raise Invalid(
            f"Invalid model version source: '{call.source}'. Prompt versions cannot be used as model version sources."
        )
    version = _number(tx, model[0], uri)
    row = tx.one(
        """
        SELECT version, storage_location, files_uri, run_id, model_id, has_own_folder FROM model_versions
        WHERE workspace_id = :ws AND model_seq = :model AND version = :version
        """,
        model=model[0],
        version=version,
    )
    if row is None:
        raise version_not_found(name, version)
    version, storage, files, run_id, model_id, has_own_folder = row
    if (call.run_id is not None and call.run_id != run_id) or (call.model_id is not None and call.model_id != model_id):
        raise Invalid(
            f"Invalid model version source: '{call.source}'. The run_id and model_id request parameters must match the "
            "referenced model version."
        )
    return Origin(f"models:/{name}/{version}", storage, files, run_id, model_id, bool(has_own_folder))


def _number(tx: Tx, model_seq: int, uri: ModelUri) -> int:
    """Return the version that a URI names by number, alias or stage, or else the newest one."""
    if uri.version is not None:
        return int(uri.version[:18])
    if uri.alias is not None and uri.alias.lower() != LATEST:
        row = tx.one(
            """
            SELECT version FROM registered_model_aliases
            WHERE workspace_id = :ws AND model_seq = :model AND alias = :alias
            """,
            model=model_seq,
            alias=uri.alias,
        )
        if row is None:
            raise Invalid(f"Registered model alias {uri.alias} not found.")
        return int(row[0])
    stage = None if uri.stage is None else stages.find(stages.of(tx), uri.stage).name
    row = tx.one(
        """
        SELECT MAX(version) FROM model_versions
        WHERE workspace_id = :ws AND model_seq = :model AND (:stage = '' OR current_stage = :stage)
        """,
        model=model_seq,
        stage=stage or "",
    )
    if row is None or row[0] is None:
        raise NotFound(f"No versions of model with name '{uri.name}'{f' and stage {stage!r}' if stage else ''} found")
    return int(row[0])


def _root_of_run(tx: Tx, run_id: str) -> str | None:
    if not run_id:
        return None
    row = tx.one("SELECT artifact_uri FROM runs WHERE workspace_id = :ws AND run_id = :id", id=run_id)
    return None if row is None else row[0]


def _versions_of(text: str) -> list[object]:
    try:
        known = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return known if isinstance(known, list) else []

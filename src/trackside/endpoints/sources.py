"""Resolves a model URI to the location of its files, and copies them to a local folder."""

import shutil
from pathlib import Path, PurePosixPath

from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots
from trackside.artifacts.store import Root
from trackside.core import disk
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Invalid
from trackside.endpoints.model import Model
from trackside.logged_models import store as logged_models
from trackside.registry import aliases, versions
from trackside.registry.files import sources
from trackside.runs import store as runs
from trackside.workspaces.model import Workspace

MODEL_FILE = "MLmodel"
_HELP = (
    "it must be a URI such as models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/STAGE, models:/NAME/latest, "
    "models:/m-ID or runs:/RUN/PATH"
)


def resolve(tx: Tx, uri: str | None) -> Model:
    """Return the model that a URI denotes now: a version instead of an alias or stage.

    Raise Invalid for text that is not a model URI, NotFound for a model that does not exist."""
    if not uri:
        raise Invalid(f"model_uri is missing; {_HELP}.")
    run = sources.run_path(uri)
    if run is not None:
        _check_readable(tx, Action.RUNS_READ, runs.locate(tx, run[0]))
        root = artifacts.root_of_run(tx, run[0])
        return Model(uri=uri, files_uri=sources.below(root.uri, run[1]))
    named = sources.model_uri(uri)
    if named is None:
        raise Invalid(f"model_uri is {uri!r}; {_HELP}.")
    if named.model_id is not None:
        _check_readable(tx, Action.RUNS_READ, logged_models.locate(tx, named.model_id))
        return Model(uri=uri, files_uri=logged_models.root_of(tx, named.model_id).uri)
    assert named.name is not None
    _check_readable(tx, Action.MODELS_READ, Object("model", named.name))
    version = _version(tx, named.name, named)
    return Model(
        uri=f"models:/{named.name}/{version}",
        files_uri=versions.root_of(tx, named.name, version).uri,
        name=named.name,
        version=version,
    )


def _check_readable(tx: Tx, action: Action, found: Object | None) -> None:
    """Raise Denied unless the caller may read the model: an endpoint reveals it to its callers."""
    if found is not None and not tx.rights.allows(action, found):
        raise Denied("Permission denied.")


def _version(tx: Tx, name: str, named: sources.ModelUri) -> str:
    if named.version is not None:
        return versions.get(tx, name, named.version).version
    if named.alias is not None:
        return aliases.get(tx, name, named.alias).version
    found = versions.latest_in(tx, name, [named.stage] if named.stage else [])
    if not found:
        where = f" in stage {named.stage}" if named.stage else ""
        raise Invalid(f"model_uri names the latest version of {name!r}{where}, and there is none.")
    return max(found, key=lambda each: int(each.version)).version


def fetch(roots: Roots, workspace: Workspace, workspace_root: str | None, model: Model, folder: Path) -> None:
    """Copy the files of a model into a folder, whole or not at all.

    Raise Invalid if there is no model, NotFound or Unavailable if the artifact store cannot provide the files."""
    if (folder / MODEL_FILE).exists():
        return
    spot = roots.of(Root(model.files_uri, workspace_root), "", workspace)
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    disk.make_folder(unfinished)
    for entry in spot.blobs.walk(spot.key):
        _copy(roots, Root(model.files_uri, workspace_root), workspace, entry.path, unfinished)
    if not (unfinished / MODEL_FILE).exists():
        shutil.rmtree(unfinished)
        raise Invalid(f"{model.uri} is not an MLflow model: it has no file {MODEL_FILE}.")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _copy(roots: Roots, root: Root, workspace: Workspace, path: str, folder: Path) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise Invalid(f"The model has a file {path!r}, whose path leads outside its folder.")
    target = folder.joinpath(*parts)
    disk.make_folder(target.parent)
    spot = roots.of(root, path, workspace)
    download = spot.blobs.open(spot.key)
    try:
        with target.open("wb") as file:
            for chunk in download.chunks():
                file.write(chunk)
    finally:
        download.close()

"""The files of replicated versions: among the files of a run or logged model, or in a separate folder.

An origin identifies files independently of their location: `run/ID/PATH` or `model/ID/PATH`, the same on every side.
"""

from typing import Any

from trackside.core import names
from trackside.core.db.tx import Tx
from trackside.registry.files import sources
from trackside.registry.files.sources import Owner
from trackside.workspaces import store as workspaces
from trackside.workspaces.model import artifact_root

FOLDER = "registry"  # folder for the files of versions without a run or logged model


def origin_of(tx: Tx, files_uri: str, run_id: str, model_id: str) -> str:
    """Return the origin by the run or logged model that has the files; empty if there is none."""
    segments = [segment for segment in (run_id, model_id, *files_uri.split("/")) if segment]
    for what, rows in (
        (
            "model",
            tx.all(
                "SELECT model_id, artifact_uri FROM logged_models WHERE workspace_id = :ws AND model_id IN :ids",
                ids=segments,
            ),
        ),
        (
            "run",
            tx.all("SELECT run_id, artifact_uri FROM runs WHERE workspace_id = :ws AND run_id IN :ids", ids=segments),
        ),
    ):
        for owner, root in rows:
            lies = sources.place(root)
            if lies is not None and (files_uri == lies or files_uri.startswith(f"{lies}/")):
                return f"{what}/{owner}/{files_uri[len(lies) :].strip('/')}"
    return ""


def place(tx: Tx, origin: str) -> str | None:
    """Return the location of the files; None if their run or logged model does not exist on this server."""
    what, _, rest = origin.partition("/")
    owner, _, path = rest.partition("/")
    if what == "run":
        row: Any = tx.one("SELECT artifact_uri FROM runs WHERE workspace_id = :ws AND run_id = :id", id=owner)
    elif what == "model":
        row = tx.one("SELECT artifact_uri FROM logged_models WHERE workspace_id = :ws AND model_id = :id", id=owner)
    else:
        return None
    if row is None:
        return None
    root: str = row[0]
    if not path:
        return root
    absolute = sources.below(root, path)
    sources.check(absolute, Owner(f"{what}_id", owner, root))
    return absolute


def own_folder(tx: Tx, uid: str, server_root: str) -> str:
    """Return the folder for the files of a version whose run or logged model does not exist on this server."""
    names.check_item_id(uid, "The uid of a version")
    return f"{artifact_root(workspaces.current(tx), server_root)}/{FOLDER}/{uid}"


def files_of(tx: Tx, uid: str) -> str | None:
    """Return the location of a version's files; None if it is unknown, or if the version does not exist."""
    row = tx.one("SELECT files_uri FROM model_versions WHERE workspace_id = :ws AND uid = :uid AND uid <> ''", uid=uid)
    return None if row is None else row[0]


def is_own_folder(files_uri: str) -> bool:
    return files_uri.rpartition("/")[0].endswith(f"/{FOLDER}")

"""Determines the owner of an artifact path, for access control, from the layout of the files of runs, logged models and
experiments.
"""

from trackside.artifacts import keys
from trackside.core.access import Object
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.logged_models import store
from trackside.runs import store as runs


def locate(tx: Tx, path: str) -> Object | None:
    """Return the experiment of a proxied artifact's path: of the run or model in the path, or else of the folder.  None if the
    path contains neither."""
    try:
        key = keys.from_path(path)
    except Invalid:
        return None
    owner = keys.owner(key)
    if owner is not None:
        entity, item_id, _ = owner
        found = runs.locate(tx, item_id) if entity == "run" else store.locate(tx, item_id)
        if found is not None:
            return found
    first = key.partition("/")[0]
    return Object("experiment", first) if first.isdecimal() and len(first) <= 19 else None


def located_uri(uri: str) -> str:
    """The path that an artifact URI names, empty for one that the server does not keep."""
    try:
        return keys.of_proxied(uri) or ""
    except (Invalid, ValueError):
        return ""

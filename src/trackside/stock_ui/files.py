"""Finds the files of MLflow's web UI in an installed mlflow.  It never imports mlflow."""

import mimetypes
from importlib import metadata
from pathlib import Path

INDEX = "mlflow/server/js/build/index.html"
MISSING = "--ui mlflow serves the web UI of an installed mlflow, and none is installed here: pip install mlflow"


def folder() -> Path | None:
    """Return the folder of the built UI; None if no mlflow with a UI is installed (mlflow-skinny has none)."""
    try:
        page = Path(str(metadata.distribution("mlflow").locate_file(INDEX)))
    except metadata.PackageNotFoundError:
        return None
    return page.parent.resolve() if page.is_file() else None


def find(root: Path, name: str) -> Path | None:
    """Return the file of a name; None for one that is not there or outside of the folder."""
    try:
        found = (root / name).resolve()
    except (OSError, ValueError):
        return None
    return found if found.is_relative_to(root) and found.is_file() else None


def media(path: Path) -> str:
    kind, _ = mimetypes.guess_type(path.name)
    return "text/javascript; charset=utf-8" if path.suffix == ".js" else kind or "application/octet-stream"

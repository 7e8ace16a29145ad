"""File access of pyiceberg that stays inside the folder of one table.

An Iceberg table names its files by absolute places.  Places below the table's own location are looked up in the folder, so that
a table that was copied or moved can be read; any other place is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO

from trackside.scorer.batch.lake import rows
from trackside.scorer.batch.order import OrderError

FOLDER, LOCATION = "trackside.folder", "trackside.location"
_METADATA = re.compile(r"[0-9]{1,9}-[0-9A-Za-z-]+(\.gz)?\.metadata\.json")


class FolderIO(PyArrowFileIO):  # type: ignore[misc]  # pyiceberg is not installed where this is checked
    """`folder` is the table's folder on this machine, and `location` its name in the table."""

    def __init__(self, folder: Path, location: str = "") -> None:
        super().__init__({})
        self._folder = folder
        self.location = location

    def new_input(self, location: str) -> Any:
        return super().new_input(self.path_of(location))

    def new_output(self, location: str) -> Any:
        """Return a file under its name in the table, by which manifests list it."""
        return PyArrowFile(location, self.path_of(location), self.fs_by_scheme("file", ""))

    def delete(self, location: Any) -> None:
        super().delete(self.path_of(location if isinstance(location, str) else location.location))

    def path_of(self, location: str) -> str:
        """Return the path on this machine.  Raise Wrong for a place outside of the table."""
        text = location
        if self.location and text.startswith(self.location.rstrip("/") + "/"):
            text = f"{self._folder}/{text[len(self.location.rstrip('/')) + 1 :]}"
        text = text[len("file:") :] if text.startswith("file:") else text
        text = "/" + text.lstrip("/") if text.startswith("//") else text
        if not text.startswith("/") or not rows.is_below(Path(text), self._folder):
            raise OrderError(
                f"the Iceberg table {self._folder.name} names the file {location[:200]!r}, which is outside of its folder"
            )
        return text


class StagingIO(FolderIO):
    """The file access of a commit.  The metadata gets a hidden name, so that no reader takes it for the table."""

    def __init__(self, properties: dict[str, str]) -> None:
        super().__init__(Path(properties[FOLDER]), properties[LOCATION])

    def path_of(self, location: str) -> str:
        found = super().path_of(location)
        if _METADATA.fullmatch(Path(found).name) and not Path(found).exists():
            return str(staged(self._folder, found))
        return found


def staged(folder: Path, location: str) -> Path:
    """Return the metadata file of a commit, by its name in the catalog."""
    return folder / "metadata" / f".{location.rpartition('/')[2]}"

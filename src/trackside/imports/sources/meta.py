"""Small files of MLflow's file store: `meta.yaml`, and folders with a file for each tag or param."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trackside.imports.source import SourceError, Unreadable

try:
    import yaml
except ImportError:
    raise SourceError(
        "a folder mlruns is read by the package PyYAML, which is not installed; run: pip install 'trackside[import]'"
    ) from None

META = "meta.yaml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is some ten times faster


def read_meta(folder: Path) -> dict[str, Any]:
    path = folder / META
    try:
        found = yaml.load(path.read_text("utf-8"), _LOADER)  # noqa: S506  # a safe loader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Unreadable(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise Unreadable(f"{path} holds no fields")
    return found


def text_of(meta: Mapping[str, Any], name: str) -> str:
    """Return the value as text: YAML reads an id of digits as a number."""
    value = meta.get(name)
    return "" if value is None else str(value)


def read_texts(folder: Path) -> dict[str, str]:
    """Return the values by key: a file for each key; a key with slashes is in folders."""
    found = {}
    for key in walk_files(folder):
        try:
            with (folder / key).open(encoding="utf-8", newline="") as file:
                found[key] = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise Unreadable(f"{folder / key} cannot be read: {error}") from None
    return found


def walk_files(folder: Path) -> Iterator[str]:
    for where, names, files in os.walk(folder):
        names.sort()
        start = os.path.relpath(where, folder)
        for name in sorted(files):
            yield name if start == "." else f"{start}/{name}"

"""Finds, reads and writes the file that names the workspace of a folder.  Calls no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator, NamedTuple, Union

from trackside_mlflow.errors import ConfigError
from trackside_mlflow.uris import Scope

FILE_NAME = "config.json"
FOLDERS = (".trackside", ".azureml", "aml_config", "")
EXAMPLE = (
    '{"subscription_id": "...", "resource_group": "...", "workspace_name": "team-a", "url": "http://127.0.0.1:5000"}'
)

PathLike = Union[str, Path]


class Config(NamedTuple):
    """The content of a config file.  `url`, the server's address, is a key of Trackside only."""

    workspace_name: str
    subscription_id: str | None
    resource_group: str | None
    url: str | None


def load(path: PathLike | None = None, file_name: str | None = None) -> Config:
    """Return the config file at `path`, or the first one from the folder `path` (default: the current one) upward.

    A folder is searched for `.trackside/config.json`, `.azureml/config.json`, `aml_config/config.json` and `config.json`,
    in this order. A bare `config.json` without a workspace belongs to another program and is skipped; any other invalid
    file is an error.
    """
    start = Path(path or ".").expanduser().resolve()
    if start.is_file():
        return read(start)
    if not start.is_dir():
        raise ConfigError(f"{start} does not exist; name a config file, or a folder to search from")
    passed_over: list[Path] = []
    for candidate in _candidates(start, file_name or FILE_NAME):
        try:
            return read(candidate)
        except ConfigError:
            if candidate.parent.name in FOLDERS:
                raise
            passed_over.append(candidate)
    found = "".join(f" {path} names no workspace." for path in passed_over)
    raise ConfigError(
        f"No config file for a workspace in {start} or the folders above it.{found} "
        f"Workspace.write_config() writes one. To write it by hand, create {FOLDERS[0]}/{FILE_NAME} with {EXAMPLE}"
    )


def read(path: Path) -> Config:
    """Return the content of the file, which has three keys or a Scope."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path} is not a JSON object; it must be {EXAMPLE}")
    url = _text(content, "url", path)
    scope = _text(content, "Scope", path)
    if scope is not None:
        parsed = Scope.parse(scope)
        return Config(parsed.name, parsed.subscription_id, parsed.resource_group, url)
    name = _text(content, "workspace_name", path)
    if name is None:
        raise ConfigError(f'{path} has neither "workspace_name" nor "Scope"; it must be {EXAMPLE}')
    return Config(name, _text(content, "subscription_id", path), _text(content, "resource_group", path), url)


def write(scope: Scope, url: str, path: PathLike | None = None, file_name: str | None = None) -> Path:
    """Write the file with a Scope and the server's address below the folder `path`, where `load` finds it first.

    The folder is `.azureml`, as with azureml-core, or `.trackside` if that exists or `.azureml` has a file that azureml-core
    wrote for a workspace in Azure.
    """
    root = Path(path or ".").expanduser().resolve()
    name = file_name or FILE_NAME
    ours, azures = (root / folder / name for folder in FOLDERS[:2])
    target = ours if ours.exists() or (azures.exists() and not _is_ours(azures)) else azures
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"Id": None, "Scope": str(scope), "url": url}
    target.write_text(json.dumps(content, indent=4) + "\n", encoding="utf-8")
    return target


def _candidates(start: Path, file_name: str) -> Iterator[Path]:
    for folder in (start, *start.parents):
        for name in FOLDERS:
            candidate = folder / name / file_name
            if candidate.is_file():
                yield candidate


def _is_ours(path: Path) -> bool:
    try:
        return read(path).url is not None
    except ConfigError:
        return False


def _text(content: dict[str, Any], key: str, path: Path) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"{path}: {key!r} is {value!r}; it must be text")
    return value or None

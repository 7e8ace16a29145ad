"""Read a project with MLflow's own code: `python describe.py FOLDER ENTRY_POINT PARAMETERS STORAGE`.

It runs in a separate process in the sandbox, with a Python that has mlflow, and imports nothing of Trackside.  Its last line
is a report for the server.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

MARK = "\x1etrackside "
_AFTER_NAME = re.compile(r"[^A-Za-z0-9._-].*")  # of a package's name and version


class ProjectError(Exception):
    """The project cannot be run; the message is for the user."""


def main(words: list[str]) -> int:
    folder, entry_point, parameters, storage = words
    try:
        found = describe(Path(folder), entry_point, json.loads(parameters), storage)
    except ProjectError as fault:
        print(MARK + json.dumps({"error": str(fault)}), flush=True)  # noqa: T201  # for the server
        return 1
    print(MARK + json.dumps({"result": found}), flush=True)  # noqa: T201
    return 0


def describe(folder: Path, entry_point: str, parameters: dict[str, str], storage: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415  # of the environment that has mlflow
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from mlflow.projects import _project_spec as spec  # noqa: PLC0415

    try:
        project = spec.load_project(str(folder))
        entry = project.get_entry_point(entry_point)
        entry._validate_parameters(parameters)  # noqa: SLF001  # it names every parameter that is missing
        command = entry.compute_command(parameters, storage)
    except (MlflowException, yaml.YAMLError, OSError, AttributeError, TypeError) as fault:
        raise ProjectError(f"The project cannot be run: {getattr(fault, 'message', fault)}") from None
    if project.docker_env:
        raise ProjectError(
            "The project has a docker_env; this server runs projects with a python_env or a conda_env of pip packages."
        )
    return {"command": command, **_environment(folder, project, yaml)}


def _environment(folder: Path, project: Any, yaml: Any) -> dict[str, Any]:
    """Return Python's version, the requirements for pip, and the packages for conda."""
    if not project.env_config_path:
        return {}
    given = yaml.safe_load(Path(project.env_config_path).read_text("utf-8")) or {}
    if project.env_type == "conda_env":
        return _of_conda(given, folder)
    wanted = [*(given.get("build_dependencies") or []), *(given.get("dependencies") or [])]
    return {"python": _short(given.get("python")), "requirements": _flat(wanted, folder)}


def _of_conda(given: dict[str, Any], folder: Path) -> dict[str, Any]:
    version = ""
    pip: list[Any] = []
    packages: list[str] = []
    only_conda: list[str] = []
    for each in given.get("dependencies") or []:
        if isinstance(each, dict):
            pip += each.get("pip") or []
            continue
        packages.append(str(each))
        name, _, number = str(each).rpartition("::")[2].replace("==", "=").partition("=")
        if name == "python":
            version = number
        elif _AFTER_NAME.sub("", name) not in ("pip", "python"):
            only_conda.append(str(each))
    requirements = _flat(pip, folder)
    conda = {"channels": [str(each) for each in given.get("channels") or []], "packages": packages}
    return {"python": _short(version), "requirements": requirements, "conda": conda, "only_conda": only_conda}


def _flat(wanted: list[Any], folder: Path) -> list[str]:
    """Replace `-r FILE` by the lines of the file."""
    found: list[str] = []
    for each in map(str, wanted):
        if not each.startswith("-"):
            found.append(each)
            continue
        option, _, name = each.partition(" ")
        path = (folder / name.strip()).resolve()
        if option not in ("-r", "--requirement") or not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise ProjectError(
                f"The project's environment has {each!r}; of options, only -r with a file of the project is taken."
            )
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        found += _flat([line for line in lines if line and not line.startswith("#")], folder)
    return found


def _short(version: Any) -> str:
    """Return `3.11` of `3.11.7`."""
    numbers = str(version or "").strip().strip("'\"<>=~").split(".")
    return ".".join(numbers[:2]) if len(numbers) >= 2 and all(each.isdigit() for each in numbers[:2]) else ""


if __name__ == "__main__":
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    sys.exit(main(sys.argv[1:]))

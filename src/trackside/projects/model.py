"""The parameters and the result of a job that runs a project.  Pure."""

import re
from collections.abc import Sequence
from typing import Annotated

from msgspec import Struct

from trackside.core.errors import Denied, Invalid
from trackside.jobs.model import one_of

ARCHIVE = "project.tar.gz"  # the file of the run with the code that a client sent
PROCESS, RAY = "process", "ray"  # executors
_LOCAL = ("", "local", "LOCAL")  # as in azureml's backend: no cluster
ENVS = ("uv", "local")
MAX_PARAMETERS = 100
MAX_VALUE = 6000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,249}")
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
_FOLDER = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


class Project(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`run_id` is the run that the project logs to.  Its code is the run's file `project.tar.gz`, or comes from `git_uri`.

    `env` uv builds the project's environment; local takes the server's --model-python, or the cluster's own packages.  `compute`
    names an executor: process or ray."""

    run_id: str
    git_uri: str = ""
    version: str = ""  # a branch, tag or commit of git_uri
    subdirectory: str = ""
    entry_point: str = "main"
    parameters: dict[str, str] = {}
    env: Annotated[str, one_of(*ENVS)] = "uv"
    compute: str = ""


class Ran(Struct, frozen=True, kw_only=True):
    run_id: str
    command: str


class Conda(Struct, frozen=True):
    """The requirements of a `conda.yaml`, except those of pip."""

    channels: list[str] = []
    packages: list[str] = []


class Described(Struct, frozen=True):
    """The description of a project: the command of its entry point, and its environment.

    `only_conda` are the packages of `conda` that pip cannot install."""

    command: str
    python: str = ""
    requirements: list[str] = []
    conda: Conda | None = None
    only_conda: list[str] = []


def check(params: Project, sources: Sequence[str], executors: Sequence[str]) -> Project:
    """Raise Invalid for invalid values, Denied for a git URI outside of `sources`."""
    if params.env not in ENVS:
        raise Invalid(f"env is {params.env[:50]!r}; it must be uv or local")
    if params.compute not in (*_LOCAL, *executors):
        hint = "; ray needs a server that was started with --ray-address" if params.compute == RAY else ""
        raise Invalid(
            f"compute is {params.compute[:100]!r}, which is not an executor of this server; it must be "
            f"{' or '.join(executors)}, or omitted{hint}"
        )
    if not _NAME.fullmatch(params.entry_point):
        raise Invalid(f"entry_point is {params.entry_point[:100]!r}; it must be the name of one")
    if len(params.parameters) > MAX_PARAMETERS:
        raise Invalid(f"parameters has {len(params.parameters)} entries; it may have {MAX_PARAMETERS}")
    for name, value in params.parameters.items():
        if not _NAME.fullmatch(name) or len(value) > MAX_VALUE:
            raise Invalid(
                f"parameters has {name[:100]!r}; a name has letters, digits, dots, dashes and underscores, and a value at most"
                f" {MAX_VALUE} characters"
            )
    if params.subdirectory and not _FOLDER.fullmatch(params.subdirectory):
        raise Invalid(f"subdirectory is {params.subdirectory[:100]!r}; it must be a path of plain names")
    if params.version and (not _VERSION.fullmatch(params.version) or ".." in params.version):
        raise Invalid(f"version is {params.version[:100]!r}; it must be a branch, a tag or a commit")
    if params.git_uri:
        check_source(params.git_uri, sources)
    return params


def check_source(uri: str, sources: Sequence[str]) -> None:
    """Raise Denied for a git URI that is below none of the places that the operator named."""
    is_plain = re.fullmatch(r"(https|file)://[A-Za-z0-9._~:/%+-]+", uri) and ".." not in uri
    if not is_plain or not any(uri.startswith(f"{source.rstrip('/')}/") for source in sources):
        named = ", ".join(sources) or "none"
        raise Denied(
            f"git_uri is {uri[:200]!r}, which is below none of the server's --project-sources ({named}). Clone it, and run the"
            " folder."
        )


def check_pip_alone(found: Described, remedy: str) -> None:
    """Raise Invalid for an environment with packages that only conda installs."""
    if found.only_conda:
        raise Invalid(
            f"The project's conda_env names {', '.join(found.only_conda)[:1000]}, which pip does not install; {remedy}, or list"
            " Python packages below `pip`."
        )

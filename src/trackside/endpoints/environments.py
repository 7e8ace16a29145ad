"""Python environments of models, built by uv from their requirements and cached by content.

Models with the same requirements share an environment.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path

from trackside.core import disk
from trackside.core.errors import Fault, Invalid, Unsupported

SCORER_NEEDS = ("httptools>=0.6.4", "msgspec>=0.18", "uvloop>=0.21; sys_platform != 'win32'")
ENGINES = {"spark": ("pyspark[connect]>=4",), "ray": ("ray>=2.40",)}
TIMEOUT_S = 1800.0
READY = ".ready"
REQUIREMENTS = "requirements.txt"
BUILT = ("pyspark",)  # published only as a source distribution
_FROM_INDEX = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]*)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;(][^@/\\]*)?")


class BuildFailed(Fault):
    """The environment of a model cannot be built."""


def local(python: str) -> str:
    """Return the path of the Python that the operator configured.  Raise Unsupported if there is none, or it cannot serve a
    model."""
    if not python:
        raise Unsupported(
            "spec.env is 'local', and the server has no Python for models: start it with --model-python, or set spec.env to 'uv'."
        )
    program = program_of(python)
    _check_serves(program, python)
    return program


def program_of(python: str) -> str:
    """Return the path of the Python that the operator configured, with any packages.  Raise Unsupported if it is not a
    program."""
    program = shutil.which(python)
    if program is None:
        raise Unsupported(f"--model-python is {python!r}, which is not a program on the server's machine.")
    return program


@lru_cache  # exceptions are not cached
def _check_serves(program: str, python: str) -> None:
    """Raise Unsupported for a Python that cannot serve a model.  Cached: the check takes a second of CPU time."""
    done = subprocess.run(  # noqa: S603  # the operator named it
        [program, "-c", "import httptools, mlflow"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise Unsupported(
            f"--model-python is {python!r}, which cannot run models and projects, since `import httptools, mlflow` fails:"
            f" {last[0]}. Run: {python} -m pip install httptools mlflow; then start the job or update the deployment again"
        )


class Environments:
    """`folder` has the environments.  `local_python` is the operator's Python for models, or empty.

    `find_uv` returns the program uv, or None if it is not installed; it is called when uv is first needed."""

    def __init__(self, folder: Path, local_python: str = "", find_uv: Callable[[], str | None] | None = None) -> None:
        self._folder = folder
        self._local_python = local_python
        self._find_uv = find_uv or _find_uv

    @cached_property
    def _uv(self) -> str | None:
        return self._find_uv()

    def python(self, env: str, model: Path, report: Callable[[str], None] = lambda _: None, engine: str = "") -> str:
        """Return the Python that runs the model in a folder.

        `env` is `uv` (`build`), `local` (the operator's Python) or `auto`: `uv` if it is installed and the model has
        requirements, otherwise `local` if the operator configured a Python."""
        if env == "auto":
            can_build = self._uv is not None and (model / REQUIREMENTS).exists()
            env = "uv" if can_build or not self._local_python else "local"
        return local(self._local_python) if env == "local" else self.build(model, report, engine)

    def with_packages(
        self, env: str, wanted_packages: Sequence[str], report: Callable[[str], None] = lambda _: None
    ) -> str:
        """Return a Python with packages that the server needs, separate from those of any model.

        `env` is as for `python`: with `local`, the operator's Python must have them."""
        if env == "auto":
            env = "uv" if self._uv is not None or not self._local_python else "local"
        if env == "local":
            return program_of(self._local_python)
        return self.build_for(f"{sys.version_info.major}.{sys.version_info.minor}", list(wanted_packages), report)

    def build(self, model: Path, report: Callable[[str], None] = lambda _: None, engine: str = "") -> str:
        """Return the Python of the environment for the model in a folder; build it if there is none.

        `engine` is spark or ray, whose packages are added.  Raise Unsupported without uv, BuildFailed with uv's last lines."""
        return self.build_for(_python_version(model), [*requirements(model), *ENGINES.get(engine, ())], report)

    def build_for(
        self, version: str, wanted_packages: list[str], report: Callable[[str], None] = lambda _: None
    ) -> str:
        """Return the Python of the environment with these requirements; build it if there is none."""
        key = _key(version, wanted_packages)
        place = self._folder / key
        python = place / "bin" / "python"
        if (place / READY).exists():
            os.utime(place / READY)
            return str(python)
        if self._uv is None:
            raise Unsupported(
                "The environment of a model is built by uv, which is not installed on the server: run `pip install uv`, or "
                "start the server with --model-python and set spec.env to 'local'."
            )
        disk.make_folder(place.parent)
        with alone(place.with_suffix(".lock")):
            if not (place / READY).exists():  # else another thread or process has just built it
                self._build(place, python, version, wanted_packages, report)
        return str(python)

    def _build(
        self, place: Path, python: Path, version: str, wanted_packages: list[str], report: Callable[[str], None]
    ) -> None:
        shutil.rmtree(place, ignore_errors=True)
        report(f"Building an environment with Python {version} and {len(wanted_packages)} requirements.")
        self._run("venv", "--python", version, str(place))
        wanted = place / REQUIREMENTS
        wanted.write_text("\n".join([*wanted_packages, *SCORER_NEEDS]) + "\n", "utf-8")
        # A source distribution would run its author's code outside the sandbox, so only wheels are accepted.
        words = ["--only-binary", ":all:", *_exceptions(wanted_packages), "--python", str(python), "--compile-bytecode"]
        self._run("pip", "install", *words, "-r", str(wanted))
        (place / READY).touch()

    def _run(self, *words: str) -> None:
        assert self._uv is not None
        try:
            done = subprocess.run(  # noqa: S603  # the words are this module's
                [self._uv, *words],
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise BuildFailed(f"`uv {words[0]}` did not end within {TIMEOUT_S:g} s.").because(
                "environment-failed", message=f"`uv {words[0]}`: {TIMEOUT_S:g} s"
            ) from None
        if done.returncode:
            last = "\n".join(done.stderr.strip().splitlines()[-8:])
            raise BuildFailed(f"The environment cannot be built. `uv {words[0]}` says: {last}").because(
                "environment-failed", message=last
            )


def _exceptions(requirements: list[str]) -> list[str]:
    """Return the flags that let uv build the packages of BUILT.

    There are none if a requirement is more than a name and a version: it could name another archive as such a package."""
    found = [_FROM_INDEX.fullmatch(line) for line in requirements]
    names = {match["name"].lower() for match in found if match is not None}
    if not all(found):
        return []
    return [word for name in BUILT if name in names for word in ("--no-binary", name)]


def key_of(model: Path) -> str:
    """Return the name of the environment's folder for the model in a folder; empty if none can be built."""
    try:
        return _key(_python_version(model), requirements(model))
    except Invalid:
        return ""


def _key(version: str, requirements: list[str]) -> str:
    return hashlib.sha256("\n".join([version, *sorted(requirements), *SCORER_NEEDS]).encode()).hexdigest()[:24]


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that an endpoint and a job do not build one environment at the same time."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _find_uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv")


def requirements(model: Path) -> list[str]:
    """Return the lines of the model's `requirements.txt`, as MLflow writes it beside each model."""
    file = model / REQUIREMENTS
    if not file.exists():
        raise Invalid(
            "The model has no file requirements.txt: set spec.env to 'local', for the Python that the server was started with."
        )
    lines = [line.strip() for line in file.read_text("utf-8", "replace").splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    for line in wanted:
        if line.startswith("-"):
            raise Invalid(
                f"The model's requirements.txt has the option {line!r}; only requirements are allowed, no options."
            )
    return wanted


def _python_version(model: Path) -> str:
    """Return `3.11` for `python: 3.11.7` in the model's `python_env.yaml`; the server's own version without it."""
    file = model / "python_env.yaml"
    if file.exists():
        for line in file.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            numbers = value.strip().strip("'\"").split(".")
            if name.strip() == "python" and len(numbers) >= 2 and all(each.isdigit() for each in numbers[:2]):
                return ".".join(numbers[:2])
    return f"{sys.version_info.major}.{sys.version_info.minor}"

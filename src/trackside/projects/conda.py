"""Environments of projects, built by conda, mamba or micromamba if one of them is installed.

A package may run code of its author during its installation, so the program runs in the sandbox, with a separate package cache.
Environments are cached by content.
"""

import hashlib
import os
import shutil
from pathlib import Path

import msgspec

from trackside.core import disk
from trackside.core.counts import counted
from trackside.endpoints.environments import READY, alone
from trackside.jobs.executors.port import Command
from trackside.jobs.running import ChildFailed, Running
from trackside.projects.model import Conda

PROGRAMS = ("micromamba", "mamba", "conda")  # the fastest first
# Runs the scripts with which packages of conda set variables, as `conda activate` does, before a command.
ACTIVATE = 'for each in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do if [ -e "$each" ]; then . "$each"; fi; done; '
_READABLE = ("/etc/conda", "/etc/passwd", "/etc/ssl", "/etc/ca-certificates")


def find() -> str:
    """Return the path of the program; empty where none is installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), "")


def build(running: Running, program: str, folder: Path, wanted: Conda, requirements: list[str]) -> Path:
    """Return the prefix of the environment; build it below `folder` if it does not exist.  Raise ChildFailed if conda fails."""
    text = _file(wanted, requirements)
    place = folder / f"conda-{hashlib.sha256(text).hexdigest()[:24]}"
    prefix = place / "env"
    disk.make_folder(folder)
    with alone(place.with_suffix(".lock")):
        if (place / READY).exists():
            os.utime(place / READY)
            return prefix
        shutil.rmtree(place, ignore_errors=True)
        disk.make_folder(place)
        name = Path(program).name
        running.progress(message=f"Building an environment with {name}.", key="building", values={"program": name})
        running.log(
            f"Building an environment with {program}: {counted(len(wanted.packages), 'packages')}, {len(requirements)} of pip."
        )
        scratch = running.folder / "conda"
        disk.make_folder(scratch)
        file = scratch / "environment.yml"
        file.write_bytes(text)
        try:
            running.run(_command(program, scratch, file, place, prefix))
        except ChildFailed as fault:
            raise ChildFailed(f"The environment cannot be built. `{Path(program).name}` says: {fault.message}").because(
                "environment-failed", message=fault.message
            ) from None
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        (place / READY).touch()
    return prefix


def _file(wanted: Conda, requirements: list[str]) -> bytes:
    """Return the environment's file: JSON, which is YAML too."""
    needs_pip = bool(requirements) and not any(each.partition("=")[0].strip() == "pip" for each in wanted.packages)
    packages = [*wanted.packages, *(["pip"] if needs_pip else []), *([{"pip": requirements}] if requirements else [])]
    found: dict[str, object] = {"dependencies": packages}
    if wanted.channels:
        found["channels"] = wanted.channels
    return msgspec.json.encode(found)


def _command(program: str, scratch: Path, file: Path, place: Path, prefix: Path) -> Command:
    words = ["create"] if Path(program).name == "micromamba" else ["env", "create"]
    return Command(
        argv=[program, *words, "--prefix", str(prefix), "--file", str(file)],
        folder=str(scratch),
        readable=[_home(program), *_READABLE],
        writable=[str(place)],
        environment={
            "PATH": f"{Path(program).parent}:/usr/local/bin:/usr/bin:/bin",
            "CONDA_PKGS_DIRS": str(scratch / "packages"),
            "MAMBA_ROOT_PREFIX": str(scratch / "root"),
            "CONDA_ALWAYS_YES": "true",
            "MAMBA_ALWAYS_YES": "true",
            "CONDA_QUIET": "true",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        },
        has_network=True,
    )


def _home(program: str) -> str:
    """Return the folder of an installation of conda; the program itself where it is one file."""
    home = Path(program).resolve().parent.parent
    return str(home) if (home / "conda-meta").is_dir() else program

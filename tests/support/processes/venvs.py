"""Virtual environments with other releases of MLflow, each from a file of pins in `constraints`; made once and kept."""

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CACHE = ROOT / ".venvs"  # git ignores it; delete it to start anew


def environment(name: str) -> Path:
    """The interpreter with what `constraints/NAME.txt` pins: made once, and again when it changes."""
    pinned = ROOT / "constraints" / f"{name}.txt"
    folder = CACHE / f"{name}-python-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    stamp = folder / ".installed"
    digest = hashlib.sha256(pinned.read_bytes()).hexdigest()
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other processes of tests may want it too
        if not (stamp.exists() and stamp.read_text() == digest):
            _call(sys.executable, "-m", "venv", "--clear", "--without-pip", folder)
            pip = (sys.executable, "-m", "pip", "--python", python)
            _call(*pip, "install", "--quiet", "--no-compile", "--require-hashes", "--requirement", pinned)
            stamp.write_text(digest)
    return python


def _call(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

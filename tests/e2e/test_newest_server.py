"""core/http/protocol uses private parts of uvicorn: run its tests with the newest releases of the server's packages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEWEST = ("uvicorn", "httptools", "uvloop")
TESTS = ("tests/fuzz/test_silence.py", "tests/fuzz/test_slow_readers.py", "tests/fuzz/test_sockets.py")
SHOWS = "import uvicorn, httptools, uvloop; print(uvicorn.__file__, httptools.__file__, uvloop.__file__)"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_protocol_works_on_the_newest_releases(tmp_path: Path) -> None:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--upgrade",
        "--no-deps",
        "--target",
        str(tmp_path),
        *NEWEST,
    ]
    installed = subprocess.run(pip, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"no package index: {installed.stderr.strip()[-200:]}")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    shown = subprocess.run([sys.executable, "-c", SHOWS], env=environment, capture_output=True, text=True, check=True)
    words = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert all(path.startswith(str(tmp_path)) for path in shown.stdout.split())
    assert done.returncode == 0, done.stdout[-4000:]

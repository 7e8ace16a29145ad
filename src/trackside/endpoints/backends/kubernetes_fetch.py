"""Runs in a pod before the scorer: downloads the model's files and installs its requirements.  It imports only the standard
library.

python fetch.py URL FOLDER install|local      TOKEN in the environment
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

NEEDS = ("httptools>=0.6.4", "msgspec>=0.18", "uvloop>=0.21")


def main(url: str, folder: str, how: str) -> None:
    root = Path(folder)
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {os.environ['TOKEN']}"})
    with urllib.request.urlopen(request, timeout=600) as answer, tempfile.TemporaryFile() as file:
        while piece := answer.read(1 << 20):
            file.write(piece)
        file.seek(0)
        with tarfile.open(fileobj=file) as archive:
            archive.extractall(root / "model", filter="data")
    if how == "install":
        subprocess.run([sys.executable, "-m", "venv", str(root / "env")], check=True)
        wanted = ["-r", str(root / "model" / "requirements.txt"), *NEEDS]
        pip = [str(root / "env" / "bin" / "python"), "-m", "pip", "install", "--no-cache-dir", "--only-binary", ":all:"]
        subprocess.run([*pip, *wanted], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

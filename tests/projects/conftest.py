"""Projects: folders of code with an MLproject, and servers that run them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.processes.servers import Server

MLPROJECT = """\
name: sums
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      count: int
    command: "python train.py {alpha} {count}"
  fails:
    command: "python train.py no 1"
  waits:
    command: "echo waiting && sleep 600"
"""
TRAIN = """\
import sys
import mlflow
alpha, count = float(sys.argv[1]), int(sys.argv[2])
print("training with", alpha)
with mlflow.start_run():
    for step in range(count):
        mlflow.log_metric("loss", alpha * step, step=step)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "sums"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "x.pyc").write_text("no part of the project")
    (folder / "MLproject").write_text(MLPROJECT)
    (folder / "train.py").write_text(TRAIN)
    return folder


@pytest.fixture
def running(start: Callable[..., Server]) -> Server:
    return start("--model-python", sys.executable)

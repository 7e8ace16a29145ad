"""`make demo`, as a newcomer runs it: the training, the registry and the prediction, against a server of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demo_registers_its_model_twice_and_predicts_with_version_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py"],
        env={
            **os.environ,
            "DEMO_EXIT": "1",
            "DATA": str(tmp_path / "data"),
            "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"Created version '(\d)' of model 'iris-classifier'", done.stdout + done.stderr) == ["1", "2"]
    shown, _, predicted = done.stdout.partition('mlflow.pyfunc.load_model("models:/iris-classifier/2")')
    assert '"epoch_loss"' in shown
    predicted, _, served = predicted.partition("The endpoint iris serves")
    assert '{"predictions": [0]}' in served
    kinds = ["setosa", "setosa", "versicolor", "versicolor", "virginica"]
    assert re.findall(r"(\w+) +(\w+)$", predicted, re.MULTILINE)[1:] == [(k, k) for k in kinds]
    served, _, scored = served.partition("scored 150 rows with models:/iris-classifier/2")
    assert re.findall(r"0 models:/iris-classifier/2 +(\d)$", scored, re.MULTILINE) == ["0", "1", "2"]
    assert "All data is in the folder" in scored

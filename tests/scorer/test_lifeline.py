"""A scorer ends with its parent process, also before its model is loaded."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scorer.conftest import SCORER, environment

HANGS = "import os, time; os.write(1, b'loading\\n'); time.sleep(600)"


class _Hanging:
    def __reduce__(self) -> Any:
        return exec, (HANGS,)


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    """A model whose loading does not end."""
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(_Hanging()))
    inputs = json.dumps([{"name": "a", "type": "double", "required": True}])
    python = {"loader_module": "mlflow.sklearn", "model_path": "model.pkl", "predict_fn": "predict"}
    flavors = {"python_function": python, "sklearn": {"serialization_format": "pickle", "pickled_model": "model.pkl"}}
    (tmp_path / "MLmodel").write_text(json.dumps({"flavors": flavors, "signature": {"inputs": inputs}}))
    return tmp_path


@pytest.mark.parametrize(("said", "code"), [(b"", 1), (b"stop\n", 0)])
def test_a_scorer_with_a_model_that_hangs_while_loading_ends_on_sigterm(hanging: Path, said: bytes, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, SCORER, "--model", hanging, "--port", "0", "--lifeline"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == b"loading\n"

        process.stdin.write(said)
        process.stdin.close()

        assert process.wait(60) == code

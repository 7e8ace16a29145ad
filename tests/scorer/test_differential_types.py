"""The scorer and MLflow's own server on models with other signatures: text, optional columns, parameters, tensors, none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scorer.conftest import Scoring, stock
from scorer.test_differential import JSON, answer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CODE = """
import mlflow

class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        if hasattr(model_input, "columns"):
            shown = model_input.astype(str)
            return shown.assign(params=str(sorted((params or {}).items())))
        if isinstance(model_input, dict):
            return [f"{name}: {values.tolist()}" for name, values in sorted(model_input.items())]
        return model_input * 2

mlflow.models.set_model(Echo())
"""
TEXT = {"name": "x", "count": 3, "share": 0.5, "is_new": True, "at": "2026-01-31T00:00:00"}
BODIES: dict[str, list[Any]] = {
    "mixed": [
        {"dataframe_records": [TEXT]},
        {"dataframe_records": [{**TEXT, "share": None}, TEXT]},
        {"dataframe_records": [{k: v for k, v in TEXT.items() if k != "share"}]},
        {"dataframe_records": [{k: v for k, v in TEXT.items() if k != "name"}]},
        {"dataframe_records": [{**TEXT, "count": 2.5}]},
        {"dataframe_records": [{**TEXT, "count": "3"}]},
        {"dataframe_records": [{**TEXT, "is_new": "yes"}]},
        {"dataframe_records": [{**TEXT, "name": 3}]},
        {"dataframe_records": [{**TEXT, "name": "ä\u2028\U0001f600"}]},
        {"dataframe_records": [{**TEXT, "at": "no time"}]},
        {"dataframe_records": [TEXT], "params": {"k": 7}},
        {"dataframe_records": [TEXT], "params": {"k": "seven"}},
        {"dataframe_records": [TEXT], "params": {"other": 1}},
        {"dataframe_records": [TEXT], "params": [1]},
        {"dataframe_split": {"columns": list(TEXT), "data": [list(TEXT.values())]}},
        {"instances": [TEXT]},
        {"instances": [list(TEXT.values())]},
        {"inputs": {name: [value] for name, value in TEXT.items()}},
        {"inputs": [TEXT]},
    ],
    "tensor": [
        {"inputs": [[1.0, 2.0, 3.0]]},
        {"instances": [[1.0, 2.0, 3.0], [4, 5, 6]]},
        {"inputs": [[1.0, 2.0]]},
        {"inputs": [["x", "y", "z"]]},
        {"inputs": []},
        {"inputs": 3},
        {"dataframe_split": {"columns": ["a", "b", "c"], "data": [[1.0, 2.0, 3.0]]}},
    ],
    "unsigned": [
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"], [2.5, None]]}},
        {"dataframe_records": [{"a": 1}, {"b": [1, 2]}]},
        {"instances": [[1, 2], [3, 4]]},
        {"inputs": {"a": [1, 2], "b": ["x", "y"]}},
        {"inputs": [[1, 2], [3]]},
        {"dataframe_records": [{"a": {"deep": {"er": 1}}}]},
    ],
}


@pytest.mark.parametrize("kind", list(BODIES))
def test_answers_equal_the_answers_of_mlflow(serve_model: Callable[..., Scoring], tmp_path: Path, kind: str) -> None:
    model = save(tmp_path, kind)
    ours = serve_model(model)

    with stock(model) as theirs:
        for body in BODIES[kind]:
            raw = json.dumps(body).encode()
            status, text, media = answer(theirs, raw, JSON)
            # MLflow writes NaN, which is not JSON; ours is null.
            assert answer(ours, raw, JSON) == (status, text.replace(b": NaN", b": null"), media), body


def save(folder: Path, kind: str) -> Path:
    import mlflow
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

    columns = [
        ColSpec("string", "name"),
        ColSpec("long", "count"),
        ColSpec("double", "share", required=False),
        ColSpec("boolean", "is_new"),
        ColSpec("datetime", "at"),
    ]
    params = ParamSchema([ParamSpec("k", "long", 3), ParamSpec("mode", "string", "x")])
    signatures = {
        "mixed": ModelSignature(inputs=Schema(columns), params=params),
        "tensor": ModelSignature(inputs=Schema([TensorSpec(np.dtype("float32"), (-1, 3))])),
        "unsigned": None,
    }
    (folder / "code.py").write_text(CODE, "utf-8")
    mlflow.pyfunc.save_model(
        folder / "model", python_model=str(folder / "code.py"), pip_requirements=[], signature=signatures[kind]
    )
    return folder / "model"

"""Save a small model of a flavor, and print a row with the model's prediction of it; run in an environment with the flavor.

flavor_models.py FLAVOR FOLDER
"""

import importlib.metadata
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature

COLUMNS = ["a", "b"]
FRAME = pd.DataFrame(np.random.default_rng(5).normal(size=(200, 2)), columns=COLUMNS)
LABEL: Any = (FRAME["a"] * 2 - FRAME["b"] > 0).astype("int64")
ROW = FRAME.head(1)


def pinned(*names: str) -> list[str]:
    """Requirements at the releases that are installed here."""
    return [f"{name}=={importlib.metadata.version(name)}" for name in ("mlflow", *names)]


def sklearn(folder: Path) -> Any:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(FRAME, LABEL)
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=infer_signature(FRAME, LABEL),
        serialization_format="cloudpickle",
        pip_requirements=pinned("scikit-learn", "cloudpickle"),
    )
    return model.predict(ROW).tolist()


def xgboost(folder: Path) -> Any:
    from xgboost import XGBRegressor

    model = XGBRegressor(n_estimators=5, max_depth=2).fit(FRAME, LABEL)
    mlflow.xgboost.save_model(
        model, folder, signature=infer_signature(FRAME, LABEL), pip_requirements=pinned("xgboost", "scikit-learn")
    )
    return model.predict(ROW).tolist()


def lightgbm(folder: Path) -> Any:
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(n_estimators=5, num_leaves=4, verbose=-1).fit(FRAME, LABEL)
    mlflow.lightgbm.save_model(
        model, folder, signature=infer_signature(FRAME, LABEL), pip_requirements=pinned("lightgbm", "scikit-learn")
    )
    return model.predict(ROW).tolist()


def onnx(folder: Path) -> Any:
    from onnx import TensorProto, helper

    weights: Any = np.array([[2.0], [-1.0]], dtype=np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["rows", "weights"], ["scores"])],
        "linear",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("weights", TensorProto.FLOAT, weights.shape, weights.ravel())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    tensor = FRAME.to_numpy(np.float32)
    mlflow.onnx.save_model(
        model,
        folder,
        signature=infer_signature(tensor, {"scores": tensor @ weights}),
        pip_requirements=pinned("onnx", "onnxruntime"),
    )
    return {"scores": (tensor[:1] @ weights).tolist()}


def pytorch(folder: Path) -> Any:
    import mlflow.pytorch
    import torch

    torch.manual_seed(3)
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    tensor = FRAME.to_numpy(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(tensor)).numpy()
    mlflow.pytorch.save_model(
        model,
        folder,
        signature=infer_signature(tensor, expected),
        input_example=tensor[:1],  # MLflow saves the graph that it traces with this
        pip_requirements=pinned("torch", "numpy"),
    )
    return expected[:1].tolist()


class Adds(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # its types are not read
    """A model of one's own, with a file of its own."""

    def load_context(self, context: Any) -> None:
        self.summand = float(Path(context.artifacts["summand"]).read_text())

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        return model_input.sum(axis=1).to_numpy() + self.summand


def pyfunc(folder: Path) -> Any:
    file = folder.with_name("summand.txt")
    file.write_text("40")
    expected = FRAME.sum(axis=1) + 40.0
    mlflow.pyfunc.save_model(
        folder,
        python_model=Adds(),
        artifacts={"summand": str(file)},
        signature=infer_signature(FRAME, expected),
        pip_requirements=pinned("cloudpickle", "pandas"),
    )
    return expected.head(1).tolist()


def spark(folder: Path) -> Any:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.regression import LinearRegression
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    table = session.createDataFrame(FRAME.assign(label=LABEL.astype("float64")))
    stages = [VectorAssembler(inputCols=COLUMNS, outputCol="features"), LinearRegression(maxIter=5)]
    model = Pipeline(stages=stages).fit(table)
    expected = [row.prediction for row in model.transform(session.createDataFrame(ROW)).collect()]
    mlflow.spark.save_model(
        model,
        str(folder),
        signature=infer_signature(FRAME, pd.Series(expected)),
        pip_requirements=pinned("pyspark", "pandas"),
    )
    session.stop()
    return expected


FLAVORS: dict[str, Callable[[Path], Any]] = {
    "sklearn": sklearn,
    "xgboost": xgboost,
    "lightgbm": lightgbm,
    "onnx": onnx,
    "pytorch": pytorch,
    "pyfunc": pyfunc,
    "spark": spark,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    expected = FLAVORS[sys.argv[1]](Path(sys.argv[2]))
    sys.stdout.write(json.dumps({"row": ROW.to_numpy().tolist(), "expected": expected}) + "\n")

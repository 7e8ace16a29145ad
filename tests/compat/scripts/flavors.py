"""Log models of several kinds, each registered twice in the same call, and load them back by every kind of URI.

Called as `flavors.py TRACKING_URI FOLDER FLAVOR...`; asserts as it goes, prints the files of the last model as JSON.  Needs
mlflow 1.30 or newer, pandas, scikit-learn, and what the flavors name.
"""

import importlib
import json
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris

MAJOR = int(mlflow.__version__.split(".")[0])
FEATURES: pd.DataFrame = load_iris(as_frame=True).data
LABELS: pd.Series = load_iris(as_frame=True).target
REQUIREMENTS = {"pip_requirements": ["scikit-learn"]}  # whatever: or mlflow finds them out, which takes long

# A flavor's model number 1 or 2, which predict differently: how to log it, and what it says of FEATURES.
Made = tuple[Callable[..., Any], Any]


def sklearn(number: int) -> Made:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=0.001 if number == 1 else 10.0, max_iter=500).fit(FEATURES, LABELS)
    return partial(mlflow.sklearn.log_model, model), model.predict(FEATURES)


class Adds(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # its types are not read
    """A model of one's own, with a file of its own."""

    def load_context(self, context: Any) -> None:
        self.summand = float(Path(context.artifacts["summand"]).read_text())

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        return model_input.sum(axis=1).to_numpy() + self.summand


def pyfunc(number: int) -> Made:
    file = FOLDER / f"summand {number}.txt"
    file.write_text(str(number))
    log = partial(mlflow.pyfunc.log_model, python_model=Adds(), artifacts={"summand": str(file)})
    return log, FEATURES.sum(axis=1).to_numpy() + number


def lightgbm(number: int) -> Made:
    import lightgbm

    options = {"objective": "multiclass", "num_class": 3, "verbose": -1, "seed": number, "num_leaves": 2 + number}
    model = lightgbm.train(options, lightgbm.Dataset(FEATURES, LABELS), num_boost_round=3 * number)
    return partial(mlflow.lightgbm.log_model, model), model.predict(FEATURES)


def onnx(number: int) -> Made:
    """A linear layer, written by hand: flowers by four to one by three."""
    from onnx import TensorProto, checker, helper

    weights: Any = np.arange(12, dtype=np.float32).reshape(4, 3) * number
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["flowers", "weights"], ["scores"])],
        "linear",
        [helper.make_tensor_value_info("flowers", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor("weights", TensorProto.FLOAT, weights.shape, weights.ravel())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    log = partial(mlflow.onnx.log_model, model, onnx_execution_providers=["CPUExecutionProvider"])
    return log, FEATURES.to_numpy(np.float32) @ weights


def spark(number: int) -> Made:
    """A pipeline of Spark ML, with stages that save tables."""
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import StringIndexer, VectorAssembler
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.warehouse.dir", str(FOLDER / "warehouse"))
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    flowers = session.createDataFrame(FEATURES.assign(kind=np.array(["a", "b", "c"])[LABELS]))
    stages = [
        VectorAssembler(inputCols=list(FEATURES.columns), outputCol="features"),
        StringIndexer(inputCol="kind", outputCol="label", handleInvalid="keep"),
        LogisticRegression(regParam=1.0 if number == 1 else 0.001, maxIter=20),
    ]
    model = Pipeline(stages=stages).fit(flowers)
    expected = [row.prediction for row in model.transform(flowers).select("prediction").collect()]
    return partial(mlflow.spark.log_model, model), np.array(expected)


def predictions(uri: str, flavor: str) -> Any:
    model = mlflow.pyfunc.load_model(uri)
    if flavor == "onnx":
        return model.predict(FEATURES.to_numpy(np.float32))["scores"]
    if flavor == "spark":  # the pipeline has a stage that reads the kind, which predictions do not need
        return np.array(model.predict(FEATURES.assign(kind="a")))
    return model.predict(FEATURES)


def log_and_load(flavor: str) -> list[str]:
    """The files of the second model."""
    importlib.import_module(f"mlflow.{flavor}")
    client = MlflowClient()
    name = f"flowers by {flavor}"
    runs, logged, expected = [], [], []
    for number in (1, 2):
        log, predicted = globals()[flavor](number)
        with mlflow.start_run() as run:
            logged.append(log(artifact_path="model", registered_model_name=name, **REQUIREMENTS))
        runs.append(run.info.run_id)
        expected.append(predicted)
    assert not np.allclose(expected[0], expected[1])
    assert sorted(int(version.version) for version in client.search_model_versions(f"name = '{name}'")) == [1, 2]
    assert [client.get_model_version(name, number).run_id for number in ("1", "2")] == runs
    client.transition_model_version_stage(name, "1", "Production")

    uris = {
        f"models:/{name}/1": 1,
        f"models:/{name}/2": 2,
        f"models:/{name}/latest": 2,
        f"models:/{name}/Production": 1,
        f"runs:/{runs[0]}/model": 1,
        f"runs:/{runs[1]}/model": 2,
    }
    if MAJOR >= 2:
        client.set_registered_model_alias(name, "champion", "1")
        uris[f"models:/{name}@champion"] = 1
    if MAJOR >= 3 and flavor != "spark":  # which logs to the run as ever, in 3.17 too: it makes no logged model
        uris |= {f"models:/{model.model_id}": number for number, model in enumerate(logged, 1)}
    for uri, number in uris.items():
        assert np.allclose(predictions(uri, flavor), expected[number - 1]), uri

    copy = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/2", dst_path=str(FOLDER / f"copy by {flavor}")))
    return sorted(file.relative_to(copy).as_posix() for file in copy.rglob("*") if file.is_file())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_experiment("flavors")
    FOLDER = Path(sys.argv[2])
    files = [log_and_load(flavor) for flavor in sys.argv[3:]]
    print(json.dumps(files[-1]))

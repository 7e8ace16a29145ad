"""A model of scikit-learn that the scorer read without MLflow is described and answers as MLflow's own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scorer.conftest import COLUMNS, SCORER, Scoring, environment
from trackside.scorer import documents, without_mlflow

FRAME = [[0.1, 1.0, 2.0], [1.5, 0.0, 3.0], [-4.0, 2.5, 0.25]]


def frame() -> Any:
    import pandas as pd

    return pd.DataFrame(FRAME, columns=COLUMNS)


def linear() -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(frame(), [1.0, 2.0, 3.0])


def logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(frame(), [0, 1, 1])


def saved(folder: Path, estimator: Any, **more: Any) -> Path:
    import mlflow
    from mlflow.models import infer_signature

    more = {"serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"], **more}
    more.setdefault("signature", infer_signature(frame(), estimator.predict(frame())))
    mlflow.sklearn.save_model(estimator, folder, **more)
    return folder


def changed(folder: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """Change the file MLmodel."""
    document = yaml.safe_load((folder / "MLmodel").read_text())
    change(document)
    (folder / "MLmodel").write_text(yaml.safe_dump(document))
    return folder


@pytest.mark.parametrize(
    ("make", "more"),
    [
        (linear, {}),
        (linear, {"serialization_format": "pickle"}),
        (logistic, {}),
        (logistic, {"pyfunc_predict_fn": "predict_proba"}),
    ],
)
@pytest.mark.parametrize("output", ["tensor", "columns", "none"])
def test_documents_and_predictions_are_those_of_mlflow(
    tmp_path: Path, make: Callable[[], Any], more: dict[str, Any], output: str
) -> None:
    import mlflow.pyfunc
    import numpy as np
    import pandas as pd
    from mlflow.models import infer_signature

    estimator, rows = make(), frame()
    if output != "tensor":
        labels = pd.DataFrame({"label": estimator.predict(rows)}) if output == "columns" else None
        more = {**more, "signature": infer_signature(rows, labels)}
    folder = saved(tmp_path / "model", estimator, **more)
    found = without_mlflow.read(str(folder))
    stock = mlflow.pyfunc.load_model(str(folder))
    assert found is not None
    assert np.array_equal(found.predict(rows), stock.predict(rows))
    assert documents.of_model("m", found.metadata, "3") == documents.of_model("m", stock.metadata, "3")


def test_signatures_of_old_files_are_those_of_mlflow(tmp_path: Path) -> None:
    """Before 2.6, a column did not say whether it is required."""
    import mlflow.pyfunc

    def age(document: dict[str, Any]) -> None:
        signature = document["signature"]
        signature["inputs"] = json.dumps([{"name": name, "type": "double"} for name in COLUMNS])
        signature["outputs"] = json.dumps([{"type": "double"}])
        for name in ("params", "type_hint", "is_signature_from_type_hint"):
            signature.pop(name, None)

    folder = changed(saved(tmp_path / "model", linear()), age)
    found = without_mlflow.read(str(folder))
    assert found is not None
    stock = mlflow.pyfunc.load_model(str(folder)).metadata
    for path in ("/openapi.json", "/swagger.json", "/signature"):
        ours, theirs = (documents.of_model("m", each, "3")[path].body for each in (found.metadata, stock))
        assert json.loads(ours) == json.loads(theirs)


def test_other_models_are_left_to_mlflow(tmp_path: Path, regression: Path, subtests: pytest.Subtests) -> None:
    import shutil

    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda each: each["flavors"]["python_function"].update(code="code"),
        lambda each: each["flavors"]["python_function"].update(config={"a": 1}),
        lambda each: each["flavors"]["python_function"].update(predict_fn="score"),
        lambda each: each["flavors"]["python_function"].update(loader_module="mlflow.xgboost"),
        lambda each: each["flavors"]["python_function"].update(model_path="absent.pkl"),
        lambda each: each["flavors"]["sklearn"].update(serialization_format="skops"),
        lambda each: each.update(metadata={"mlflow.model.isExternal": True}),
        lambda each: each["signature"].update(params='[{"name": "p", "type": "long", "default": 1, "shape": null}]'),
        lambda each: each["signature"].update(inputs='[{"name": "a", "type": "double", "required": false}]'),
        lambda each: each["signature"].update(inputs='[{"name": "a", "type": "string", "required": true}]'),
        lambda each: each["signature"].update(inputs='[{"type": "double", "required": true}]'),
        lambda each: each["signature"].update(inputs="[1"),
        lambda each: each.pop("signature"),
        lambda each: each.update(flavors=[]),
    ]
    for number, change in enumerate(changes):
        with subtests.test(number=number):
            folder = Path(shutil.copytree(regression, tmp_path / str(number)))
            assert without_mlflow.read(str(folder)) is not None
            assert without_mlflow.read(str(changed(folder, change))) is None


def test_a_pickle_outside_of_the_models_folder_is_not_read(tmp_path: Path, regression: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(regression, tmp_path / "model"))
    (folder / "model.pkl").rename(tmp_path / "outside.pkl")
    outside = changed(folder, lambda each: each["flavors"]["python_function"].update(model_path="../outside.pkl"))
    assert without_mlflow.read(str(outside)) is None


def test_mlflow_refuses_a_pickle_where_its_variable_says_so(regression: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    assert without_mlflow.read(str(regression)) is None


def test_rows_are_scored_without_mlflow(regression: Path) -> None:
    import mlflow.pyfunc

    code = f"""
import sys
import pandas as pd
from trackside.scorer import model
found = model.load({str(regression)!r})
print(found.predict_frame(pd.DataFrame({FRAME!r}, columns={COLUMNS!r})).tolist())
assert "mlflow" not in sys.modules
"""
    run = subprocess.run([sys.executable, "-c", code], env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    stock = mlflow.pyfunc.load_model(str(regression)).predict(frame()).tolist()
    assert run.stdout.splitlines() == [str(stock)]


@pytest.mark.slow
def test_a_scorer_answers_what_mlflow_answers_from_its_first_request(
    serve_model: Callable[..., Scoring], regression: Path
) -> None:
    """MLflow answers this request, and may still be loading when the scorer is ready."""
    text = ",".join(COLUMNS) + "\n0.1,1.0,2.0\n"
    scoring = serve_model(regression)
    csv = scoring.call("POST", "/invocations", text.encode(), {"content-type": "text/csv"})
    split = scoring.score({"dataframe_split": {"columns": COLUMNS, "data": FRAME[:1]}})
    assert csv.status == split.status == 200
    assert csv.json == split.json


@pytest.mark.slow
def test_a_scorer_without_mlflow_ends_with_a_message(tmp_path: Path, regression: Path) -> None:
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "__init__.py").write_text("raise ImportError('this mlflow is broken')\n")
    process = subprocess.run(
        [sys.executable, SCORER, "--model", regression, "--port", "0"],
        env=environment(PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == 1
    assert "this mlflow is broken" in process.stderr

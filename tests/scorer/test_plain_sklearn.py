"""A model of scikit-learn that is given arrays predicts what it predicts for frames."""

import importlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trackside.scorer.plain_sklearn import takes_arrays
from trackside.scorer.tables import Column

NAMES = ["a", "b", "c"]
DOUBLES = [Column(name, "float64") for name in NAMES]


def pyfunc(model: Any) -> Any:
    flavors = {"python_function": {"loader_module": "mlflow.sklearn"}}
    return SimpleNamespace(metadata=SimpleNamespace(flavors=flavors), get_raw_model=lambda: model)


PLAIN = (
    "DecisionTreeRegressor",
    "GradientBoostingClassifier",
    pytest.param("HistGradientBoostingClassifier", marks=pytest.mark.slow),
    "KNeighborsClassifier",
    "LinearRegression",
    "LogisticRegression",
    "RandomForestClassifier",
    "SVC",
    "Pipeline",
)
NEEDS_NAMES = ("by name", "code of a user", "frames between steps", "a class of a user", "a start of a user")


@pytest.fixture(scope="module")
def estimators() -> Any:
    return importlib.import_module("scorer.estimators")


@pytest.fixture(scope="module")
def frame() -> Any:
    import pandas as pd  # takes a third of a second: for the process that asks

    return pd.DataFrame(np.random.default_rng(1).normal(size=(60, 3)), columns=NAMES)


@pytest.fixture(scope="module")
def labels(frame: Any) -> Any:
    return (frame["a"] > 0).astype("int64")


@pytest.mark.parametrize("name", PLAIN)
def test_an_array_gives_the_predictions_of_the_frame(name: str, estimators: Any, frame: Any, labels: Any) -> None:
    model = estimators.PLAIN[name]
    model.fit(frame, labels)
    assert takes_arrays(pyfunc(model), DOUBLES)

    for rows in (frame[:1], frame):
        given = np.asfortranarray(rows.to_numpy())
        assert np.array_equal(model.predict(given), model.predict(rows))


@pytest.mark.parametrize("what", NEEDS_NAMES)
def test_a_model_that_may_need_names_gets_frames(what: str, estimators: Any, frame: Any, labels: Any) -> None:
    assert not takes_arrays(pyfunc(estimators.NEEDS_NAMES[what].fit(frame, labels)), DOUBLES)


def test_a_model_that_was_trained_with_other_columns_gets_frames(estimators: Any, frame: Any, labels: Any) -> None:
    model = estimators.LogisticRegression()

    assert not takes_arrays(pyfunc(model.fit(frame[["b", "a", "c"]], labels)), DOUBLES)
    assert not takes_arrays(pyfunc(model.fit(frame.to_numpy(), labels)), DOUBLES)
    assert not takes_arrays(pyfunc(model.fit(frame, labels)), [*DOUBLES[:2], Column("c", "int64")])

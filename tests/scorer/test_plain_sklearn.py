"""A model of scikit-learn that is given arrays predicts what it predicts for frames."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from trackside.scorer.plain_sklearn import takes_arrays
from trackside.scorer.tables import Column

NAMES = ["a", "b", "c"]
DOUBLES = [Column(name, "float64") for name in NAMES]
FRAME = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 3)), columns=NAMES)
LABELS = (FRAME["a"] > 0).astype("int64")


def pyfunc(model: Any) -> Any:
    flavors = {"python_function": {"loader_module": "mlflow.sklearn"}}
    return SimpleNamespace(metadata=SimpleNamespace(flavors=flavors), get_raw_model=lambda: model)


class _Own(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator of a user, which may look at names."""


PLAIN = [
    DecisionTreeRegressor(),
    GradientBoostingClassifier(n_estimators=5),
    pytest.param(HistGradientBoostingClassifier(max_iter=5), marks=pytest.mark.slow),
    KNeighborsClassifier(),
    LinearRegression(),
    LogisticRegression(),
    RandomForestClassifier(5),
    SVC(),
    make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression()),
]


@pytest.mark.parametrize("model", PLAIN, ids=lambda model: type(model).__name__)
def test_an_array_gives_the_predictions_of_the_frame(model: Any) -> None:
    model.fit(FRAME, LABELS)
    assert takes_arrays(pyfunc(model), DOUBLES)

    for rows in (FRAME[:1], FRAME):
        given = np.asfortranarray(rows.to_numpy())
        assert np.array_equal(model.predict(given), model.predict(rows))


NEEDS_NAMES = {
    "by name": make_pipeline(ColumnTransformer([("x", StandardScaler(), ["a"])]), LogisticRegression()),
    "code of a user": make_pipeline(FunctionTransformer(lambda frame: frame[["a"]]), LogisticRegression()),
    "frames between steps": make_pipeline(StandardScaler().set_output(transform="pandas"), LogisticRegression()),
    "a class of a user": _Own(),
    "a start of a user": GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()),
}


@pytest.mark.parametrize("what", NEEDS_NAMES)
def test_a_model_that_may_need_names_gets_frames(what: str) -> None:
    assert not takes_arrays(pyfunc(NEEDS_NAMES[what].fit(FRAME, LABELS)), DOUBLES)


def test_a_model_that_was_trained_with_other_columns_gets_frames() -> None:
    model = LogisticRegression()

    assert not takes_arrays(pyfunc(model.fit(FRAME[["b", "a", "c"]], LABELS)), DOUBLES)
    assert not takes_arrays(pyfunc(model.fit(FRAME.to_numpy(), LABELS)), DOUBLES)
    assert not takes_arrays(pyfunc(model.fit(FRAME, LABELS)), [*DOUBLES[:2], Column("c", "int64")])

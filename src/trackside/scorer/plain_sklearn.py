"""Finds models of scikit-learn with equal predictions for an array and for a data frame.

For a frame, scikit-learn compares the names of its columns with those of the training, and looks at the type of each column: with
30 columns that takes five times as long as the predictions of a logistic regression.  The scorer has compared them already.
"""

import warnings
from typing import Any, Optional, Sequence

from trackside.scorer.tables import Column

_TRANSFORMERS = {
    "MaxAbsScaler", "MinMaxScaler", "Normalizer", "PCA", "PolynomialFeatures", "PowerTransformer", "QuantileTransformer",
    "RobustScaler", "SelectKBest", "SimpleImputer", "StandardScaler", "TruncatedSVD", "VarianceThreshold",
}  # fmt: skip
_ESTIMATORS = {
    "BayesianRidge", "BernoulliNB", "DecisionTreeClassifier", "DecisionTreeRegressor", "ElasticNet", "ElasticNetCV",
    "ExtraTreesClassifier", "ExtraTreesRegressor", "GaussianNB", "GradientBoostingClassifier", "GradientBoostingRegressor",
    "HistGradientBoostingClassifier", "HistGradientBoostingRegressor", "HuberRegressor", "KMeans", "KNeighborsClassifier",
    "KNeighborsRegressor", "Lasso", "LassoCV", "LinearDiscriminantAnalysis", "LinearRegression", "LinearSVC", "LinearSVR",
    "LogisticRegression", "LogisticRegressionCV", "MLPClassifier", "MLPRegressor", "MultinomialNB", "Perceptron",
    "PoissonRegressor", "RandomForestClassifier", "RandomForestRegressor", "Ridge", "RidgeCV", "RidgeClassifier",
    "RidgeClassifierCV", "SGDClassifier", "SGDRegressor", "SVC", "SVR",
}  # fmt: skip
_WARNING = "X does not have valid feature names"  # of scikit-learn, for an array where the training had a frame


def takes_arrays(pyfunc: Any, columns: Optional[Sequence[Column]]) -> bool:
    """Return whether the model was trained with exactly these columns, all of one type, and needs no names of them.

    From the first such model on, the process does not show scikit-learn's warning for arrays."""
    if pyfunc.metadata.flavors.get("python_function", {}).get("loader_module") != "mlflow.sklearn" or not columns:
        return False
    native = pyfunc.get_raw_model()
    trained = getattr(native, "feature_names_in_", None)
    if trained is None or list(trained) != [column.name for column in columns]:
        return False
    if len({column.dtype for column in columns}) > 1 or not _is_plain(native):
        return False
    warnings.filterwarnings("ignore", message=_WARNING)
    return True


def _is_plain(model: Any) -> bool:
    if type(model).__name__ != "Pipeline":
        return _is_of(model, _ESTIMATORS)
    steps = [step for _, step in model.steps]
    return (
        _is_of(model, {"Pipeline"})
        and _is_of(steps[-1], _ESTIMATORS)
        and all(step in (None, "passthrough") or _is_of(step, _TRANSFORMERS) for step in steps[:-1])
    )


def _is_of(part: Any, names: Any) -> bool:
    kind = type(part)
    return (
        kind.__module__.startswith("sklearn.")
        and kind.__name__ in names
        and not hasattr(part, "_sklearn_output_config")  # `set_output`: the next step gets a frame
        and getattr(part, "_preprocessor", None) is None  # of a gradient boosting with categories
        and getattr(part, "init", None) in (None, "zero", "k-means++", "random")  # otherwise a model of the user
    )

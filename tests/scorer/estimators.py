"""Estimators of scikit-learn, in a module of their own: the import takes a second, and only some tests need it."""

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor


class _Own(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator of a user, which may look at names."""


PLAIN = {
    type(model).__name__: model
    for model in (
        DecisionTreeRegressor(),
        GradientBoostingClassifier(n_estimators=5),
        HistGradientBoostingClassifier(max_iter=5),
        KNeighborsClassifier(),
        LinearRegression(),
        LogisticRegression(),
        RandomForestClassifier(5),
        SVC(),
        make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression()),
    )
}

NEEDS_NAMES = {
    "by name": make_pipeline(ColumnTransformer([("x", StandardScaler(), ["a"])]), LogisticRegression()),
    "code of a user": make_pipeline(FunctionTransformer(lambda frame: frame[["a"]]), LogisticRegression()),
    "frames between steps": make_pipeline(StandardScaler().set_output(transform="pandas"), LogisticRegression()),
    "a class of a user": _Own(),
    "a start of a user": GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()),
}

"""Two trainings, tracked by MLflow: ordinary MLflow code, for any server that speaks its API.

python examples/train.py http://127.0.0.1:5000
"""

import sys
import warnings

import mlflow
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

EXPERIMENT = "demo"
EPOCHS = 60
LEARNING_RATE = 0.1


def train_classifier() -> None:
    """Scikit-learn, where autologging writes parameters, metrics, a plot, the data's schema and the model."""
    # "skops" files are safe to load, and are what log_model writes; skops refuses most tree models, which need
    # serialization_format="cloudpickle", here as in log_model.
    mlflow.sklearn.autolog(log_models=logged_models_are_served(), serialization_format="skops")
    features, labels = load_iris(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, labels, random_state=7)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=500))

    with mlflow.start_run(run_name="iris-classifier"):
        model.fit(train_x, train_y)
        model.score(test_x, test_y)  # logged as well, as a metric of its own

    mlflow.sklearn.autolog(disable=True)


def train_by_hand() -> None:
    """A training loop as one writes it for any framework: one `epoch_loss` per epoch."""
    features, targets = load_diabetes(return_X_y=True)
    features = features / features.std(axis=0)
    targets = (targets - targets.mean()) / targets.std()
    weights = features[0] * 0.0

    with mlflow.start_run(run_name="diabetes-gradient-descent"):
        mlflow.log_params({"epochs": EPOCHS, "learning_rate": LEARNING_RATE, "optimizer": "gradient descent"})
        for epoch in range(EPOCHS):
            errors = features @ weights - targets
            mlflow.log_metric("epoch_loss", float((errors**2).mean()), step=epoch)
            weights = weights - LEARNING_RATE * (features.T @ errors) / len(targets)
        mlflow.log_dict({"weights": weights.tolist()}, "weights.json")


def logged_models_are_served() -> bool:
    """Whether the server has MLflow 3's logged models, which autologging needs for the model itself."""
    try:
        mlflow.search_logged_models(experiment_ids=["0"], max_results=1, output_format="list")
    except mlflow.MlflowException:
        return False
    return True


if __name__ == "__main__":
    # MLflow 3.17 calls scikit-learn 1.9 by an argument's old name.
    warnings.filterwarnings("ignore", "`y_pred` was renamed", FutureWarning)
    mlflow.set_tracking_uri(sys.argv[1])
    try:
        mlflow.set_experiment(EXPERIMENT)
        train_classifier()
        train_by_hand()
    except mlflow.MlflowException as refused:
        sys.exit(f"train: {sys.argv[1]} refused: {refused}")

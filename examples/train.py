"""Trainings tracked by MLflow, and a model registered twice: ordinary MLflow code, for any server with MLflow's API.

python examples/train.py http://127.0.0.1:5000

The address defaults to MLFLOW_TRACKING_URI, then to a server on this machine.
"""

import os
import sys
import warnings

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

REQUIREMENTS = [f"scikit-learn=={sklearn.__version__}"]  # otherwise mlflow infers them, which takes some seconds
EXPERIMENT = "demo"
MODEL = "iris-classifier"
EPOCHS = 60
LEARNING_RATE = 0.1


def train_classifier(strength: float) -> None:
    """Train with scikit-learn: autologging logs parameters, metrics, a plot and the data's schema; one more line registers the
    model."""
    mlflow.sklearn.autolog(log_models=False)
    features, labels = load_iris(return_X_y=True, as_frame=True)
    train_x, test_x, train_y, test_y = train_test_split(features, labels, random_state=7)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))

    with mlflow.start_run(run_name="iris-classifier"):
        model.fit(train_x, train_y)
        model.score(test_x, test_y)  # also logged, as a separate metric
        # Version 1 of a new model, or the next one.  The file is of "skops", which is safe to load; it refuses most tree
        # models, which need serialization_format="cloudpickle".
        signature = infer_signature(train_x)
        mlflow.sklearn.log_model(
            model, name="model", signature=signature, pip_requirements=REQUIREMENTS, registered_model_name=MODEL
        )

    mlflow.sklearn.autolog(disable=True)


def train_by_hand() -> None:
    """A training loop for any framework, which logs one `epoch_loss` per epoch."""
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


if __name__ == "__main__":
    # MLflow 3.17 calls scikit-learn 1.9 with the former name of an argument.
    warnings.filterwarnings("ignore", "`y_pred` was renamed", FutureWarning)
    server = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    mlflow.set_tracking_uri(server)
    try:
        mlflow.set_experiment(EXPERIMENT)
        for strength in (0.01, 0.5):
            train_classifier(strength)
        train_by_hand()
    except mlflow.MlflowException as refused:
        sys.exit(f"train: {server} refused: {refused}")

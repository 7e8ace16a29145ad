"""Load a version of the registered model and classify flowers, by ordinary MLflow code.

python examples/predict.py http://127.0.0.1:5000 models:/iris-classifier/2

The address defaults to MLFLOW_TRACKING_URI, then to a server on this machine; the model defaults to version 2.
"""

import os
import sys

import mlflow
from sklearn.datasets import load_iris

if __name__ == "__main__":
    tracking_uri = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    model_uri = sys.argv[2] if len(sys.argv) > 2 else "models:/iris-classifier/2"
    mlflow.set_tracking_uri(tracking_uri)
    iris = load_iris(as_frame=True)
    flowers = iris.frame.iloc[::30]
    try:
        model = mlflow.pyfunc.load_model(model_uri)
    except mlflow.MlflowException as refused:
        sys.exit(f"predict: {tracking_uri} refused: {refused}")
    named = model.predict(flowers[iris.feature_names])
    print(
        flowers[iris.feature_names]
        .assign(flower=iris.target_names[flowers.target], predicted=iris.target_names[named])
        .to_string()
    )

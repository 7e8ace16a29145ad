"""Load a version of the registered model and let it name flowers: ordinary MLflow code again, with no word of a run.

python examples/predict.py http://127.0.0.1:5000 models:/iris-classifier/2
"""

import sys

import mlflow
from sklearn.datasets import load_iris

if __name__ == "__main__":
    tracking_uri, model_uri = sys.argv[1:]
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

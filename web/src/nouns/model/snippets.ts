/** Code that logs a small model and registers it: it works as it is pasted, with scikit-learn installed. */
export function registerCode(trackingUri: string): string {
  return `import mlflow
from sklearn.linear_model import LinearRegression

mlflow.set_tracking_uri(${JSON.stringify(trackingUri)})
model = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])

with mlflow.start_run():
    mlflow.sklearn.log_model(model, name="model", registered_model_name="my-first-model")`;
}

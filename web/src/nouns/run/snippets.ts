/** Code that logs a first run into a workspace: it works as it is pasted. */
export function firstRunCode(trackingUri: string, experiment = "my-first-experiment"): string {
  return `import mlflow

mlflow.set_tracking_uri(${JSON.stringify(trackingUri)})
mlflow.set_experiment(${JSON.stringify(experiment)})

with mlflow.start_run():
    mlflow.log_param("learning_rate", 0.1)
    for step in range(10):
        mlflow.log_metric("epoch_loss", 1 / (step + 1), step=step)`;
}

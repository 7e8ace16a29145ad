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

/** The line of a shell with which code that logs by MLflow logs here, unchanged. */
export function firstRunVariables(trackingUri: string, experiment?: string): string {
  const name = experiment === undefined ? "" : ` MLFLOW_EXPERIMENT_NAME=${quoted(experiment)}`;
  return `export MLFLOW_TRACKING_URI=${quoted(trackingUri)}${name}`;
}

/** As a shell reads it back. */
function quoted(text: string): string {
  return /^[\w.:/%@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Code that logs files to a run: it works as it is pasted. */
export function logCode(trackingUri: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${JSON.stringify(trackingUri)})

with mlflow.start_run():
    mlflow.log_text("It works.", "notes.md")
    mlflow.log_dict({"classes": ["a", "b"]}, "classes.json")`;
}

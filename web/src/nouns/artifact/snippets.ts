/** Code that logs files to a run: it works as it is pasted. */
export function logCode(trackingUri: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${JSON.stringify(trackingUri)})

with mlflow.start_run():
    mlflow.log_text("It works.", "notes.md")
    mlflow.log_dict({"classes": ["a", "b"]}, "classes.json")`;
}

/** Code that logs an image with a key and a step to a run. */
export function imageCode(trackingUri: string, runId: string): string {
  return `import mlflow
import numpy

mlflow.set_tracking_uri(${JSON.stringify(trackingUri)})

with mlflow.start_run(run_id=${JSON.stringify(runId)}):
    pixels = numpy.random.randint(0, 256, (64, 64, 3), dtype=numpy.uint8)
    mlflow.log_image(pixels, key="samples", step=0)`;
}

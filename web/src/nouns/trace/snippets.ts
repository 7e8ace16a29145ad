/** Code that traces a function and a call within it: it works as it is pasted. */
export function firstTraceCode(trackingUri: string, experiment: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${JSON.stringify(trackingUri)})
mlflow.set_experiment(${JSON.stringify(experiment)})

@mlflow.trace(span_type="RETRIEVER")
def find(question):
    return ["Trackside keeps runs, models and traces."]

@mlflow.trace
def answer(question):
    return f"{find(question)[0]} You asked: {question}"

print(answer("What is Trackside?"))
mlflow.flush_trace_async_logging()`;
}

export function getTraceCode(trackingUri: string, traceId: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${JSON.stringify(trackingUri)})
trace = mlflow.get_trace(${JSON.stringify(traceId)})
print(trace.data.spans)`;
}

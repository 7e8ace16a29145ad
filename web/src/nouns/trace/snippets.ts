/** Code about traces that works as it is pasted.  Pure. */
const text = (value: string): string => JSON.stringify(value);

/** Code that traces a function and a call within it. */
export function firstTraceCode(trackingUri: string, experiment: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${text(trackingUri)})
mlflow.set_experiment(${text(experiment)})

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

mlflow.set_tracking_uri(${text(trackingUri)})
trace = mlflow.get_trace(${text(traceId)})
print(trace.data.spans)`;
}

export function getTracesCode(trackingUri: string, traceIds: readonly string[]): string {
  return `import mlflow

mlflow.set_tracking_uri(${text(trackingUri)})
traces = [
    mlflow.get_trace(trace_id)
    for trace_id in [
${traceIds.map((id) => `        ${text(id)},`).join("\n")}
    ]
]
print(traces)`;
}

export interface Searched {
  experiment: string;
  filter: string;
  order: string;
}

export function searchTracesCode(trackingUri: string, { experiment, filter, order }: Searched): string {
  return `import mlflow

mlflow.set_tracking_uri(${text(trackingUri)})
traces = mlflow.search_traces(
    experiment_ids=[${text(experiment)}],${filter ? `\n    filter_string=${text(filter)},` : ""}
    order_by=[${text(order)}],
    max_results=100,
)
print(traces)`;
}

export function searchTracesCurl(trackingUri: string, { experiment, filter, order }: Searched): string {
  const body = {
    locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experiment } }],
    ...(filter ? { filter } : {}),
    order_by: [order],
    max_results: 100,
  };
  const url = `${trackingUri.replace(/\/$/, "")}/api/3.0/mlflow/traces/search`;
  return `curl -X POST ${shellText(url)} -H 'content-type: application/json' \\\n  -d ${shellText(JSON.stringify(body))}`;
}

function shellText(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** Code that reads an evaluation dataset. */
export function getDatasetCode(trackingUri: string, datasetId: string): string {
  return `import mlflow
from mlflow.genai.datasets import get_dataset

mlflow.set_tracking_uri(${text(trackingUri)})
dataset = get_dataset(dataset_id=${text(datasetId)})
print(dataset.to_df())`;
}

/** Code whose two calls are one session of one user. */
export function sessionCode(trackingUri: string, experimentId: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${text(trackingUri)})
mlflow.set_experiment(experiment_id=${text(experimentId)})

@mlflow.trace
def chat(question, session):
    mlflow.update_current_trace(
        metadata={"mlflow.trace.session": session, "mlflow.trace.user": "ana"}
    )
    return f"You asked: {question}"

chat("What is a run?", session="chat-1")
chat("And a metric?", session="chat-1")
mlflow.flush_trace_async_logging()`;
}

/** Code whose trace belongs to a run. */
export function runTraceCode(trackingUri: string, experimentId: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${text(trackingUri)})
mlflow.set_experiment(experiment_id=${text(experimentId)})

@mlflow.trace
def answer(question):
    return f"You asked: {question}"

with mlflow.start_run():
    answer("What is a run?")
mlflow.flush_trace_async_logging()`;
}

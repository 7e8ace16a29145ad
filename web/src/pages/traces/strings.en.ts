export default {
  title: "Traces",
  experiments: "Experiments",
  views: "View",
  list: "List",
  sessions: "Sessions",
  charts: "Charts",
  datasets: "Datasets",
  reviews: "Reviews",
  issues: "Issues",
  empty: "No traces yet",
  emptyHint: "A function with @mlflow.trace, or a library with autologging, sends its calls:",
  otlpHint: "OpenTelemetry also works: send spans to /v1/traces with the header x-mlflow-experiment-id.",
};

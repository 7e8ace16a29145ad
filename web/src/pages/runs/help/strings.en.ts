export default {
  title: "Filter syntax",
  intro: "The filters of MLflow's search_runs work here, with more. Choose an example to start from:",
  metrics: "Metrics",
  params: "Params",
  tags: "Tags and datasets",
  attributes: "Name, status, times",
  joined: "Combined",
  rules:
    "Texts are in quotes, numbers are not. % stands for any text, ILIKE ignores case, durations and times are milliseconds. Names with spaces go in backticks: metrics.`val loss`.",
};

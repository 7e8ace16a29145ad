export default {
  title: "Filter syntax",
  intro: "The filters of MLflow's search_runs, with extensions. Choose an example to start from:",
  metrics: "Metrics",
  params: "Params",
  tags: "Tags and datasets",
  attributes: "Name, status, times",
  joined: "Combined",
  rules:
    "Put text in quotes, numbers without quotes. % stands for any text, ILIKE ignores case, durations and times are milliseconds. Put names with spaces in backticks: metrics.`val loss`.",
};

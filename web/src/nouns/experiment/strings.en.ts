export default {
  layouts: "Layout",
  table: "Table",
  split: "Split",
  charts: "Charts",
  models: "Models",
  traces: "Traces",
};

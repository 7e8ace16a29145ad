export default {
  layouts: "Layout",
  table: "Table",
  split: "Split",
  charts: "Charts",
  traces: "Traces",
};

export default {
  params: "Params",
  metrics: "Metrics",
  tags: "Tags",
  name: "Name",
  value: "Value",
  runId: "Run ID",
  none: "None logged",
  points: (shown: number, all: number) => (shown === all ? `${all} points` : `${shown} of ${all} points`),
};

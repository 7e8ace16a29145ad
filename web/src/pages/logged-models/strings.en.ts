import { formatCount, plural } from "@/i18n/format";

export default {
  experiments: "Experiments",
  title: "Models",
  count: (count: number, isMore: boolean) =>
    `${isMore ? "the first " : ""}${formatCount(count)} ${plural(count) === "one" ? "model" : "models"}`,
  find: "A name, or metrics.accuracy > 0.9",
  name: "Name",
  made: "Created",
  status: "Status",
  run: "Run",
  registered: "Registered as",
  onDataset: (metric: string, dataset: string) => `${metric} (${dataset})`,
  none: "No models logged",
  noneHint: "A model appears as soon as a run logs one with MLflow 3, with its params and with its metrics by dataset:",
  noneFound: "No model matches",
  clear: "Clear the filter",
  more: "Show more",
  moreMetrics: (shown: number, all: number) =>
    `The first ${formatCount(shown)} of ${formatCount(all)} metrics and params; the page of a model has all.`,
};

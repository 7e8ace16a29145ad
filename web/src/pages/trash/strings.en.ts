import { formatCount } from "@/i18n/format";

export default {
  rules: "Retention rules",
  title: "Trash",
  hint: "Items in the trash can be restored. They occupy space until they are deleted permanently.",
  none: "The trash is empty",
  noneHint:
    "Runs, experiments, models and traces that are deleted in the web UI or by an MLflow client are moved to the trash.",
  noneOfKind: "The trash has nothing of this kind",
  kinds: "Kinds",
  all: "All",
  run: "Runs",
  experiment: "Experiments",
  logged_model: "Logged models",
  trace: "Traces",
  kind: { run: "Run", experiment: "Experiment", logged_model: "Logged model", trace: "Trace" },
  choose: (name: string) => `Select ${name}`,
  chooseAll: "Select all shown items",
  chosen: (count: number) => `${formatCount(count)} selected`,
  name: "Name",
  what: "Kind",
  id: "ID",
  moved: "Deleted",
  restore: "Restore",
  restored: (count: number, name: string) =>
    count === 1 ? `Restored ${name}` : `Restored ${formatCount(count)} items`,
  remove: "Delete permanently…",
  empty: "Empty the trash…",
  more: "Show more",
};

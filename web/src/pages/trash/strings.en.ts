import { formatCount } from "@/i18n/format";

export default {
  rules: "Retention rules",
  title: "Trash",
  hint: "What was moved to the trash can be restored. It still takes space, until it is deleted permanently.",
  none: "The trash is empty",
  noneHint:
    "Runs, experiments and traces come here when they are moved to the trash, in the web UI or by a client of MLflow.",
  noneOfKind: "Nothing of this kind is in the trash",
  kinds: "Kinds",
  all: "All",
  run: "Runs",
  experiment: "Experiments",
  logged_model: "Logged models",
  trace: "Traces",
  kind: { run: "Run", experiment: "Experiment", logged_model: "Logged model", trace: "Trace" },
  choose: (name: string) => `Choose ${name}`,
  chooseAll: "Choose all that are shown",
  chosen: (count: number) => `${formatCount(count)} chosen`,
  name: "Name",
  what: "Kind",
  id: "ID",
  moved: "Moved here",
  restore: "Restore",
  restored: (count: number, name: string) =>
    count === 1 ? `Restored ${name}` : `Restored ${formatCount(count)} things`,
  remove: "Delete permanently…",
  empty: "Empty the trash…",
  more: "Show more",
};

import { formatCount, plural } from "@/i18n/format";

export default {
  title: "Models",
  count: (count: number) => `${formatCount(count)} ${plural(count) === "one" ? "model" : "models"}`,
  name: "Name",
  version: "Latest version",
  changed: "Changed",
  description: "Description",
  none: "No registered models yet",
  noneHint: "Register the model of a run; from then on it has versions, aliases and a history:",
};

import { formatCount, plural } from "@/i18n/format";

export default {
  title: "Experiments",
  count: (count: number) => `${formatCount(count)} ${plural(count) === "one" ? "experiment" : "experiments"}`,
  name: "Name",
  created: "Created",
  changed: "Changed",
  tags: "Tags",
  id: "ID",
  find: "Find experiments",
  none: "No experiments yet",
  noneHint: "Log a first run to this workspace. Any MLflow client does, unchanged:",
  noneFound: (text: string) => `No experiment has “${text}” in its name`,
  more: "Show more",
};

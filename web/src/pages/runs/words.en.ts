import { formatCount, plural } from "@/i18n/format";

export default {
  count: (count: number) => `${formatCount(count)} ${plural(count) === "one" ? "run" : "runs"}`,
  name: "Name",
  status: "Status",
  started: "Started",
  duration: "Duration",
  none: "No runs yet",
  noneHint: "Log a first run to this experiment:",
};

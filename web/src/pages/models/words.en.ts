import { formatCount, plural } from "@/i18n/format";

export default {
  title: "Models",
  count: (count: number, more: boolean) =>
    `${formatCount(count)}${more ? "+" : ""} ${plural(count) === "one" && !more ? "model" : "models"}`,
  name: "Name",
  version: "Latest version",
  aliases: "Aliases",
  stages: "Stages",
  changed: "Changed",
  description: "Description",
  find: "Find models",
  more: "Show more",
  none: "No registered models yet",
  noneHint: "Register the model of a run; from then on it has versions, aliases and a history:",
  noneFound: (text: string) => `No model has “${text}” in its name`,
  clear: "Show all models",
};

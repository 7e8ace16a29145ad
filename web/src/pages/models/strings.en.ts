import { formatCount, plural } from "@/i18n/format";

export default {
  title: "Models",
  count: (count: number, more: boolean) =>
    `${formatCount(count)}${more ? "+" : ""} ${plural(count) === "one" && !more ? "model" : "models"}`,
  promptCount: (count: number, more: boolean) =>
    `${formatCount(count)}${more ? "+" : ""} ${plural(count) === "one" && !more ? "prompt" : "prompts"}`,
  kinds: "Models and prompts",
  prompts: "Prompts",
  noPrompts: "No prompts yet",
  noPromptsHint: "A prompt has versions and aliases, like a model:",
  name: "Name",
  version: "Latest version",
  aliases: "Aliases",
  stages: "Stages",
  changed: "Changed",
  description: "Description",
  find: "Find models",
  more: "Show more",
  none: "No registered models yet",
  noneHint: "Register the model of a run to give it versions, aliases and a history:",
  noneFound: (text: string) => `No model has “${text}” in its name`,
  clear: "Show all models",
};

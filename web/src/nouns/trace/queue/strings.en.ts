import { formatCount, plural } from "@/i18n/format";

const traces = (count: number): string => `${formatCount(count)} ${plural(count) === "one" ? "trace" : "traces"}`;

export default {
  title: (count: number) => `Add ${traces(count)} to a review queue`,
  queue: "Review queue",
  queueHint:
    "Choose one of this experiment, or type the name of a new one. A new queue asks all questions of the experiment.",
  placeholder: "week 48",
  add: "Add",
  isNew: (name: string) => `A new queue ${name} will be created.`,
  added: (count: number, name: string) => `${traces(count)} in ${name}`,
};

import { formatCount, plural } from "@/i18n/format";

const traces = (count: number): string => `${formatCount(count)} ${plural(count) === "one" ? "trace" : "traces"}`;

export default {
  title: (count: number) => `Add ${traces(count)} to an evaluation dataset`,
  dataset: "Dataset",
  datasetHint: "Choose one of this experiment, or type the name of a new one",
  placeholder: "golden-questions",
  add: "Add",
  isNew: (name: string) => `A new dataset ${name} will be created.`,
  records:
    "Each trace becomes a record: the inputs and outputs of its root span, and its expectations. A record with the same inputs is updated.",
  noInputs: "None of these traces has inputs on its root span, so there is nothing to add.",
  added: (added: number, updated: number, name: string) =>
    `${name}: ${formatCount(added)} added, ${formatCount(updated)} updated`,
  skipped: (count: number) => `${traces(count)} without inputs left out`,
};

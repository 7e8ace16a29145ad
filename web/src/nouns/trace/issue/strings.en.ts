import { formatCount, plural } from "@/i18n/format";

const traces = (count: number) => (count === 1 ? "the trace" : `${formatCount(count)} traces`);

export default {
  newIssue: "New issue",
  ofTraces: (count: number) => (plural(count) === "one" ? "Issue of the trace" : `Issue of ${traces(count)}`),
  issue: "Issue",
  issueHint: "An open issue of the experiment, or the name of a new one.",
  placeholder: "Choose or name an issue",
  name: "Name",
  description: "Description",
  severity: "Severity",
  create: "Create",
  add: "Add",
  created: (name: string) => `Created ${name}`,
  named: (name: string, count: number) => `Added ${traces(count)} to ${name}`,
  none: "none",
  not_an_issue: "not an issue",
  low: "low",
  medium: "medium",
  high: "high",
};

import { formatCount } from "@/i18n/format";

export default {
  experiments: "Experiments",
  several: (count: number) => `${formatCount(count)} experiments`,
  charts: "Charts",
  system: "System metrics",
  views: "Views of the experiment",
  runs: "Runs",
  noExperiment: "No experiment selected",
  noExperimentHint: 'The address names experiments as in #/charts?experiments=["1","2"].',
  newest: (shown: number, total: number) => `The newest ${formatCount(shown)} of ${formatCount(total)} runs`,
  noRunsHint: "There is a chart for each metric that a run logs.",
  noneFound: "No run matches the filter",
  noRuns: "No runs yet",
};

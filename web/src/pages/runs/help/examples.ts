/** Filters of runs that show the language, by what they are about. */
export const EXAMPLES = [
  { about: "metrics", filters: ["metrics.auc > 0.9", "min(metrics.loss) < 0.1", "metrics.loss IS NULL"] },
  { about: "params", filters: ["params.optimizer = 'adam'", "params.lr > 0.01", "params.depth BETWEEN 3 AND 6"] },
  { about: "tags", filters: ["tags.team = 'vision'", "tags.reviewed IS NULL", "dataset.name = 'iris'"] },
  {
    about: "attributes",
    filters: ["run_name ILIKE '%resnet%'", "status IN ('FAILED', 'KILLED')", "duration > 3600000"],
  },
  { about: "joined", filters: ["(metrics.loss < 0.1 OR metrics.auc > 0.9) AND NOT tags.archived = 'true'"] },
] as const;

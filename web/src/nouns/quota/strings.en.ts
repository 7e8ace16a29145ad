export default {
  of: "Of",
  measure: "Limit of",
  used: "Used",
  measures: { runs: "runs", points: "metric points", bytes: "artifacts", endpoints: "endpoints", jobs: "live jobs" },
  scopes: { workspace: "workspace", server: "all workspaces", user: "user", experiment: "experiment" },
  each: { user: "each user", experiment: "each experiment" },
  levels: { warning: "nearly used", exceeded: "used up" },
  usedOf: (used: string, limit: string) => `${used} of ${limit}`,
};

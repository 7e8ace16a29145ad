export default {
  overview: "Overview",
  workspace: "This workspace",
  alerts: "Alerts",
  activity: "Activity",
  server: "Server",
  severities: { info: "info", warning: "warning", critical: "critical" },
};

export default {
  overview: "Overview",
  workspace: "This workspace",
  alerts: "Alerts",
  activity: "Activity",
  server: "Server",
};

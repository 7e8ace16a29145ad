export default {
  hint: "Whether a principal may do an action at a scope, and which assignments decide.",
  action: "Action",
  actionHint: "An action, or its ending: runs/write.",
  ask: "Check",
  refused: "refused",
  may: (who: string, action: string, where: string) => `${who} may do ${action} at ${where}`,
  mayNot: (who: string, action: string, where: string) => `${who} may not do ${action} at ${where}`,
};

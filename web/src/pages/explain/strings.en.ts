export default {
  hint: "Whether somebody may do something at a place, and which assignments decide.",
  action: "Action",
  actionHint: "A whole action, or its end: runs/write.",
  ask: "Check",
  refused: "refused",
  may: (who: string, action: string, where: string) => `${who} may do ${action} at ${where}`,
  mayNot: (who: string, action: string, where: string) => `${who} may not do ${action} at ${where}`,
};

export default {
  states: { active: "Active", paused: "Paused", removing: "Unlinking" },
  failing: "Cannot reach the remote",
  modes: { push: "pushes to", pull: "pulls from", both: "in sync with" },
};

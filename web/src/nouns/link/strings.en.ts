export default {
  states: { active: "Active", paused: "Paused", removing: "Unlinking" },
  failing: "Cannot reach the other side",
  modes: { push: "sends to", pull: "takes from", both: "kept alike with" },
};

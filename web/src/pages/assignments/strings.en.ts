export default {
  ofPrincipal: "Name of a user or group",
  anybody: "anybody",
  at: "At a place and in it",
  anywhere: "anywhere",
  hint: "An assignment gives a role to somebody at a place. It holds in all that lies within the place.",
};

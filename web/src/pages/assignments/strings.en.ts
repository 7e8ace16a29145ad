export default {
  ofPrincipal: "Name of a user or group",
  anybody: "anyone",
  at: "At a scope and in it",
  anywhere: "anywhere",
  hint: "An assignment gives a principal a role at a scope. It applies to everything inside the scope.",
};

export default {
  hint: "A role allows actions. It takes effect where it is assigned to a user, a group or a service principal.",
  add: "New role",
  kind: "Kind",
  custom: "custom",
  builtIn: "built in",
  description: "Allows",
  actions: "Actions",
};

export default {
  title: "Activity",
  none: "No changes match",
  noneYet: "No changes yet",
  any: "any",
  entity: "Kind",
  entityId: "Object",
  user: "By",
  clear: "Clear the filters",
};

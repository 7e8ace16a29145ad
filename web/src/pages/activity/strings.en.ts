export default {
  title: "Activity",
  none: "No changes match",
  noneYet: "Nothing has changed yet",
  any: "any",
  entity: "Kind",
  entityId: "Object",
  user: "By",
  clear: "Clear the filters",
};

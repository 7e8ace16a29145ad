export default {
  key: "Tag",
  value: "Value",
  none: "No tags",
  add: "Add tag",
  save: "Save",
  cancel: "Cancel",
  edit: (key: string) => `Edit tag ${key}`,
  remove: (key: string) => `Remove tag ${key}`,
  removed: (key: string) => `Removed tag ${key}`,
  needsKey: "Enter a name for the tag",
};

export default {
  edit: "Edit",
  none: "Nothing is written here yet.",
  save: "Save",
  cancel: "Cancel",
  hint: "Markdown. Ctrl+Enter saves, Esc keeps the text as it was.",
  failed: "This was not saved; your text is still here.",
};

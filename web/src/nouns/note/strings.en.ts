export default {
  edit: "Edit",
  none: "No note yet.",
  save: "Save",
  cancel: "Cancel",
  hint: "Markdown. Ctrl+Enter saves, Esc discards the changes.",
  failed: "Not saved; your text is still in the editor.",
};

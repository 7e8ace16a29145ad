export default {
  about: "About the experiment",
  note: "Note",
  noNote: "No note yet. Describe the purpose of the experiment.",
  name: "Name",
  id: "Experiment ID",
  location: "Artifact location",
  created: "Created",
  changed: "Changed",
  tags: "Tags",
};

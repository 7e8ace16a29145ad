export default {
  about: "About the experiment",
  note: "Note",
  noNote: "No note yet. Say what the experiment is for.",
  name: "Name",
  id: "Experiment ID",
  location: "Artifact location",
  created: "Created",
  changed: "Changed",
  tags: "Tags",
};

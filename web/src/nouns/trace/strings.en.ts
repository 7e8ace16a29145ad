export default {
  ok: "OK",
  failed: "Error",
  inProgress: "In progress",
  unset: "Unset",
};

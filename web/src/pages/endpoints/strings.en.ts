export default {
  title: "Endpoints",
  name: "Name",
  state: "State",
  serves: "Versions and traffic",
  changed: "Changed",
  requests: "Requests (1 h)",
  errors: "Errors (1 h)",
  p95: "p95 (1 h)",
  none: "No endpoints yet",
  noneHint: "An endpoint serves a registered model over HTTP. Choose a version of a model to create one.",
  toModels: "To the models",
};

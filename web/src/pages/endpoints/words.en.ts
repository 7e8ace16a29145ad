export default {
  title: "Endpoints",
  name: "Name",
  state: "State",
  serves: "Versions and traffic",
  changed: "Changed",
  none: "No endpoints yet",
  noneHint: "An endpoint serves a registered model over HTTP. Open a version of a model and press Deploy.",
  toModels: "To the models",
};

export default {
  prompt: "Prompt",
  variables: "Variables",
  none: "none",
  use: "Use",
};

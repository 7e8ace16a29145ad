export default {
  prompt: "Prompt",
  wholeText: "text of the prompt",
  message: (number: number) => `message ${number}`,
  responseFormat: "Response format",
  modelConfig: "Model configuration",
  variables: "Variables",
  none: "none",
  use: "Use",
};

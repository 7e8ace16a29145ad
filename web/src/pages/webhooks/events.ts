/** The events that a webhook can tell of, by what they are about. */
export const EVENTS: Record<string, readonly string[]> = {
  run: ["created", "finished", "failed", "killed", "deleted", "restored"],
  experiment: ["created", "renamed", "deleted", "restored"],
  registered_model: ["created", "renamed", "deleted"],
  model_version: ["created", "deleted"],
  model_version_stage: ["set"],
  model_version_tag: ["set", "deleted"],
  model_version_alias: ["created", "deleted"],
  stage_request: ["created", "approved", "rejected"],
  endpoint: ["created", "deleted"],
  deployment: ["healthy", "failed"],
  drift: ["detected", "continues", "ended"],
  quota: ["warning", "exceeded", "eased"],
  alert: ["fired", "resolved"],
  prompt: ["created"],
  prompt_version: ["created"],
  prompt_tag: ["set", "deleted"],
  prompt_version_tag: ["set", "deleted"],
  prompt_alias: ["created", "deleted"],
};

/** The forms in which a webhook is told of an event, MLflow's first. */
export const FORMATS = ["mlflow", "cloudevents", "cloudevents-binary", "eventgrid", "slack", "teams", "mail"] as const;
/** Those that people read: their events may come as one message. */
export const FOR_PEOPLE: readonly string[] = ["slack", "teams", "mail"];
export type Format = (typeof FORMATS)[number];

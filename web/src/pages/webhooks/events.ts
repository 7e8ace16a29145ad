/** The forms in which a webhook is told of an event, MLflow's first. */
export const FORMATS = ["mlflow", "cloudevents", "cloudevents-binary", "eventgrid", "slack", "teams", "mail"] as const;
/** Those that people read: their events may come as one message. */
export const FOR_PEOPLE: readonly string[] = ["slack", "teams", "mail"];
export type Format = (typeof FORMATS)[number];

/** Prompts of MLflow's prompt registry: registered models whose versions hold a text in their tags. */

import { nameIs } from "@/nouns/model/model";
import { python } from "@/nouns/model/snippets";

/** A filter of registered models for prompts alone. */
export const IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'";
const IS_PROMPT_TAG = "mlflow.prompt.is_prompt";
const TEXT_TAG = "mlflow.prompt.text";
const TYPE_TAG = "_mlflow_prompt_type";
const RESPONSE_FORMAT_TAG = "_mlflow_prompt_response_format";
const MODEL_CONFIG_TAG = "_mlflow_prompt_model_config";
/** As MLflow reads them: `{{ name }}` or `{{ object.name }}`. */
const VARIABLE = /\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}/g;

export interface Prompt {
  /** A text prompt is one message without a role. */
  messages: { role: string; content: string }[];
  /** As it is stored: the JSON of a chat. */
  text: string;
  /** The variables `{{ name }}` of the messages, each once, in the order of the text. */
  variables: string[];
  /** JSON to be read by people; empty if the version has none. */
  responseFormat: string;
  modelConfig: string;
}

/** A piece of a message. */
export interface Piece {
  text: string;
  isVariable: boolean;
}

type Tags = readonly { key: string; value: string }[];

/** Undefined for a version of a model. */
export function promptOf(tags: Tags): Prompt | undefined {
  const values = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  if (values[IS_PROMPT_TAG] !== "true") return undefined;
  const text = values[TEXT_TAG] ?? "";
  const messages = (values[TYPE_TAG] === "chat" ? chatOf(text) : undefined) ?? [{ role: "", content: text }];
  const names = [...text.matchAll(VARIABLE)].map((found) => found[1] ?? "");
  return {
    messages,
    text,
    variables: [...new Set(names)],
    responseFormat: indented(values[RESPONSE_FORMAT_TAG] ?? ""),
    modelConfig: indented(values[MODEL_CONFIG_TAG] ?? ""),
  };
}

/** A message cut at its variables; the pieces together are the message. */
export function piecesOf(message: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const { 0: text, index } of message.matchAll(VARIABLE)) {
    if (index > end) found.push({ text: message.slice(end, index), isVariable: false });
    found.push({ text, isVariable: true });
    end = index + text.length;
  }
  if (end < message.length) found.push({ text: message.slice(end), isVariable: false });
  return found;
}

/** The messages as one text to compare: each below its role. */
export function textOf({ messages }: Prompt): string {
  return messages.map(({ role, content }) => (role ? `${role}:\n${content}\n` : content)).join("\n");
}

/** A filter for the versions of one model.  A search leaves those of prompts out, unless it asks for them. */
export function versionsOf(name: string, isPrompt: boolean): string {
  return isPrompt ? `${nameIs(name)} AND ${IS_PROMPT}` : nameIs(name);
}

/** The tags of a prompt, and those of its versions, as MLflow's client writes them. */
export function promptTags(): { key: string; value: string }[] {
  return [{ key: IS_PROMPT_TAG, value: "true" }];
}

/** `before`: the tags of the version that the new one begins as.  It keeps its kind, format and configuration. */
export function versionTags(text: string, before: Tags): { key: string; value: string }[] {
  const kept = before.filter(({ key }) => key === RESPONSE_FORMAT_TAG || key === MODEL_CONFIG_TAG);
  const type = isChat(before) ? "chat" : "text";
  return [...promptTags(), { key: TEXT_TAG, value: text }, { key: TYPE_TAG, value: type }, ...kept];
}

/** Whether the text of a version is the JSON of messages. */
export function isChat(tags: Tags): boolean {
  return tags.some(({ key, value }) => key === TYPE_TAG && value === "chat");
}

/** The tags that people wrote. */
export function ownTags<T extends { key: string }>(tags: readonly T[]): T[] {
  return tags.filter(({ key }) => !key.startsWith("mlflow.") && !key.startsWith("_mlflow"));
}

/** Code that loads a version and fills it in.  `version`: a number or `@alias`. */
export function promptCode(trackingUri: string, name: string, version: string, variables: readonly string[]): string {
  const uri = version.startsWith("@") ? `prompts:/${name}${version}` : `prompts:/${name}/${version}`;
  const filled = variables.filter((each) => /^[A-Za-z_]\w*$/.test(each)).map((each) => `${each}="…"`);
  return [
    "import mlflow",
    "",
    `mlflow.set_tracking_uri(${python(trackingUri)})`,
    `prompt = mlflow.genai.load_prompt(${python(uri)})`,
    `print(prompt.format(${filled.join(", ")}))`,
  ].join("\n");
}

/** Code that registers a first prompt. */
export function firstPromptCode(trackingUri: string): string {
  return `import mlflow

mlflow.set_tracking_uri(${python(trackingUri)})
mlflow.genai.register_prompt(
    name="summarise",
    template="Summarise {{ text }} in {{ count }} sentences.",
    commit_message="First try",
)`;
}

/** The JSON in several lines, or as it is if that would change a number. */
function indented(json: string): string {
  try {
    const found = JSON.stringify(JSON.parse(json), null, 2);
    return found.replace(/\s/g, "") === json.replace(/\s/g, "") ? found : json;
  } catch {
    return json;
  }
}

function chatOf(text: string): Prompt["messages"] | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found.map(messageOf) : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(each: unknown): { role: string; content: string } {
  const { role, content } = typeof each === "object" && each !== null ? (each as Record<string, unknown>) : {};
  return {
    role: typeof role === "string" ? role : "",
    content: typeof content === "string" ? content : (JSON.stringify(content ?? each) ?? ""),
  };
}

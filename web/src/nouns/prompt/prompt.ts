/** Prompts of MLflow's prompt registry: registered models whose versions hold a text in their tags. */

import { python } from "@/nouns/model/snippets";

/** A filter of registered models for prompts alone. */
export const IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'";
const IS_PROMPT_TAG = "mlflow.prompt.is_prompt";
const TEXT_TAG = "mlflow.prompt.text";
const TYPE_TAG = "_mlflow_prompt_type";

export interface Prompt {
  /** A text prompt is one message without a role. */
  messages: { role: string; content: string }[];
  /** What `{{ name }}` in the messages stands for, each once, in the order of the text. */
  variables: string[];
}

type Tags = readonly { key: string; value: string }[];

/** Undefined for a version of a model. */
export function promptOf(tags: Tags): Prompt | undefined {
  const values = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  if (values[IS_PROMPT_TAG] !== "true") return undefined;
  const text = values[TEXT_TAG] ?? "";
  const messages = (values[TYPE_TAG] === "chat" ? chatOf(text) : undefined) ?? [{ role: "", content: text }];
  const names = [...text.matchAll(/\{\{\s*([\w.]+)\s*\}\}/g)].map((found) => found[1] ?? "");
  return { messages, variables: [...new Set(names)] };
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

import { shown } from "./trace";

export interface Message {
  role: string;
  text: string;
  /** Calls of tools: name and arguments. */
  calls: { name: string; args: string }[];
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The messages in the inputs or outputs of a span of a chat model; none for anything else.  It knows the forms of OpenAI's
 *  chat completions (`messages`, `choices`) and of Anthropic's messages (`role` with a list of `content`). */
export function messagesOf(value: unknown): Message[] {
  if (Array.isArray(value)) return value.every(isMessage) ? value.map(messageOf) : [];
  if (!isObject(value)) return [];
  if (Array.isArray(value["messages"])) return messagesOf(value["messages"]);
  if (Array.isArray(value["choices"])) {
    return messagesOf(value["choices"].map((each: unknown) => (isObject(each) ? each["message"] : undefined)));
  }
  return isMessage(value) ? [messageOf(value)] : [];
}

function isMessage(value: unknown): value is Json {
  return isObject(value) && typeof value["role"] === "string" && ("content" in value || "tool_calls" in value);
}

function messageOf(value: Json): Message {
  const calls = Array.isArray(value["tool_calls"]) ? value["tool_calls"] : [];
  return {
    role: String(value["role"]),
    text: contentOf(value["content"]),
    calls: calls.filter(isObject).map((each) => {
      const call = isObject(each["function"]) ? each["function"] : each;
      return { name: shown(call["name"] ?? ""), args: shown(call["arguments"] ?? call["args"] ?? "") };
    }),
  };
}

function contentOf(content: unknown): string {
  if (content === null || content === undefined) return "";
  if (Array.isArray(content)) {
    return content
      .map((part) => (isObject(part) && typeof part["text"] === "string" ? part["text"] : shown(part)))
      .join("\n");
  }
  return shown(content);
}

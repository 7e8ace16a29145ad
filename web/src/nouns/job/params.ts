/** The parameters of a kind of jobs as fields of a form, made from the JSON schema that the server has of them. */

type Json = Record<string, unknown>;
export type ParamType = "text" | "integer" | "number" | "boolean" | "choice" | "json";
export interface Param {
  name: string;
  type: ParamType;
  isRequired: boolean;
  choices: readonly string[];
  /** What holds when the field is empty, as text. */
  usual: string;
}

export function paramsOf(schema: Json): Param[] {
  const root = resolved(schema, schema);
  const required = new Set((root["required"] as string[] | undefined) ?? []);
  return Object.entries((root["properties"] as Record<string, Json> | undefined) ?? {}).map(([name, given]) => {
    const part = resolved(given, schema);
    const choices = ((part["enum"] as unknown[] | undefined) ?? []).map(String);
    return {
      name,
      type: choices.length ? "choice" : typeOf(part),
      isRequired: required.has(name),
      choices,
      usual: textOf(given["default"]),
    };
  });
}

/** The values of a form as parameters, without empty ones.  `wrong` names the first invalid value. */
export function valuesOf(params: readonly Param[], typed: Record<string, string>): { values: Json; wrong?: string } {
  const values: Json = {};
  for (const { name, type } of params) {
    const text = typed[name] ?? "";
    if (text.trim() === "") continue;
    const value = valueOf(type, text);
    if (value === undefined) return { values, wrong: name };
    values[name] = value;
  }
  return { values };
}

/** Stored parameters as the text of their fields. */
export function typedOf(values: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries((values ?? {}) as Json).map(([name, value]) => [name, textOf(value)]));
}

function resolved(part: Json, schema: Json): Json {
  const name = (part["$ref"] as string | undefined)?.split("/").at(-1);
  if (name !== undefined) return (schema["$defs"] as Record<string, Json>)[name] ?? {};
  const others = part["anyOf"] as Json[] | undefined;
  return others ? resolved(others.find((each) => each["type"] !== "null") ?? {}, schema) : part;
}

function typeOf(part: Json): ParamType {
  const type = part["type"];
  if (type === "string") return "text";
  return type === "integer" || type === "number" || type === "boolean" ? type : "json";
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  const text = JSON.stringify(value);
  return text === "{}" || text === "[]" ? "" : text;
}

function valueOf(type: ParamType, text: string): unknown {
  if (type === "text" || type === "choice") return text;
  if (type === "boolean") return text === "true";
  if (type === "json") {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undefined;
    }
  }
  const number = Number(text);
  return Number.isFinite(number) && (type === "number" || Number.isInteger(number)) ? number : undefined;
}

/** A request that scores: its body, made of the model's signature, and code to paste.  Pure. */
import type { Column } from "@/nouns/model/mlmodel";
import { python } from "@/nouns/model/snippets";

export interface Call {
  url: string;
  /** Empty for an endpoint that needs none. */
  key: string;
  body: unknown;
}

const VALUES: Record<string, unknown> = {
  double: 0.5,
  float: 0.5,
  long: 1,
  integer: 1,
  boolean: true,
  string: "text",
  datetime: "2026-01-31T00:00:00",
};
const MAX_CELLS = 1000;

/** One row for these columns; undefined where a value of a column's type cannot be made. */
export function exampleBody(columns: readonly Column[]): unknown {
  if (columns.length === 0) return undefined;
  const tensors = columns.map((column) => tensorOf(column.type));
  if (tensors.every((tensor) => tensor !== undefined)) {
    const [first] = columns;
    if (columns.length === 1 && !first?.name) return { inputs: tensors[0] };
    return { inputs: Object.fromEntries(columns.map((column, at) => [column.name, tensors[at]])) };
  }
  const row = columns.map((column) => valueOf(column.type));
  if (row.some((value) => value === undefined)) return undefined;
  if (columns.every((column) => column.name)) {
    return { dataframe_split: { columns: columns.map((column) => column.name), data: [row] } };
  }
  return { dataframe_split: { data: [row] } };
}

export function curlCode({ url, key, body }: Call): string {
  const lines = [`curl ${sh(url)}`, "-H 'content-type: application/json'"];
  if (key) lines.push(`-H ${sh(`authorization: Bearer ${key}`)}`);
  return [...lines, `-d ${sh(JSON.stringify(body))}`].join(" \\\n  ");
}

export function pythonCode({ url, key, body }: Call): string {
  const headers = { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) };
  return `import json
import urllib.request

body = ${literal(body)}
request = urllib.request.Request(
    ${python(url)},
    json.dumps(body).encode(),
    ${literal(headers)},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer))`;
}

function valueOf(type: string): unknown {
  if (Object.hasOwn(VALUES, type)) return VALUES[type];
  const items = /^array<(\w+)>$/.exec(type)?.[1] ?? "";
  return Object.hasOwn(VALUES, items) ? [VALUES[items]] : undefined;
}

/** Zeros of a tensor's shape; one where the size is open. */
function tensorOf(type: string): unknown {
  const shape = /^tensor<\w+>\[([\d, -]*)\]$/.exec(type)?.[1];
  if (shape === undefined) return undefined;
  const sizes = shape.split(",").map((size) => Math.max(1, Number(size)));
  if (sizes.reduce((product, size) => product * size, 1) > MAX_CELLS) return undefined;
  return sizes.reduceRight<unknown>((inner, size) => Array.from({ length: size }, () => inner), 0);
}

/** A word of a shell's command. */
export function sh(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function literal(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object") return typeof value === "string" ? python(value) : String(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${python(name)}: ${literal(each)}`)
    .join(", ")}}`;
}

/** Addresses of pages: `#/experiments/7/runs/abc?x=1`.  Pure; the router has the state. */
export interface Address {
  path: string;
  query: URLSearchParams;
}

export type Params = Record<string, string>;

export interface Pattern {
  /** Segments with `:name` for a parameter; a last `*name` takes the rest with its slashes. */
  text: string;
  match(path: string): Params | null;
}

export function parseHash(hash: string): Address {
  const [path = "", ...rest] = hash.replace(/^#/, "").split("?");
  const clean = `/${path.split("/").filter(Boolean).join("/")}`;
  return ofEvaluation({ path: clean, query: new URLSearchParams(rest.join("?")) });
}

/** The run of an evaluation, whose address in MLflow's UI `mlflow.genai.evaluate` prints. */
function ofEvaluation(address: Address): Address {
  const experiment = /^(\/experiments\/[^/]+)\/evaluation-runs$/.exec(address.path)?.[1];
  if (experiment === undefined) return address;
  const query = new URLSearchParams(address.query);
  const run = query.get("selectedRunUuid");
  query.delete("selectedRunUuid");
  return { path: run === null ? experiment : `${experiment}/runs/${encodeURIComponent(run)}`, query };
}

export function formatHash({ path, query }: Address): string {
  const text = query.toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

export function pattern(text: string): Pattern {
  const parts = text.split("/").filter(Boolean);
  const rest = parts.at(-1)?.startsWith("*") ? parts.pop()?.slice(1) : undefined;
  return {
    text,
    match(path) {
      const given = path.split("/").filter(Boolean);
      if (given.length < parts.length || (rest === undefined && given.length > parts.length)) return null;
      const params: Params = {};
      for (const [index, part] of parts.entries()) {
        const value = given[index] ?? "";
        if (part.startsWith(":")) params[part.slice(1)] = decode(value);
        else if (part !== value) return null;
      }
      if (rest !== undefined) params[rest] = given.slice(parts.length).map(decode).join("/");
      return params;
    },
  };
}

/** A link to a page, each part encoded: `href("experiments", id, "runs", runId)`. */
export function href(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function withQuery(link: string, values: Record<string, string | null | undefined>): string {
  const { path, query } = parseHash(link);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  return formatHash({ path, query });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a `%` that the user typed
  }
}

/** Fields of runs as filters and orders name them: `metrics.loss`, `min(metrics.loss)`, `params.lr`, `tags.team`, `status`. */

export type Kind = "metric" | "param" | "tag" | "attribute";
export const AGGREGATES = ["last", "min", "max", "mean", "first", "count"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

export interface Field {
  kind: Kind;
  key: string;
  /** Of a metric: which of its values.  The last one has no function around it. */
  aggregate: Aggregate;
}

const PREFIXES: Record<Exclude<Kind, "attribute">, string> = { metric: "metrics", param: "params", tag: "tags" };
/** The experiment of a run, which cannot order runs. */
export const EXPERIMENT = "experiment_id";
const PLAIN = /^[A-Za-z0-9_./:-]+$/;

export function formatField({ kind, key, aggregate }: Field): string {
  if (kind === "attribute") return key;
  const quote = key.includes("`") ? '"' : "`";
  const name = `${PREFIXES[kind]}.${PLAIN.test(key) ? key : `${quote}${key}${quote}`}`;
  return kind === "metric" && aggregate !== "last" ? `${aggregate}(${name})` : name;
}

export function parseField(text: string): Field {
  const [, aggregate = "last", inner = text] = /^(last|min|max|mean|first|count)\((.*)\)$/s.exec(text) ?? [];
  const [, prefix = "", rest = ""] = /^(metrics|params|tags)\.(.*)$/s.exec(inner) ?? [];
  const kind = (Object.keys(PREFIXES) as Exclude<Kind, "attribute">[]).find((each) => PREFIXES[each] === prefix);
  if (!kind) return { kind: "attribute", key: text, aggregate: "last" };
  const key = /^([`"]).*\1$/s.test(rest) && rest.length > 1 ? rest.slice(1, -1) : rest;
  return { kind, key, aggregate: kind === "metric" ? (aggregate as Aggregate) : "last" };
}

/** A comparison with a value, in the form of a filter. */
export function comparison(field: string, value: string | null): string {
  if (value === null) return `${field} IS NULL`;
  if (!value.includes("'")) return `${field} = '${value}'`;
  if (!value.includes('"')) return `${field} = "${value}"`;
  // In quotes nothing is escaped; in lists texts are Python's.
  return `${field} IN (${JSON.stringify(value)})`;
}

/** Two filters that must both hold. */
export function both(first: string, second: string): string {
  const parts = [first, second].map((each) => each.trim()).filter(Boolean);
  return parts.length < 2
    ? (parts[0] ?? "")
    : parts.map((each) => (/\sOR\s/i.test(each) ? `(${each})` : each)).join(" AND ");
}

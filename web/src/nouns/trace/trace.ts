/** Converts the answers about traces for the pages.  Pure: nothing here throws, whatever a client sent. */

export interface TraceInfo {
  id: string;
  experimentId: string;
  name: string;
  state: string;
  startMs: number;
  /** null: it has not ended, or never said how long it took. */
  durationMs: number | null;
  request: string;
  response: string;
  session: string;
  user: string;
  runId: string;
  tokens: number | null;
  /** In US dollars. */
  cost: number | null;
  tags: [string, string][];
  metadata: [string, string][];
  assessments: Assessment[];
}

export interface Assessment {
  id: string;
  name: string;
  kind: "feedback" | "expectation" | "issue";
  value: string;
  source: string;
  rationale: string;
}

export interface SpanEvent {
  name: string;
  atMs: number;
  attributes: Record<string, unknown>;
}

export interface Span {
  id: string;
  parent: string;
  name: string;
  type: string;
  status: "OK" | "ERROR" | "UNSET";
  message: string;
  startMs: number;
  /** null: it has not ended. */
  endMs: number | null;
  attributes: Record<string, unknown>;
  events: SpanEvent[];
}

const OWN_TAGS = /^mlflow\./;

type Json = Record<string, unknown>;

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | null {
  const found = typeof value === "number" ? value : typeof value === "string" && value.trim() ? Number(value) : NaN;
  return Number.isFinite(found) ? found : null;
}

function parsed(value: unknown): Json {
  try {
    return object(JSON.parse(text(value) || "{}"));
  } catch {
    return {};
  }
}

function entries(value: unknown): [string, string][] {
  return Object.entries(object(value))
    .map(([key, each]): [string, string] => [key, shown(each)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A value in one line: text as it is, anything else as JSON. */
export function shown(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value) ?? "";
}

export function traceOf(value: unknown): TraceInfo {
  const info = object(value);
  const metadata = object(info["trace_metadata"]);
  const tags = object(info["tags"]);
  const place = object(object(info["trace_location"])["mlflow_experiment"]);
  return {
    id: text(info["trace_id"]),
    experimentId: text(place["experiment_id"]),
    name: text(tags["mlflow.traceName"]) || text(info["root_span_name"]),
    state: text(info["state"]) || "STATE_UNSPECIFIED",
    startMs: Date.parse(text(info["request_time"])),
    durationMs: durationMs(text(info["execution_duration"])),
    request: text(info["request_preview"]),
    response: text(info["response_preview"]),
    session: text(metadata["mlflow.trace.session"]),
    user: text(metadata["mlflow.trace.user"]),
    runId: text(metadata["mlflow.sourceRun"]),
    tokens: number(parsed(metadata["mlflow.trace.tokenUsage"])["total_tokens"]),
    cost: number(parsed(metadata["mlflow.trace.cost"])["total_cost"]),
    tags: entries(tags).filter(([key]) => !OWN_TAGS.test(key)),
    metadata: entries(metadata),
    assessments: list(info["assessments"]).map(assessmentOf),
  };
}

/** `0.056s`, as protobuf writes a duration. */
function durationMs(given: string): number | null {
  const seconds = /^-?\d+(\.\d+)?s$/.test(given) ? number(given.slice(0, -1)) : null;
  return seconds === null ? null : seconds * 1000;
}

function assessmentOf(value: unknown): Assessment {
  const given = object(value);
  const source = object(given["source"]);
  const kind = "expectation" in given ? "expectation" : "issue" in given ? "issue" : "feedback";
  const said = object(given[kind]);
  const error = text(object(said["error"])["error_message"]);
  return {
    id: text(given["assessment_id"]),
    name: text(given["assessment_name"]),
    kind,
    value: error || shown(said["value"] ?? object(said["serialized_value"])["value"] ?? ""),
    source: [text(source["source_type"]), text(source["source_id"])].filter(Boolean).join(" "),
    rationale: text(given["rationale"]),
  };
}

const TYPED = ["string_value", "bool_value", "int_value", "double_value"] as const;

/** The value of an OTLP value: `{"int_value": 7}` is 7. */
export function valueOf(given: unknown): unknown {
  const typed = object(given);
  for (const each of TYPED) if (each in typed) return typed[each];
  if ("array_value" in typed) return list(object(typed["array_value"])["values"]).map(valueOf);
  if ("kvlist_value" in typed) return pairs(object(typed["kvlist_value"])["values"]);
  return null;
}

function pairs(given: unknown): Record<string, unknown> {
  return Object.fromEntries(list(given).map((each) => [text(object(each)["key"]), valueOf(object(each)["value"])]));
}

export function spanOf(value: unknown): Span {
  const given = object(value);
  const attributes = pairs(given["attributes"]);
  const status = object(given["status"]);
  const code = text(status["code"]);
  const end = number(given["end_time_unix_nano"]);
  return {
    id: text(given["span_id"]),
    parent: text(given["parent_span_id"]),
    name: text(given["name"]),
    type: text(attributes["mlflow.spanType"]) || "UNKNOWN",
    status: code.endsWith("ERROR") ? "ERROR" : code.endsWith("OK") ? "OK" : "UNSET",
    message: text(status["message"]),
    startMs: (number(given["start_time_unix_nano"]) ?? 0) / 1e6,
    endMs: end ? end / 1e6 : null,
    attributes,
    events: list(given["events"]).map((each) => {
      const event = object(each);
      return {
        name: text(event["name"]),
        atMs: (number(event["time_unix_nano"]) ?? 0) / 1e6,
        attributes: pairs(event["attributes"]),
      };
    }),
  };
}

/** Why a span failed: its own words, or those of its exception. */
export function failureOf(span: Span): string {
  const exception = span.events.find((event) => event.name === "exception")?.attributes ?? {};
  const said = [exception["exception.type"], exception["exception.message"]].map(text).filter(Boolean).join(": ");
  return span.message || said;
}

export const INPUTS = "mlflow.spanInputs";
export const OUTPUTS = "mlflow.spanOutputs";

/** Attributes that the page shows by themselves, or that say nothing to a reader. */
const HIDDEN = new Set([INPUTS, OUTPUTS, "mlflow.spanType", "mlflow.traceRequestId"]);

export function furtherAttributes(span: Span): Record<string, unknown> {
  return Object.fromEntries(Object.entries(span.attributes).filter(([key]) => !HIDDEN.has(key)));
}

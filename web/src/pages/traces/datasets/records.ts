/** Records of an evaluation dataset, which come as JSON within a text.  Pure: whatever a client sent, nothing here throws. */
export interface Entry {
  id: string;
  inputs: string;
  outputs: string;
  expectations: string;
  /** Empty unless the record was made from a trace. */
  traceId: string;
  source: string;
}

type Json = Record<string, unknown>;

function parsed(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null; // Python's bare NaN
  }
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "object" && Object.keys(value).length === 0) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

export function recordCount(profile: string | null | undefined): number {
  const count = object(parsed(profile))["num_records"];
  return typeof count === "number" ? count : 0;
}

export function entriesOf(records: string): Entry[] {
  const list = parsed(records.replace(/(?<=[[{:,]\s*)(-?Infinity|NaN)(?=\s*[,\]}])/g, '"$1"'));
  return (Array.isArray(list) ? list : []).map(object).map((each) => {
    const source = object(each["source"]);
    const isTrace = source["source_type"] === "TRACE";
    return {
      id: String(each["dataset_record_id"] ?? ""),
      inputs: shown(each["inputs"]),
      outputs: shown(each["outputs"]),
      expectations: shown(each["expectations"]),
      traceId: isTrace ? String(object(source["source_data"])["trace_id"] ?? "") : "",
      source: String(source["source_type"] ?? ""),
    };
  });
}

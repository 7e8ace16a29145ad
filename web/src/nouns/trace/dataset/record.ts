/** A trace as a record of an evaluation dataset, as MLflow's `merge_records` makes it.  Pure. */
import { INPUTS, OUTPUTS, spanOf } from "../trace";

type Json = Record<string, unknown>;

export interface DatasetRecord {
  inputs: Json;
  outputs?: unknown;
  expectations: Json;
  source: { source_type: "TRACE"; source_data: { trace_id: string } };
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Inputs and outputs are those of the root span; expectations are those that were given on the trace.  Null: the trace has no
 *  inputs, so it makes no record.  Inputs that are no object become the field `input`. */
export function recordOf(trace: unknown): DatasetRecord | null {
  const info = object(object(trace)["trace_info"]);
  const spans = list(object(trace)["spans"]).map(spanOf);
  const root = spans.find((span) => !span.parent) ?? spans[0];
  const given = root?.attributes[INPUTS];
  if (given === undefined || given === null) return null;
  const isObject = typeof given === "object" && !Array.isArray(given);
  const outputs = root?.attributes[OUTPUTS];
  return {
    inputs: isObject ? (given as Json) : { input: given },
    ...(outputs === undefined ? {} : { outputs }),
    expectations: Object.fromEntries(list(info["assessments"]).flatMap(expectationOf)),
    source: { source_type: "TRACE", source_data: { trace_id: String(info["trace_id"]) } },
  };
}

function expectationOf(value: unknown): [string, unknown][] {
  const assessment = object(value);
  const name = assessment["assessment_name"];
  if (typeof name !== "string" || !("expectation" in assessment)) return [];
  const said = object(assessment["expectation"]);
  if ("value" in said) return [[name, said["value"]]];
  const text = object(said["serialized_value"])["value"];
  try {
    return [[name, JSON.parse(String(text))]];
  } catch {
    return [[name, text]];
  }
}

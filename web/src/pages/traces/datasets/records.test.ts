import { expect, test } from "vitest";
import { entriesOf, recordCount } from "./records";

test("records are read from the text of the answer", () => {
  const source = { source_type: "TRACE", source_data: { trace_id: "tr-1" } };
  const record = { dataset_record_id: "r", inputs: { q: "why?" }, outputs: {}, expectations: null, source };

  expect(entriesOf(JSON.stringify([record, {}]))).toEqual([
    { id: "r", inputs: '{\n  "q": "why?"\n}', outputs: "", expectations: "", traceId: "tr-1", source: "TRACE" },
    { id: "", inputs: "", outputs: "", expectations: "", traceId: "", source: "" },
  ]);
  expect(entriesOf('[{"outputs": NaN, "inputs": {"a": -Infinity, "b": "NaN, x"}}]')).toMatchObject([
    { outputs: "NaN", inputs: '{\n  "a": "-Infinity",\n  "b": "NaN, x"\n}' },
  ]);
  for (const odd of ["", "null", "{}", "[1"]) expect(entriesOf(odd)).toEqual([]);
});

test("a dataset without a profile has no records", () => {
  expect([recordCount('{"num_records": 7}'), recordCount("null"), recordCount(undefined)]).toEqual([7, 0, 0]);
});

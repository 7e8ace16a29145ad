import { expect, test } from "vitest";
import { recordOf } from "./record";

const text = (value: string) => ({ string_value: value });
const span = (id: string, parent: string, attributes: Record<string, unknown>) => ({
  span_id: id,
  ...(parent ? { parent_span_id: parent } : {}),
  attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
});

test("a record has the root's inputs and outputs, and the trace's expectations", () => {
  const inputs = { kvlist_value: { values: [{ key: "question", value: text("why?") }] } };
  const assessments = [
    { assessment_name: "answer", expectation: { value: "because" } },
    { assessment_name: "facts", expectation: { serialized_value: { value: '["a","b"]' } } },
    { assessment_name: "good", feedback: { value: true } },
  ];

  const record = recordOf({
    trace_info: { trace_id: "tr-1", assessments },
    spans: [
      span("b", "a", { "mlflow.spanInputs": text("inner") }),
      span("a", "", { "mlflow.spanInputs": inputs, "mlflow.spanOutputs": text("because") }),
    ],
  });

  expect(record).toEqual({
    inputs: { question: "why?" },
    outputs: "because",
    expectations: { answer: "because", facts: ["a", "b"] },
    source: { source_type: "TRACE", source_data: { trace_id: "tr-1" } },
  });
});

test("inputs that are no object become a field, and a trace without inputs is no record", () => {
  const spans = [span("a", "", { "mlflow.spanInputs": text("hi") })];
  expect(recordOf({ trace_info: { trace_id: "tr-1" }, spans })?.inputs).toEqual({ input: "hi" });
  expect(recordOf({ trace_info: { trace_id: "tr-1" }, spans: [span("a", "", {})] })).toBeNull();
  expect(recordOf({ trace_info: { trace_id: "tr-1" } })).toBeNull();
  expect(recordOf(null)).toBeNull();
});

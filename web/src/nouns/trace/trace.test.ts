import fc from "fast-check";
import { expect, test } from "vitest";
import { typedValue } from "./assess";
import { formatCost } from "./cost";
import { messagesOf } from "./messages";
import { failureOf, furtherAttributes, spanOf, traceOf, valueOf, type Span } from "./trace";
import { barOf, SpanTree } from "./tree";

function span(id: string, parent = "", startMs = 0, endMs: number | null = startMs + 1): Span {
  return {
    id,
    parent,
    name: id,
    type: "CHAIN",
    status: "OK",
    message: "",
    startMs,
    endMs,
    attributes: {},
    events: [],
  };
}

const shape = (tree: SpanTree, closed = new Set<string>()): [string, number][] =>
  tree.lines(closed).map(({ span, depth }) => [span.id, depth]);

test("a trace is read from the answer of a search", () => {
  const trace = traceOf({
    trace_id: "tr-1",
    trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "7" } },
    request_time: "2026-11-29T10:00:00.123Z",
    execution_duration: "0.056s",
    state: "OK",
    trace_metadata: {
      "mlflow.trace.session": "s",
      "mlflow.trace.tokenUsage": '{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}',
      "mlflow.trace.cost": "no JSON",
    },
    tags: { "mlflow.traceName": "predict", team: "a" },
    assessments: [
      { assessment_name: "good", feedback: { value: true }, source: { source_type: "HUMAN", source_id: "ana" } },
      { assessment_name: "answer", expectation: { serialized_value: { value: '["a"]' } } },
    ],
  });

  expect(trace).toMatchObject({
    id: "tr-1",
    experimentId: "7",
    name: "predict",
    durationMs: 56,
    tokens: 7,
    cost: null,
  });
  expect(trace.tags).toEqual([["team", "a"]]);
  expect(trace.assessments.map(({ name, kind, value, source }) => [name, kind, value, source])).toEqual([
    ["good", "feedback", "true", "HUMAN ana"],
    ["answer", "expectation", '["a"]', ""],
  ]);
});

test("a span is read from OTLP's form", () => {
  const read = spanOf({
    span_id: "YQ==",
    name: "chat",
    start_time_unix_nano: 1_700_000_000_000_000_000,
    end_time_unix_nano: 1_700_000_000_250_000_000,
    attributes: [
      { key: "mlflow.spanType", value: { string_value: "CHAT_MODEL" } },
      { key: "mlflow.spanInputs", value: { kvlist_value: { values: [{ key: "n", value: { int_value: 2 } }] } } },
      { key: "stop", value: { array_value: { values: [{ string_value: "x" }, {}] } } },
    ],
    status: { code: "STATUS_CODE_ERROR", message: "no" },
  });

  expect(read).toMatchObject({ type: "CHAT_MODEL", status: "ERROR", message: "no", startMs: 1_700_000_000_000 });
  expect((read.endMs ?? 0) - read.startMs).toBeCloseTo(250, 3);
  expect(furtherAttributes(read)).toEqual({ stop: ["x", null] });
});

test("whatever a client sent is read", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      traceOf(value);
      spanOf(value);
      valueOf(value);
      messagesOf(value);
    }),
  );
});

test("spans stand below their parents, in the order of their starts", () => {
  const tree = new SpanTree([span("c", "a", 3), span("a", "", 1), span("b", "a", 2), span("d", "b", 2)]);

  expect(shape(tree)).toEqual([["a", 0], ["b", 1], ["d", 2], ["c", 1]]); // prettier-ignore
  expect(shape(tree, new Set(["b"]))).toEqual([["a", 0], ["b", 1], ["c", 1]]); // prettier-ignore
});

test("a span without its parent is a root, and a circle is cut once", () => {
  expect(shape(new SpanTree([span("a", "lost"), span("b", "b", 1)]))).toEqual([["a", 0], ["b", 0]]); // prettier-ignore
  expect(shape(new SpanTree([span("x", "y", 2), span("y", "x", 1)]))).toEqual([["y", 0], ["x", 1]]); // prettier-ignore
});

test("each span stands in the tree once, whatever its parent is", () => {
  const ids = fc.constantFrom(..."abcdefgh");
  fc.assert(
    fc.property(fc.array(fc.tuple(ids, ids)), (given) => {
      const tree = new SpanTree(given.map(([id, parent], at) => span(id, parent, at)));
      const lines = tree.lines(new Set());
      expect(lines.map((line) => line.span.id).sort()).toEqual([...new Set(given.map(([id]) => id))].sort());
      expect(lines.length).toBe(tree.count);
    }),
  );
});

test("a search keeps what stands above a match", () => {
  const tree = new SpanTree([span("root"), span("left", "root"), span("needle", "left"), span("right", "root")]);

  expect([...tree.matching("NEED")].sort()).toEqual(["left", "needle", "root"]);
});

test("30,000 spans, each below the one before, are no recursion", () => {
  const spans = Array.from({ length: 30_000 }, (_, at) => span(String(at), at ? String(at - 1) : "", at));

  expect(new SpanTree(spans).lines(new Set()).at(-1)?.depth).toBe(29_999);
});

test("a bar lies within the timeline, also of a span that has not ended", () => {
  expect(barOf(span("a", "", 10, 20), 0, 100)).toEqual({ left: 0.1, width: 0.1 });
  expect(barOf(span("a", "", 50, null), 0, 100)).toEqual({ left: 0.5, width: 0.5 });
  expect(barOf(span("a", "", 0, 0), 0, 0)).toEqual({ left: 0, width: 1 });
});

test("messages are read in the forms of OpenAI and Anthropic", () => {
  expect(messagesOf({ messages: [{ role: "user", content: "hi" }] })).toEqual([
    { role: "user", text: "hi", calls: [] },
  ]);
  expect(
    messagesOf({
      choices: [
        { message: { role: "assistant", content: null, tool_calls: [{ function: { name: "f", arguments: "{}" } }] } },
      ],
    }),
  ).toEqual([{ role: "assistant", text: "", calls: [{ name: "f", args: "{}" }] }]);
  expect(messagesOf({ role: "assistant", content: [{ type: "text", text: "a" }, { type: "image" }] })[0]?.text).toBe(
    'a\n{"type":"image"}',
  );
  expect(messagesOf({ question: "hi" })).toEqual([]);
});

test("costs keep two significant digits below a dollar", () => {
  expect([0, 0.000123, 0.05, 12.345].map(formatCost)).toEqual(["$0", "$0.00012", "$0.05", "$12.35"]);
});

test("a typed value is a number or a yes where it looks like one", () => {
  expect(["7", "-0.5", "true", "false", "yes", "1e3", "7 "].map(typedValue)).toEqual([
    7,
    -0.5,
    true,
    false,
    "yes",
    "1e3",
    7,
  ]);
});

test("a failure began in the first failed span without a failed one below it", () => {
  const failed = (id: string, parent: string, startMs: number): Span => ({
    ...span(id, parent, startMs),
    status: "ERROR",
  });
  const tree = new SpanTree([
    failed("root", "", 0),
    span("fine", "root", 1),
    failed("agent", "root", 2),
    failed("tool", "agent", 3),
    failed("later", "root", 4),
  ]);

  expect(tree.origin?.id).toBe("tool");
  expect(new SpanTree([span("fine", "", 0)]).origin).toBeUndefined();
});

test("why a span failed is its message, else its exception", () => {
  const exception = { name: "exception", atMs: 0, attributes: { "exception.type": "E", "exception.message": "no" } };
  const silent = { ...span("a", "", 0), events: [exception] };

  expect(failureOf(silent)).toBe("E: no");
  expect(failureOf({ ...silent, message: "gone" })).toBe("gone");
  expect(failureOf({ ...silent, events: [] })).toBe("");
});

import { expect, test } from "vitest";
import { traceOf, type TraceInfo } from "@/nouns/trace/trace";
import { changeOf, differs, rowsOf, scoresOf } from "./rows";

function trace(request: string, at: number, feedback: Record<string, unknown>, expected?: string): TraceInfo {
  const assessments = Object.entries(feedback).map(([name, value]) => ({
    assessment_name: name,
    feedback: { value },
  }));
  const expectation = { assessment_name: "expected", expectation: { value: expected } };
  return traceOf({
    trace_id: `${request}-${at}`,
    request_time: new Date(at).toISOString(),
    request_preview: request,
    assessments: expected === undefined ? assessments : [...assessments, expectation],
  });
}

test("answers to the same request stand in one row, in the order of the first run", () => {
  const rows = rowsOf([
    [trace("b", 2, {}), trace("a", 1, {}, "yes"), trace("a", 3, {})],
    [trace("a", 9, {}), trace("c", 8, {})],
  ]);

  expect(rows.map((row) => [row.request, ...row.traces.map((each) => each?.id)])).toEqual([
    ["a", "a-1", "a-9"],
    ["b", "b-2", undefined],
    ["a", "a-3", undefined],
    ["c", undefined, "c-8"],
  ]);
  expect(rows[0]?.expectations.map((each) => each.value)).toEqual(["yes"]);
});

test("rows differ where the assessments do, or where a run lacks the request", () => {
  const rows = rowsOf([
    [trace("a", 1, { ok: true }), trace("b", 2, { ok: true }), trace("c", 3, {})],
    [trace("a", 1, { ok: true }), trace("b", 2, { ok: false })],
  ]);

  expect(rows.map(differs)).toEqual([false, true, true]);
});

test("scores are a mean of numbers, a share of verdicts, or the most frequent word", () => {
  const [length, ok, tone] = scoresOf([
    [trace("a", 1, { length: 2, ok: "yes", tone: "kind" }), trace("b", 2, { length: 4, ok: "no", tone: "kind" })],
    [trace("a", 1, { length: 5, ok: "yes", tone: "rude" }), trace("b", 2, { length: "the scorer failed" })],
    [],
  ]);

  expect(length?.runs).toEqual([{ kind: "mean", mean: 3, count: 2 }, { kind: "mean", mean: 5, count: 1 }, null]);
  expect(ok?.runs).toEqual([
    { kind: "share", word: "yes", share: 0.5, count: 2 },
    { kind: "share", word: "yes", share: 1, count: 1 },
    null,
  ]);
  expect(tone?.runs.map((each) => each?.kind === "most" && [each.word, each.times, each.count])).toEqual([
    ["kind", 2, 2],
    ["rude", 1, 1],
    false,
  ]);
  expect(changeOf(length?.runs[1] ?? null, length?.runs[0] ?? null)).toBe(2);
  expect(changeOf(tone?.runs[1] ?? null, tone?.runs[0] ?? null)).toBeNull();
});

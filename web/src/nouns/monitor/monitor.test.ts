import { expect, test } from "vitest";
import { isShort, seriesOf, worstOf, type Window } from "./monitor";

function window(start: number, ...scores: Window["scores"] & object): Window {
  return { start, end: start + 1, rows: 9, is_complete: true, computed_at: 1, drifted: [], scores };
}

const WINDOWS = [
  window(1, { column: "a", subject: "drift", value: 0.04, threshold: 0.08 }),
  window(
    2,
    { column: "a", subject: "drift", value: 0.08, threshold: 0.08, is_over: true },
    { column: "b", subject: "drift", value: 0.2, threshold: 0.1, is_over: true },
    { column: "b", subject: "nulls", value: 0.05, threshold: 0.1 },
  ),
];

test("a series has a place for each window, and the farthest column of the chosen window comes first", () => {
  expect(seriesOf(WINDOWS).map((each) => [each.column, each.subject, each.ratios])).toEqual([
    ["b", "drift", [null, 2]],
    ["a", "drift", [0.5, 1]],
    ["b", "nulls", [null, 0.5]],
  ]);
  expect(seriesOf(WINDOWS, 0)[0]?.column).toBe("a");
});

test("a window is as high as its worst score, and has no height without one", () => {
  expect([...WINDOWS, window(3)].map(worstOf)).toEqual([0.5, 2, null]);
});

test("the short list leaves out checks of quality that were never over their threshold", () => {
  expect(
    seriesOf(WINDOWS)
      .filter(isShort)
      .map((each) => `${each.column} ${each.subject}`),
  ).toEqual(["b drift", "a drift"]);
});

import { expect, test } from "vitest";
import { seriesOf, type Window } from "./monitor";

function window(start: number, ...scores: Window["scores"] & object): Window {
  return { start, end: start + 1, rows: 9, is_complete: true, computed_at: 1, drifted: [], scores };
}

test("a series has a place for each window, and the farthest column comes first", () => {
  const found = seriesOf([
    window(1, { column: "a", subject: "drift", value: 0.04, threshold: 0.08 }),
    window(
      2,
      { column: "a", subject: "drift", value: 0.08, threshold: 0.08, is_over: true },
      { column: "b", subject: "drift", value: 0.2, threshold: 0.1, is_over: true },
    ),
  ]);

  expect(found.map((each) => [each.column, each.ratios])).toEqual([
    ["b", [null, 2]],
    ["a", [0.5, 1]],
  ]);
  expect(found[0]?.last.isOver).toBe(true);
});

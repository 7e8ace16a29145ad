import { expect, test } from "vitest";
import { fromPoints } from "../series/series";
import { DEFAULTS } from "../settings";
import { barsOf } from "./bars";
import { linesOf } from "./lines";

function lines(values: readonly (readonly number[])[]) {
  const runs = values.map((_, slot) => ({ runId: String(slot), name: `run ${slot}`, slot }));
  const series = values.map((each, slot) =>
    fromPoints(
      String(slot),
      "auc",
      each.map((_, step) => step),
      each,
    ),
  );
  return linesOf(series, runs, null, DEFAULTS, ["#000"]);
}

test("single values are bars from zero, the greatest first", () => {
  const bars = barsOf(lines([[1], [4], [2]]), DEFAULTS);

  expect(bars?.map(({ line, left, width }) => [line.label, left, width])).toEqual([
    ["run 1", 0, 1],
    ["run 2", 0, 0.5],
    ["run 0", 0, 0.25],
  ]);
});

test("numbers below zero lie left of those above it, and what is no number has no bar", () => {
  const bars = barsOf(lines([[-1], [3], [NaN]]), DEFAULTS);

  expect(bars?.map(({ value, left, width }) => [value, left, width])).toEqual([
    [3, 0.25, 0.75],
    [-1, 0, 0.25],
    [NaN, 0, 0],
  ]);
});

test("several points, another metric as x, a log axis and a zoom are lines", () => {
  expect(barsOf(lines([[1], [2, 3]]), DEFAULTS)).toBeNull();
  expect(barsOf([], DEFAULTS)).toBeNull();
  expect(barsOf(lines([[1]]), { ...DEFAULTS, x: { kind: "metric", key: "loss" } })).toBeNull();
  expect(barsOf(lines([[1]]), { ...DEFAULTS, y: "log" })).toBeNull();
  expect(barsOf(lines([[1]]), { ...DEFAULTS, range: { low: 0, high: 1 } })).toBeNull();
});

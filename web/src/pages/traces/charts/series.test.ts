import { expect, test } from "vitest";
import { chosen, linesOf, pathOf, sharesOf, spanOf, timesOf, totalOf, type Point } from "./series";

const HOUR = 3_600_000;
const span = { startMs: 0, endMs: 3 * HOUR, intervalS: 3600 };
const point = (hour: number, name: string, count: number, status = "OK"): Point => ({
  dimensions: { time_bucket: new Date(hour * HOUR).toISOString(), trace_name: name, trace_status: status },
  values: { COUNT: count },
});

test("a span ends with the bucket of now, and its buckets are round", () => {
  const day = spanOf(Date.UTC(2026, 10, 29, 13, 7), 24 * HOUR);

  expect(day.intervalS).toBe(1800);
  expect(new Date(day.endMs).toISOString()).toBe("2026-11-29T13:30:00.000Z");
  expect(timesOf(day)).toHaveLength(48);
  expect(spanOf(0, 365 * 24 * HOUR).intervalS).toBe(8 * 86_400);
});

test("points become a line for each name, the greatest first, and points of one bucket are summed up", () => {
  const points = [point(0, "a", 1), point(0, "a", 2, "ERROR"), point(2, "b", 9), point(9, "b", 1)];

  expect(linesOf(points, span, "trace_name", "COUNT", 0)).toEqual([
    { name: "b", values: [0, 0, 9] },
    { name: "a", values: [3, 0, 0] },
  ]);
  expect(linesOf(points, span, null, "COUNT", null)).toEqual([{ name: "", values: [3, null, 9] }]);
  expect(linesOf(points, span, null, "SUM", 0)).toEqual([]);
});

test("shares are of what was counted in the same bucket", () => {
  const points = [point(0, "a", 3), point(0, "a", 1, "ERROR"), point(2, "b", 9)];
  const all = linesOf(points, span, "trace_name", "COUNT", 0);
  const failed = linesOf(
    points,
    span,
    "trace_name",
    "COUNT",
    0,
    (each) => each.dimensions?.["trace_status"] === "ERROR",
  );

  expect(sharesOf(failed, all)).toEqual([
    { name: "b", values: [null, null, 0] },
    { name: "a", values: [25, null, null] },
  ]);
  expect(chosen(all, ["a", "nobody"])).toEqual([all[1]]);
  expect(totalOf(all[0]!)).toBe(9);
});

test("a path is cut where nothing was measured, and a value alone is a dot", () => {
  const path = pathOf(
    [1, 2, null, 3, null],
    (at) => at,
    (value) => value,
  );

  expect(path).toBe("M0.0 1.0L1.0 2.0M3.0 3.0h0");
});

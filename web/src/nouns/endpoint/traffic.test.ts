import { expect, test } from "vitest";
import { errorShares, latencies, dots, path, requestRates, topOf, type Traffic } from "./traffic";

const point = (deployment: string, start: number, requests: number, errors: number, p50: number) => ({
  deployment,
  start,
  requests,
  client_errors: errors,
  server_errors: 0,
  p50_ms: p50,
  p95_ms: p50 * 2,
  p99_ms: p50 * 3,
});
const traffic: Traffic = {
  since: 0,
  until: 240_000,
  step_s: 60,
  points: [point("green", 60_000, 30, 3, 4), point("blue", 60_000, 120, 0, 2), point("blue", 180_000, 60, 60, 8)],
};

test("each deployment has a line with a value for each step", () => {
  expect(requestRates(traffic)).toEqual([
    { name: "blue", values: [0, 2, 0, 1] },
    { name: "green", values: [0, 0.5, 0, 0] },
  ]);
  expect(errorShares(traffic)).toEqual([
    { name: "blue", values: [null, 0, null, 100] },
    { name: "green", values: [null, 10, null, null] },
  ]);
});

test("latency is that of the slowest deployment", () => {
  expect(latencies(traffic).map((line) => [line.name, line.values])).toEqual([
    ["p50", [null, 4, null, 8]],
    ["p95", [null, 8, null, 16]],
    ["p99", [null, 12, null, 24]],
  ]);
});

test("a path has gaps where nothing was asked, and a dot for a value alone", () => {
  expect(path([0, 5, null, 10], 30, 10, 10)).toBe("M0 10L10 5");
  expect(dots([0, 5, null, 10], 30, 10, 10)).toBe("M30 0h0.01");
});

test("the top of a chart is a round number above all values", () => {
  expect(topOf([])).toBe(1);
  expect(topOf([{ name: "a", values: [null, 0.3] }])).toBe(0.5);
  expect(topOf([{ name: "a", values: [101] }])).toBe(200);
  expect(topOf([{ name: "a", values: [100] }])).toBe(100);
});

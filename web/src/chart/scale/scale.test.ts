import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDurations, formatPowers, formatSteps, formatTicks, formatTimes } from "./format";
import { asinhThreshold, extent, padded, withoutOutliers } from "./range";
import { scaleOf, type ScaleKind } from "./scale";
import { asinhTicks, durationTicks, linearTicks, logTicks, stepTicks, timeTicks } from "./ticks";

const KINDS: ScaleKind[] = ["linear", "log", "asinh"];

test("a scale and its inverse agree", () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (kind, value) => {
      const scale = scaleOf(kind, { low: 1e-3, high: 1e3 }, 0.1);

      expect(scale.value(scale.share(value))).toBeCloseTo(value, 6);
      expect(scale.share(1e-3)).toBeCloseTo(0, 9);
      expect(scale.share(1e3)).toBeCloseTo(1, 9);
    }),
  );
});

test("a logarithmic scale has no place for zero and below, an asinh scale has", () => {
  expect(scaleOf("log", { low: 1, high: 10 }).share(0)).toBeNaN();
  expect(scaleOf("asinh", { low: -10, high: 10 }, 1).share(0)).toBeCloseTo(0.5, 12);
});

test("ticks are in the range, ascend, and are no more than asked for", () => {
  const ends = fc.tuple(
    fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
  );
  fc.assert(
    fc.property(ends, fc.integer({ min: 2, max: 12 }), ([low, width], most) => {
      // Where the width is near the distance of two neighbouring numbers, no tick has room.
      const range = { low, high: low + Math.max(width, Math.abs(low) * 1e-6) };
      const slack = (range.high - range.low) * 1e-6 + 1e-6;
      for (const ticks of [linearTicks(range, most), stepTicks(range, most)]) {
        expect(ticks.length).toBeLessThanOrEqual(most + 1);
        for (const [at, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(low - slack);
          expect(tick).toBeLessThanOrEqual(range.high + slack);
          if (at) expect(tick).toBeGreaterThan(ticks[at - 1]!);
        }
      }
    }),
  );
});

test("ticks are round", () => {
  expect(linearTicks({ low: 0, high: 1 }, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(linearTicks({ low: 0.13, high: 0.97 }, 3)).toEqual([0.2, 0.4, 0.6, 0.8]);
  expect(linearTicks({ low: -0.31, high: 0.29 }, 6)).toEqual([-0.3, -0.2, -0.1, 0, 0.1, 0.2]);
  expect(stepTicks({ low: 0, high: 3 }, 10)).toEqual([0, 1, 2, 3]);
  expect(logTicks({ low: 1e-4, high: 100 }, 6)).toEqual([1e-4, 1e-3, 0.01, 0.1, 1, 10, 100]);
  expect(logTicks({ low: 1.6e-4, high: 8.5e-3 }, 5)).toEqual([2e-4, 5e-4, 1e-3, 2e-3, 5e-3]);
  expect(logTicks({ low: 2, high: 8 }, 4)).toEqual([2, 4, 6, 8]);
  expect(asinhTicks({ low: -1000, high: 1000 }, 8, 1)).toEqual([-1000, -100, -10, 0, 10, 100, 1000]);
  expect(durationTicks({ low: 0, high: 600_000 }, 5)).toEqual([0, 120_000, 240_000, 360_000, 480_000, 600_000]);
});

test("days begin at midnight where the reader is, also across a change of the clock", () => {
  const low = new Date(2026, 2, 25).getTime();
  const ticks = timeTicks({ low, high: new Date(2026, 3, 2).getTime() }, 9);

  expect(ticks.length).toBe(9);
  for (const tick of ticks) expect(new Date(tick).getHours()).toBe(0);
});

test("labels say as much as their distance needs", () => {
  expect(formatTicks([0, 0.2, 0.4])).toEqual(["0.0", "0.2", "0.4"]);
  expect(formatTicks([0.9, 0.92])).toEqual(["0.90", "0.92"]);
  expect(formatTicks([0, 2e6, 4e6])).toEqual(["0", "2e6", "4e6"]);
  expect(formatTicks([1e-5, 2e-5])).toEqual(["1e-5", "2e-5"]);
  expect(formatPowers([0.001, 1, 1e5])).toEqual(["0.001", "1", "1e5"]);
  expect(formatSteps([0, 500, 1000])).toEqual(["0", "500", "1000"]);
  expect(formatSteps([0, 250_000, 500_000])).toEqual(["0", "250k", "500k"]);
  expect(formatDurations([0, 120_000])).toEqual(["0", "2 min"]);
  const noon = new Date(2026, 10, 29, 12).getTime();
  expect(formatTimes([noon, noon + 3_600_000], "en-GB")).toEqual(["29 Nov, 12:00", "13:00"]);
});

test("the extent of values leaves out what is no number, and tells what a log axis cannot show", () => {
  expect(extent([Float64Array.of(NaN, -1, 0), Float64Array.of(0.1, 5, Infinity)])).toEqual({
    low: -1,
    high: 5,
    lowestPositive: 0.1,
    notPositive: 2,
  });
  expect(extent([Float64Array.of(NaN)])).toBeNull();
});

test("an axis has room around one value, and a log axis begins above zero", () => {
  expect(padded("linear", { low: 5, high: 5 })).toEqual({ low: 4.5, high: 5.5 });
  expect(padded("linear", { low: 0, high: 0 })).toEqual({ low: -1, high: 1 });
  expect(padded("log", { low: -5, high: 100 }, 0.1).low).toBeGreaterThan(0);
  expect(padded("log", { low: -5, high: -1 }, NaN).low).toBeGreaterThan(0);
  expect(Number.isFinite(padded("linear", { low: -1.7e308, high: 1.7e308 }).high)).toBe(true);
});

test("a few wild values are left out of the axis, a calm series is not cut", () => {
  const calm = Float64Array.from({ length: 100 }, (_, at) => at / 100);
  const wild = Float64Array.from([...calm, 1e9]);

  expect(withoutOutliers([wild])!.high).toBeLessThan(2);
  expect(withoutOutliers([calm])).toBeNull();
  expect(withoutOutliers([Float64Array.of(1, 1e9)])).toBeNull();
});

test("an asinh axis bends where small values are", () => {
  expect(asinhThreshold([Float64Array.of(0, 0, NaN)])).toBe(1);
  expect(asinhThreshold([Float64Array.of(0, 0.01, 0.02, 1000)])).toBeLessThan(0.02);
});

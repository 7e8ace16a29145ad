import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregate, commonGrid, studentT } from "./group";
import { fromPoints, samplingOf, lowerBound, nearestIndex } from "./series";
import { smooth } from "./smooth";

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const points = fc.array(value, { minLength: 1, maxLength: 300 });
const steps = (count: number) => Array.from({ length: count }, (_, at) => at);

test("smoothing stays within the values, and a strength of 0 changes nothing", () => {
  fc.assert(
    fc.property(points, fc.double({ min: 0, max: 0.99, noNaN: true }), (values, strength) => {
      const series = fromPoints("r", "k", steps(values.length), values);

      const line = smooth(series, strength);

      for (const y of line) {
        expect(y).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
        expect(y).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
      }
      expect([...smooth(series, 0)]).toEqual(values);
    }),
  );
});

test("smoothing is the moving average without bias, as TensorBoard draws it", () => {
  const series = fromPoints("r", "k", steps(3), [1, 2, 4]);

  const line = smooth(series, 0.5);

  expect(line[0]).toBe(1);
  expect(line[1]).toBeCloseTo((0.5 * 1 + 1 * 2) / 1.5, 12);
  expect(line[2]).toBeCloseTo((0.25 * 1 + 0.5 * 2 + 1 * 4) / 1.75, 12);
});

test("a bucket of few points pulls less than a full one", () => {
  const series = { ...fromPoints("r", "k", steps(3), [0, 0, 10]), count: Float64Array.of(100, 100, 1) };

  expect(smooth(series, 0.6)[2]).toBeLessThan(smooth({ ...series, count: Float64Array.of(1, 1, 1) }, 0.6)[2]!);
});

test("NaN does not spread when smoothed", () => {
  const line = smooth(fromPoints("r", "k", steps(3), [1, NaN, 1]), 0.9);

  expect([...line]).toEqual([1, NaN, 1]);
});

test("the mean of a group is that of the runs that have a value there", () => {
  const a = fromPoints("a", "k", [0, 10], [0, 10]);
  const b = fromPoints("b", "k", [5, 15], [7, 7]);

  const group = aggregate([a, b], [a.last, b.last], "range", 100);

  expect([...group.x]).toEqual([0, 5, 10, 15]);
  expect([...group.mean]).toEqual([0, 6, 8.5, 7]);
  expect([...group.low]).toEqual([0, 5, 7, 7]);
  expect([...group.high]).toEqual([0, 7, 10, 7]);
  expect([...group.runs]).toEqual([1, 2, 2, 1]);
});

test("the band of a group is its standard deviation or the interval of its mean", () => {
  const runs = [1, 2, 3].map((y) => fromPoints(String(y), "k", [0], [y]));
  const values = runs.map((run) => run.last);

  const sd = aggregate(runs, values, "sd", 10);
  const ci = aggregate(runs, values, "ci", 10);

  expect([sd.low[0], sd.high[0]]).toEqual([1, 3]);
  expect(ci.high[0]).toBeCloseTo(2 + (4.303 * 1) / Math.sqrt(3), 9);
  expect(studentT(1000)).toBeCloseTo(1.9623, 3);
});

test("runs with many different x meet on an even grid", () => {
  const a = fromPoints("a", "k", steps(5000), steps(5000));

  const grid = commonGrid([a], 100);

  expect(grid.length).toBe(100);
  expect([grid[0], grid.at(-1)]).toEqual([0, 4999]);
});

test("the nearest index is the nearest one", () => {
  fc.assert(
    fc.property(fc.uniqueArray(value, { minLength: 1, maxLength: 50 }), value, (xs, at) => {
      const x = Float64Array.from(xs).sort();
      const found = nearestIndex(x, at);

      for (const other of x) expect(Math.abs(x[found]! - at)).toBeLessThanOrEqual(Math.abs(other - at));
      expect(lowerBound(x, at)).toBe([...x].filter((each) => each < at).length);
    }),
  );
});

test("what is shown of how many points is told for all lines of a chart", () => {
  const whole = fromPoints("a", "k", steps(3), [1, NaN, Infinity]);

  expect(samplingOf([whole, { ...whole, exact: false, total: 1000 }])).toEqual({
    shown: 6,
    total: 1003,
    exact: false,
    odd: 4,
  });
});

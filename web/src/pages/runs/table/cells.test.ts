import { expect, test } from "vitest";
import { curvePath, heatStep, rangeOf } from "./cells";

test("colours go from the least to the greatest, and outliers take the ends", () => {
  expect(heatStep(0, [0, 7])).toBe(1);
  expect(heatStep(7, [0, 7])).toBe(7);
  expect(heatStep(3.5, [0, 7])).toBe(4);
  expect(heatStep(-100, [0, 7])).toBe(1);
  expect(heatStep(5, [5, 5])).toBe(1);
});

test("one outlier does not stretch the range", () => {
  const values = [...Array.from({ length: 99 }, (_, index) => index), 1e9];

  expect(rangeOf(values)?.[1]).toBeLessThan(100);
  expect(rangeOf([])).toBeNull();
});

test("a small curve fills its box and breaks where there is no number", () => {
  const x = Float64Array.of(0, 10, 20, 30);

  expect(curvePath(x, Float64Array.of(0, 1, NaN, 0.5), 83, 23)).toBe("M1.5 21.5h0.1L28.2 1.5M81.5 11.5h0.1");
  expect(curvePath(Float64Array.of(5), Float64Array.of(2), 80, 20)).toBe("M40.0 10.0h0.1");
  expect(curvePath(x, Float64Array.of(NaN, NaN, NaN, NaN), 80, 20)).toBe("");
});

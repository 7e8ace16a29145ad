import { expect, test } from "vitest";
import { toNumber } from "./run";

test("the largest number of the wire is infinity, and words are what they say", () => {
  expect([1.7976931348623157e308, -1.7976931348623157e308, "NaN", "Infinity", "0.5", 1e308].map(toNumber)).toEqual([
    ...[Infinity, -Infinity, NaN, Infinity, 0.5, 1e308],
  ]);
});

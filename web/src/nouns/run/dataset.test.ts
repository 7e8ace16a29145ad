import { expect, test } from "vitest";
import { datasetsOf, plain, withDataset } from "./dataset";

const used = [
  { name: "iris", digest: "1f", context: "train" },
  { name: "wine", digest: "2f", context: null },
];

test("a cell is one value: datasets have their names and contexts", () => {
  expect(plain(used)).toBe("iris (train), wine");
  expect([plain(0.5), plain("NaN"), plain(null), plain(undefined)]).toEqual([0.5, "NaN", null, null]);
  expect([datasetsOf(used), datasetsOf("iris"), datasetsOf(null)]).toEqual([used, [], []]);
});

test("a dataset joins the filter once, with any name", () => {
  const once = withDataset("metrics.a > 1 OR metrics.b > 1", "iris");

  expect(once).toBe("(metrics.a > 1 OR metrics.b > 1) AND dataset.name = 'iris'");
  expect(withDataset(once, "iris")).toBe(once);
  expect(withDataset("", `it's`)).toBe(`dataset.name = "it's"`);
  expect(withDataset("", `a'b"c`)).toBe(`dataset.name IN ("a'b\\"c")`);
});

import { expect, test } from "vitest";
import { widthOf } from "./widths";

test("a column is as wide as its name needs, within bounds", () => {
  expect(widthOf("metrics.loss", "loss")).toBe(112);
  expect(widthOf("metrics.loss", "loss", true)).toBe(144);
  expect(widthOf("metrics.training_precision_score", "training_precision_score")).toBe(180);
  expect(widthOf("params.p", "p")).toBe(120);
  expect(widthOf("tags.t", "x".repeat(500))).toBe(196);
});

test("a column of the run's own has a width of its own", () => {
  expect(widthOf("status", "Status")).toBe(108);
  expect(widthOf("duration", "Duration")).toBe(96);
});

test("on a phone, the column that orders the rows ends at the edge of the screen", () => {
  const name = "system/cpu_utilization_percentage";

  expect(widthOf("metrics.x", name)).toBe(196);
  expect(widthOf("metrics.x", name, false, 390)).toBe(150);
  expect(widthOf("metrics.x", name, false, 320)).toBe(96);
});

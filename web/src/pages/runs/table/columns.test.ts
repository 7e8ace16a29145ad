import { expect, test, vi } from "vitest";
import type { Row } from "../rows/outline.svelte";

vi.stubGlobal("document", { documentElement: {} });
const { orderedFirst, textOf } = await import("./columns");

test("the mean of a group has an exponent where its deviation does not give its size", () => {
  const text = (mean: number, sd: number): string => {
    const group = { metrics: [["metrics.x", { mean, sd, min: mean, max: mean }]] };
    return textOf({ kind: "group", group } as unknown as Row, "metrics.x", 0, 3);
  };

  expect(text(-0.00666, 1.04)).toBe("-0.007 ± 1");
  expect(text(0.8311, 0.086)).toBe("0.831 ± 0.086");
  expect(text(0.00001, 0.00002)).toBe("1.000e-5 ± 2e-5");
});

test("columns that order the rows come first, by their rank, and no column is lost or added", () => {
  const columns = ["status", "params.lr", "metrics.auc", "metrics.loss"].map((field) => ({ field }));
  const fields = (...order: string[]): string[] =>
    orderedFirst(
      columns,
      order.map((field) => ({ field })),
    ).map(({ field }) => field);

  expect(fields("metrics.loss", "params.lr")).toEqual(["metrics.loss", "params.lr", "status", "metrics.auc"]);
  expect(fields("start_time")).toEqual(["status", "params.lr", "metrics.auc", "metrics.loss"]);
});

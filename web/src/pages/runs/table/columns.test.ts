import { expect, test, vi } from "vitest";
import type { Row } from "../rows/outline.svelte";

vi.stubGlobal("document", { documentElement: {} });
const { textOf } = await import("./columns");

test("the mean of a group has an exponent where its deviation does not give its size", () => {
  const text = (mean: number, sd: number): string => {
    const group = { metrics: [["metrics.x", { mean, sd, min: mean, max: mean }]] };
    return textOf({ kind: "group", group } as unknown as Row, "metrics.x", 0, 3);
  };

  expect(text(-0.00666, 1.04)).toBe("-0.007 ± 1");
  expect(text(0.8311, 0.086)).toBe("0.831 ± 0.086");
  expect(text(0.00001, 0.00002)).toBe("1.000e-5 ± 2e-5");
});

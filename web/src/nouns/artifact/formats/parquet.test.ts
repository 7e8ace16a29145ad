import { expect, test } from "vitest";
import { cellOf } from "./parquet";

test.each([
  [null, ""],
  [undefined, ""],
  [0, "0"],
  [12345678901234567890n, "12345678901234567890"],
  [new Date("2026-01-31T00:00:00Z"), "2026-01-31T00:00:00.000Z"],
  [new Date(Number.NaN), ""],
  [{ a: 1n, b: [2] }, '{"a":"1","b":[2]}'],
  [[new Uint8Array(3)], '["3 bytes"]'],
])("a cell is shown as text: %#", (value: unknown, shown) => {
  expect(cellOf(value)).toBe(shown);
});

import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
const { amount, limitOf, share } = await import("./quota");

test.each([
  ["0", 0],
  ["5000", 5000],
  ["50M", 50_000_000],
  ["1.5k", 1500],
  ["10 GiB", 10 * 2 ** 30],
])("the limit %s is %d", (text, limit) => {
  expect(limitOf(text)).toBe(limit);
});

test.each(["", "-1", "ten", "10 XB", "1e6", "9".repeat(30)])("%j is no limit", (text) => {
  expect(limitOf(text)).toBeUndefined();
});

test("a use is read with the unit of its measure", () => {
  expect([amount("bytes", 2048), amount("runs", 12)]).toEqual(["2.00 KiB", "12"]);
});

test("all of a limit of 0 is used", () => {
  expect([share({ used: 1, limit: 4 }), share({ used: 0, limit: 0 })]).toEqual([0.25, 1]);
});

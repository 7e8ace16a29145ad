import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
const { formatAgo, formatBytes, formatDate, formatDuration, formatValue, placesOf } = await import("./format");

test("values have four significant digits and the form that a filter takes", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [0.93124, "0.9312"],
    [0.0000123, "1.23e-5"],
    [0.00012346, "1.235e-4"],
    [123456.7, "1.235e5"],
    [12, "12"],
    [-0.5, "-0.5"],
    [NaN, "NaN"],
    [-Infinity, "-Inf"],
  ];
  for (const [value, text] of cases) expect(formatValue(value)).toBe(text);
});

test("the values of a column have their points below each other", () => {
  const cases: [number, number, number[], string[]][] = [
    [0.05, 0.98, [0.999, 0.478, 0.000245, 0], ["0.9990", "0.4780", "2.450e-4", "0"]],
    [-2.05, 1.978, [-2.05, 0.273, 1], ["-2.050", "0.273", "1.000"]],
    [1, 300, [1, 300, 2.5], ["1", "300", "2.500"]],
    [1.2, 35412.3, [35412.3, 1.2], ["35412", "1.200"]],
    [1e-5, 2e-4, [1e-5, 0.00012345], ["1.000e-5", "1.234e-4"]],
    [1e5, 2e7, [123456.7, 2e7], ["1.235e5", "2.000e7"]],
    [0.1, 0.9, [NaN, Infinity], ["NaN", "+Inf"]],
  ];
  for (const [low, high, values, texts] of cases) {
    expect(values.map((value) => formatValue(value, placesOf(low, high)))).toEqual(texts);
  }
});

test("durations have two units at most", () => {
  const cases: [number, string][] = [
    [850, "850 ms"],
    [9_940, "9.9 s"],
    [59_400, "59 s"],
    [185_000, "3 min 05 s"],
    [8_040_000, "2 h 14 min"],
    [266_400_000, "3 d 02 h"],
  ];
  for (const [ms, text] of cases) expect(formatDuration(ms)).toBe(text);
});

test("sizes are in powers of 1024", () => {
  expect(formatBytes(0)).toBe("0 B");
  expect(formatBytes(1023)).toBe("1023 B");
  expect(formatBytes(1536)).toBe("1.50 KiB");
  expect(formatBytes(5 * 1024 ** 3)).toBe("5.00 GiB");
});

test("a week ago is a date with its time, an hour ago is not", () => {
  const now = Date.UTC(2026, 10, 29);
  expect(formatAgo(now - 3 * 3_600_000, now)).toMatch(/3 h/);
  expect(formatAgo(now - 9 * 86_400_000, now)).toBe(formatDate(now - 9 * 86_400_000));
  expect(formatDate(now - 9 * 86_400_000)).toMatch(/^20 Nov 2026, \d\d:\d\d$/);
});

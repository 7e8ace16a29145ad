import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
const { formatAgo, formatBytes, formatDuration, formatValue } = await import("./format");

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

test("a week ago is a date, an hour ago is not", () => {
  const now = Date.UTC(2026, 10, 29);
  expect(formatAgo(now - 3 * 3_600_000, now)).toMatch(/3 h/);
  expect(formatAgo(now - 9 * 86_400_000, now)).toBe("20 Nov 2026");
});

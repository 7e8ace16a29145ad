import { beforeEach, expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: { dataset: {} } });
const { parse, recallMarks, rememberMarks, withMarks } = await import("./remembered");

const query = (text: string): URLSearchParams => new URLSearchParams(text);

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
});

test("the marks of a table come back in an address without a view", () => {
  rememberMarks(["1", "2"], query("pins=a,b&colours=a!3&q=x"));
  rememberMarks(["3"], query("show=split"));

  expect(recallMarks(["2", "1"], query("show=split"))).toEqual({ pins: "a,b", colours: "a!3" });
  expect(recallMarks(["3"], query(""))).toEqual({ pins: null, colours: null });
  expect(recallMarks(["1"], query(""))).toBeUndefined();
});

test("an address that says what it shows wins", () => {
  rememberMarks(["1"], query("pins=a"));

  for (const address of ["pins=b", "colours=b!1", "q=metrics.auc > 0.9", "v=7"]) {
    expect(recallMarks(["1"], query(address))).toBeUndefined();
  }
});

test("the marks of the last hundred tables are kept, and texts of another form are not", () => {
  const list = Array.from({ length: 120 }, (_each, index) => ({ of: String(index), pins: "a", colours: null })).reduce(
    withMarks,
    [] as ReturnType<typeof withMarks>,
  );

  expect(list.map((each) => each.of).slice(0, 2)).toEqual(["119", "118"]);
  expect(list).toHaveLength(100);
  expect(parse(JSON.stringify([...list.slice(0, 1), { of: 1 }, null]))).toEqual(list.slice(0, 1));
  expect(parse("no JSON")).toEqual([]);
});

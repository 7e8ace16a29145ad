import { expect, test, vi } from "vitest";
import { Cache } from "./cache";
import { Queue } from "./queue";

vi.stubGlobal("document", { documentElement: { dataset: {} }, baseURI: "http://localhost/" });
vi.stubGlobal("navigator", { languages: ["en"] });
const { decode, inOrderOfLogging, metricField } = await import("./source");

test("the cache forgets what was used longest ago", () => {
  const cache = new Cache<string>(3, (text) => text.length);
  cache.set("a", "1");
  cache.set("b", "2");
  cache.set("c", "3");
  cache.get("a");
  cache.set("d", "4");

  expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.get("d")]).toEqual(["1", undefined, "3", "4"]);
  cache.set("e", "too long");
  expect(cache.get("e")).toBeUndefined();
});

test("few requests run at once, and of those that wait the one that is looked at starts first", async () => {
  const queue = new Queue(1);
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const task = (name: string) => (): Promise<void> => {
    started.push(name);
    return new Promise((end) => ends.push(end));
  };
  const signal = new AbortController().signal;

  const first = queue.run(task("first"), () => 9, signal);
  const far = queue.run(task("far"), () => 2, signal);
  const seen = queue.run(task("seen"), () => 1, signal);
  ends[0]!();
  await first;
  await vi.waitFor(() => expect(started).toEqual(["first", "seen"]));
  ends[1]!();
  await seen;
  await vi.waitFor(() => expect(started).toEqual(["first", "seen", "far"]));
  ends[2]!();
  await far;
});

test("what was aborted while it waited never starts", async () => {
  const queue = new Queue(0);
  const abort = new AbortController();
  const waiting = queue.run(
    () => Promise.reject(new Error("started")),
    () => 0,
    abort.signal,
  );

  abort.abort();

  await expect(waiting).rejects.toThrow("Aborted");
});

test("an answer in buckets becomes a series, and says what was no number", () => {
  const series = decode({
    run_id: "r", key: "loss", points: 2000, in_range: 2000, bucket: [0, 7], x: [999, 7999],
    last: [0.4, null], min: [0.3, 0.2], max: [0.9, 0.8], count: [1000, 1000],
    odd: { bucket: [7], nan: [3], inf: [0], minus_inf: [1] },
  }); // prettier-ignore

  expect([...series.last]).toEqual([0.4, NaN]);
  expect(series.odd).toEqual({ nan: 3, inf: 0, minusInf: 1, x: Float64Array.of(7999) });
  expect([series.total, series.exact]).toEqual([2000, false]);
});

test("a series is exact if each of its buckets has one point, or if all points came", () => {
  const wire = { run_id: "r", key: "k", points: 2, in_range: 2, x: [0, 1] };

  expect(decode({ ...wire, bucket: [0, 1], last: [1, 2], min: [1, 2], max: [1, 2], count: [1, 1] }).exact).toBe(true);
  expect(decode({ ...wire, value: [1, null] })).toMatchObject({ exact: true, odd: { nan: 1 } });
  expect(decode({ ...wire, in_range: 5, value: [1, 2] }).exact).toBe(false);
});

test("a metric's name with odd characters is quoted as the filter language wants it", () => {
  expect(metricField("train/loss-1.a")).toBe("metrics.train/loss-1.a");
  expect(metricField("val loss")).toBe("metrics.`val loss`");
});

test("metrics stand in the order of logging, and numbers in names count", () => {
  const key = (name: string, firstTime: number) => ({
    key: name,
    firstTime,
    runs: 1,
    points: 1,
    min: 0,
    max: 0,
    isSystem: false,
  });

  const found = inOrderOfLogging([key("a", 9), key("loss10", 2), key("loss2", 2), key("z", 1)]);

  expect(found.map((each) => each.key)).toEqual(["z", "loss2", "loss10", "a"]);
});

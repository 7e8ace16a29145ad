import fc from "fast-check";
import { expect, test } from "vitest";
import { fromQuery, MOST_SMOOTHING, stepSmoothing, toQuery, type Settings } from "../settings";
import { matching } from "./find";
import { gridFor, layout, MOST_CANVASES, sections } from "./sections";

const text = fc.string({ maxLength: 20, unit: "binary" }).map((each) => each.replace(/\p{Surrogate}/gu, ""));
const settings: fc.Arbitrary<Settings> = fc.record({
  x: fc.oneof(
    fc.constantFrom<Settings["x"]>({ kind: "step" }, { kind: "relative" }, { kind: "wall" }),
    text.filter(Boolean).map((key) => ({ kind: "metric" as const, key })),
  ),
  xLog: fc.boolean(),
  y: fc.constantFrom("linear", "log", "asinh"),
  smoothing: fc.double({ min: 0, max: 0.999, noNaN: true }).map(Math.abs),
  clip: fc.boolean(),
  group: text,
  spread: fc.constantFrom("range", "sd", "ci"),
  exact: fc.boolean(),
  search: text,
  range: fc.option(
    fc
      .tuple(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.double({ min: 1e-3, max: 1e12, noNaN: true }))
      .map(([low, width]) => ({ low: low + 0, high: low + width }))
      .filter(({ low, high }) => low < high),
  ),
  follow: fc.boolean(),
});

test("settings survive the address", () => {
  fc.assert(
    fc.property(settings, (given) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(toQuery(given))) if (value !== null) query.set(name, value);

      expect(fromQuery(new URLSearchParams(query.toString()))).toEqual(given);
    }),
  );
});

test("an address that nobody can read gives the defaults", () => {
  const query = new URLSearchParams("chart-x=metric:&chart-smooth=lots&chart-zoom=9~1&chart-band=%00&chart-log=z");

  expect(Object.values(toQuery(fromQuery(query))).every((value) => value === null)).toBe(true);
});

test("metrics stand in sections by prefix, in the order in which they come", () => {
  const found = sections(["train/loss10", "loss", "train/loss2", "/odd", "val/acc", "train/deep/x"]);

  expect(found.map(({ name, keys }) => [name, ...keys])).toEqual([
    ["", "loss", "/odd"],
    ["train", "train/loss10", "train/loss2", "train/deep/x"],
    ["val", "val/acc"],
  ]);
});

test("no window of any size shows parts of more than twelve cards", () => {
  const all = sections(Array.from({ length: 500 }, (_, at) => `m${at}`));
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 4000 }),
      fc.integer({ min: 300, max: 2400 }),
      fc.nat(100_000),
      (width, height, from) => {
        const { visible } = layout(all, () => true, gridFor(width, height), from, from + height);

        expect(visible.length).toBeLessThanOrEqual(MOST_CANVASES);
      },
    ),
  );
});

test("each card of an open section is shown at its place, those of a closed one are not", () => {
  const all = sections(["a/1", "a/2", "b/1", "b/2", "b/3"]);
  const grid = { columns: 2, rowHeight: 100, headerHeight: 40, gap: 10 };

  const open = layout(all, () => true, grid, 0, 1000);
  const closed = layout(all, (name) => name === "b", grid, 0, 1000);

  expect(open.visible.map(({ key, top, column }) => [key, top, column])).toEqual([
    ["a/1", 40, 0],
    ["a/2", 40, 1],
    ["b/1", 190, 0],
    ["b/2", 190, 1],
    ["b/3", 300, 0],
  ]);
  expect(open.height).toBe(410);
  expect(closed.visible[0]).toEqual({ key: "b/1", top: 80, column: 0 });
});

test("names are found by a regular expression in any case; what is none says so", () => {
  expect(matching(["train/Loss", "val/loss", "acc"], "^(train|val)/loss$")).toEqual({
    names: ["train/Loss", "val/loss"],
  });
  expect(matching(["a"], "(")).toHaveProperty("error");
});

test("arrow keys take smoothing from none to the most and back, in ever smaller steps towards 1", () => {
  const up = [0];
  while ((up.at(-1) ?? 1) < MOST_SMOOTHING && up.length < 100) up.push(stepSmoothing(up.at(-1) ?? 0, 1));
  const down = [MOST_SMOOTHING];
  while ((down.at(-1) ?? 0) > 0 && down.length < 100) down.push(stepSmoothing(down.at(-1) ?? 1, -1));

  expect(up.slice(0, 3)).toEqual([0, 0.05, 0.1]);
  expect(up.slice(-11, -8)).toEqual([0.98, 0.99, 0.991].slice(0, 3));
  expect(down).toEqual(up.toReversed());
});

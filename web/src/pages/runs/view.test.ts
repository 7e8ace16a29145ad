import fc from "fast-check";
import { expect, test } from "vitest";
import { hasView } from "@/nouns/experiment/marks";
import { fromQuery, isNested, PLAIN_VIEW, toQuery, withOrder, type Column, type View } from "./view";

const texts = fc.string({ minLength: 1 });
const columns: fc.Arbitrary<Column> = fc
  .record({
    field: texts,
    width: fc.option(fc.integer({ min: 1, max: 900 })),
    isPinned: fc.boolean(),
    isTinted: fc.boolean(),
  })
  .map(({ field, width, isPinned, isTinted }) => ({
    field,
    ...(width === null ? {} : { widthPx: width }),
    ...(isPinned ? { isPinned } : {}),
    ...(isTinted ? { isTinted } : {}),
  }));
const views: fc.Arbitrary<View> = fc.record({
  filter: fc.string(),
  lifecycle: fc.constantFrom("active" as const, "deleted" as const),
  order: fc.array(fc.record({ field: texts, direction: fc.constantFrom("asc" as const, "desc" as const) }), {
    maxLength: 3,
  }),
  columns: fc.option(fc.array(columns, { maxLength: 5 })),
  groupBy: fc.array(texts, { maxLength: 3 }),
  nesting: fc.constantFrom("auto" as const, "tree" as const, "flat" as const),
  pins: fc.uniqueArray(texts, { maxLength: 3 }),
  colours: fc.dictionary(texts, fc.integer({ min: 0, max: 19 })).map((each) => new Map(Object.entries(each))),
});

function throughUrl(view: View): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(toQuery(view))) if (value !== null) query.set(name, value);
  return new URLSearchParams(query.toString());
}

test("a pasted address gives the same view", () => {
  fc.assert(
    fc.property(views, (view) => {
      expect(fromQuery(throughUrl(view))).toEqual(view);
    }),
  );
});

test("a plain view leaves the address alone", () => {
  expect(throughUrl(PLAIN_VIEW).toString()).toBe("");
  expect(hasView(new URLSearchParams("x=1"))).toBe(false);
  expect(hasView(new URLSearchParams("q=a"))).toBe(true);
});

test("an address is readable", () => {
  const view: View = {
    ...PLAIN_VIEW,
    order: [{ field: "metrics.val/loss", direction: "desc" }],
    columns: [{ field: "params.lr", isPinned: true, widthPx: 90 }],
  };

  expect(toQuery(view)).toMatchObject({ order: "-metrics.val/loss", cols: "params.lr!p!90" });
});

test("children stand below their parents where runs are listed as they came, or where that was chosen", () => {
  const filtered = { ...PLAIN_VIEW, filter: "metrics.auc > 0.9" };
  const ordered: View = { ...PLAIN_VIEW, order: [{ field: "metrics.auc", direction: "desc" }] };

  expect(isNested(PLAIN_VIEW, false)).toBe(true);
  expect(isNested(PLAIN_VIEW, true)).toBe(false);
  expect(isNested(filtered, false)).toBe(false);
  expect(isNested(ordered, false)).toBe(false);
  expect(isNested({ ...ordered, nesting: "tree" }, true)).toBe(true);
  expect(isNested({ ...PLAIN_VIEW, nesting: "flat" }, false)).toBe(false);
});

test("columns that order the rows are shown before the values, once, and the others keep their places", () => {
  const columns = ["status", "metrics.auc", "start_time"].map((field) => ({ field }));
  const fields = (...order: string[]): string[] =>
    withOrder(
      columns,
      order.map((field) => ({ field, direction: "desc" as const })),
    ).map(({ field }) => field);

  expect(fields("metrics.loss", "min(metrics.auc)")).toEqual([
    "status",
    "metrics.loss",
    "min(metrics.auc)",
    "metrics.auc",
    "start_time",
  ]);
  expect(fields("metrics.`auc`", "start_time", "run_name", "nonsense")).toEqual(columns.map(({ field }) => field));
  expect(withOrder([], [{ field: "params.lr", direction: "asc" }])).toEqual([{ field: "params.lr" }]);
});

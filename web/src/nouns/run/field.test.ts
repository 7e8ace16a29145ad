import fc from "fast-check";
import { expect, test } from "vitest";
import { AGGREGATES, both, comparison, formatField, parseField, type Field } from "./field";

const keys = fc.string({ minLength: 1, unit: fc.constantFrom(..."abcXYZ019_./:- é(),'") });
const fields: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant("metric" as const), key: keys, aggregate: fc.constantFrom(...AGGREGATES) }),
  fc.record({
    kind: fc.constantFrom("param" as const, "tag" as const),
    key: keys,
    aggregate: fc.constant("last" as const),
  }),
);

test("a field is read as it was written", () => {
  fc.assert(
    fc.property(fields, (field) => {
      expect(parseField(formatField(field))).toEqual(field);
    }),
  );
});

test("fields have the form of filters", () => {
  expect(formatField({ kind: "metric", key: "train/loss", aggregate: "min" })).toBe("min(metrics.train/loss)");
  expect(formatField({ kind: "param", key: "learning rate", aggregate: "last" })).toBe("params.`learning rate`");
  expect(parseField("start_time")).toEqual({ kind: "attribute", key: "start_time", aggregate: "last" });
});

test("a value with quotes can be compared", () => {
  expect(comparison("params.a", null)).toBe("params.a IS NULL");
  expect(comparison("params.a", "x")).toBe("params.a = 'x'");
  expect(comparison("params.a", "it's")).toBe(`params.a = "it's"`);
  expect(comparison("params.a", `'"`)).toBe(`params.a IN ("'\\"")`);
});

test("two filters are joined so that both hold", () => {
  expect(both("", "params.a = '1'")).toBe("params.a = '1'");
  expect(both("params.a = '1' OR params.b = '2'", "run_name = 'x'")).toBe(
    "(params.a = '1' OR params.b = '2') AND run_name = 'x'",
  );
});

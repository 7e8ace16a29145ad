import { expect, test } from "vitest";
import { EMPTY, formOf, ruleOf, type Form } from "./rule";

test("a rule without a condition is no rule", () => {
  expect(ruleOf(EMPTY)).toBeUndefined();
  expect(ruleOf({ ...EMPTY, days: "30" })).toEqual({ experiments: "*", older_than_days: 30, most_percent: 10 });
});

test("what is not filled in is no rule", () => {
  expect(ruleOf({ ...EMPTY, keep: "best" })).toBeUndefined();
  expect(ruleOf({ ...EMPTY, does: "files" })).toBeUndefined();
  expect(ruleOf({ ...EMPTY, days: "x" })).toBeUndefined();
  expect(ruleOf({ ...EMPTY, days: "1", percent: "0" })).toBeUndefined();
});

test("a stored rule comes back into the form as it was", () => {
  const forms: Form[] = [
    { ...EMPTY, keep: "best", count: "5", metric: "auc", isLower: true, experiments: "sweep-*" },
    { ...EMPTY, keep: "last", count: "7", does: "delete", percent: "50" },
    { ...EMPTY, does: "files", files: "checkpoints/*", days: "30", filter: "tags.a = 'b'" },
  ];
  for (const form of forms) expect(formOf(ruleOf(form))).toEqual(form);
});

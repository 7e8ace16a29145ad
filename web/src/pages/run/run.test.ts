import { expect, test } from "vitest";
import { durationOf, matches, withTag, type Run } from "./run";

const run = (info: Partial<Run["info"]>): Run =>
  ({ info: { start_time: 1000, ...info }, data: { tags: [{ key: "a", value: "1" }] }, inputs: {} }) as unknown as Run;

test("a run that goes on has no duration, and none is negative", () => {
  expect(durationOf(run({}))).toBeUndefined();
  expect(durationOf(run({ end_time: 3500 }))).toBe(2500);
  expect(durationOf(run({ end_time: 500 }))).toBe(0);
});

test("a tag is set once, and removed", () => {
  expect(withTag(run({}), "a", "2").data.tags).toEqual([{ key: "a", value: "2" }]);
  expect(withTag(run({}), "a", undefined).data.tags).toEqual([]);
});

test.each([
  ["*", "anything", true],
  ["churn*", "churn/v2", true],
  ["churn?", "churn", false],
  ["[ab]x", "bx", true],
  ["[!ab]x", "bx", false],
  ["a.c", "abc", false],
  ["(", "(", true],
  ["[z-a]", "z", false],
])("the glob %s takes %s: %s", (glob, text, isTaken) => {
  expect(matches(glob, text)).toBe(isTaken);
});

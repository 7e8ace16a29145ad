import { expect, test } from "vitest";
import { contains, isPlain } from "./filter";

test("a text that a user typed is looked for as it is", () => {
  expect(contains("name", "50%_a")).toBe("name CONTAINS '50%_a'");
  expect(contains("name", 'say "a"')).toBe("name CONTAINS 'say \"a\"'");
  expect(contains("name", `it's "a"`)).toBe(String.raw`name CONTAINS ('it\'s "a"')`);
  expect(contains("name", "a\\")).toBe(String.raw`name CONTAINS ('a\\')`);
});

test("words are told from the beginning of a filter", () => {
  for (const text of [
    "resnet",
    " night run 7 ",
    "lr-5e-4",
    "a_b%",
    "metrics",
    "notes and more",
    "it's",
    'say "a"',
    "night (2)",
    "done!",
    "between us, what I like",
  ])
    expect(isPlain(text)).toBe(true);
  for (const text of [
    "",
    "  ",
    "metrics.loss",
    "params.opt",
    "status = 'x'",
    "end_time IS NULL",
    "loss BETWEEN 1 AND 2",
    "(a",
    "run_name like 'a%'",
    "run_name ILIKE",
    "notes contains ('a')",
    "status in ('a', 'b')",
    "min(metrics.loss)",
    "`run name`",
  ])
    expect(isPlain(text)).toBe(false);
});

import { expect, test } from "vitest";
import { contains } from "./filter";

test("a text that a user typed is looked for as it is", () => {
  expect(contains("name", "50%_a")).toBe("name CONTAINS '50%_a'");
  expect(contains("name", 'say "a"')).toBe("name CONTAINS 'say \"a\"'");
  expect(contains("name", `it's "a"`)).toBe(String.raw`name CONTAINS ('it\'s "a"')`);
  expect(contains("name", "a\\")).toBe(String.raw`name CONTAINS ('a\\')`);
});

import { expect, test } from "vitest";
import { readList } from "./list";

test("a list in an address is a JSON array of texts, and nothing else", () => {
  expect(readList('["a","b","a"]')).toEqual(["a", "b"]);
  expect(readList('["a",1,null]')).toEqual(["a"]);
  for (const bad of [null, "", "a,b", '["a"', '{"a":1}', "7"]) expect(readList(bad)).toBeNull();
});

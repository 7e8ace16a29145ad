import { expect, test } from "vitest";
import { said } from "./said";

test("a preview is shown as what was said in it", () => {
  expect(said('{"question": "why?"}')).toBe("why?");
  expect(said('"because"')).toBe("because");
  expect(said("plain")).toBe("plain");
  expect(said('{"a": 1, "b": "x"}', 2)).toBe('{\n  "a": 1,\n  "b": "x"\n}');
  expect(said('{"question": "cut...')).toBe('{"question": "cut...');
  expect(said('{"a": 1, "b": "x"}')).toBe('{"a": 1, "b": "x"}');
  expect(said('["x"]')).toBe('["x"]');
  expect(said("null")).toBe("null");
  expect(said("")).toBe("");
});

import { expect, test } from "vitest";
import { previewText } from "./preview";

test("a preview is shown as what was said in it", () => {
  expect(previewText('{"question": "why?"}')).toBe("why?");
  expect(previewText('"because"')).toBe("because");
  expect(previewText("plain")).toBe("plain");
  expect(previewText('{"a": 1, "b": "x"}', 2)).toBe('{\n  "a": 1,\n  "b": "x"\n}');
  expect(previewText('{"question": "cut...')).toBe('{"question": "cut...');
  expect(previewText('{"a": 1, "b": "x"}')).toBe('{"a": 1, "b": "x"}');
  expect(previewText('["x"]')).toBe('["x"]');
  expect(previewText("null")).toBe("null");
  expect(previewText("")).toBe("");
});

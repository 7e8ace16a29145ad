import { expect, test } from "vitest";
import { truncateMiddle, fitted } from "./truncate";

const TEN_EACH = (text: string): number => 10 * text.length;

test("a long name is cut in its middle", () => {
  expect(truncateMiddle("resnet50-adam-seed7", 12)).toBe("resnet…seed7");
  expect(truncateMiddle("short", 12)).toBe("short");
});

test.each([
  [190, "resnet50-adam-seed7"],
  [189.5, "resnet50-adam-seed7"],
  [130, "resnet…seed7"],
  [121, "resnet…seed7"],
  [31, "r…7"],
  [0, "r…7"],
])("in %i pixels, both ends of a name stay", (widthPx, shown) => {
  expect(fitted("resnet50-adam-seed7", widthPx, TEN_EACH)).toBe(shown);
});

test("a text of one letter has no middle", () => {
  expect(fitted("x", 0, TEN_EACH)).toBe("x");
  expect(fitted("", 0, TEN_EACH)).toBe("");
});

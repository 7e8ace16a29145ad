import { expect, test } from "vitest";
import { firstLine } from "./note";

test("the first line of a note is plain text", () => {
  expect(firstLine("\n\n## **Longer** warm-up\n\nThe text.")).toBe("Longer warm-up");
  expect(firstLine("- `lr` is fixed")).toBe("lr is fixed");
  expect(firstLine(" \n")).toBe("");
});

import { expect, test } from "vitest";
import { shownName } from "./name";

test("a run whose name cannot be seen is called by its id", () => {
  for (const name of ["swift-fox", "👩‍👩‍👧", "نص", "a", "..", "\u202eabc"]) expect(shownName(name, "id")).toBe(name);
  for (const name of ["", null, undefined, "   ", "\u200b\u200d\ufeff", "\u202e\u202e", "\t\n", "\u3164"]) {
    expect(shownName(name, "id")).toBe("id");
  }
});

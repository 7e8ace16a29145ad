import { expect, test } from "vitest";
import { shortId, shownName } from "./name";

test("a run whose name cannot be seen is called by its id", () => {
  for (const name of ["swift-fox", "👩‍👩‍👧", "نص", "a", "..", "\u202eabc"]) expect(shownName(name, "id")).toBe(name);
  for (const name of ["", null, undefined, "   ", "\u200b\u200d\ufeff", "\u202e\u202e", "\t\n", "\u3164"]) {
    expect(shownName(name, "id")).toBe("id");
  }
});

test("runs that were made in one minute have short ids of their own", () => {
  const ids = ["01a22b037e4670cfbc995b21e21a36bd", "01a22b037e477a11807f3ac96e52b1e0"];

  expect(new Set(ids.map(shortId)).size).toBe(2);
});

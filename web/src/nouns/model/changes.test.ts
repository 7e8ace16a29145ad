import { expect, test } from "vitest";
import { differences } from "./changes";

test("what differs comes first", () => {
  expect(differences({ a: "1", b: "2", c: "3" }, { a: "1", b: "4", __proto__: null } as never)).toEqual([
    { key: "b", left: "2", right: "4", isSame: false },
    { key: "c", left: "3", right: undefined, isSame: false },
    { key: "a", left: "1", right: "1", isSame: true },
  ]);
});

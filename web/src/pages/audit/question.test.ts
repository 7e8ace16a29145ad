import { expect, test } from "vitest";
import { fromQuery, readable } from "./question";

test("the filters of an address become those of the call", () => {
  const query = new URLSearchParams("actor=ana&action=user.&since=2026-01-02T03:04&until=nonsense&outcome=&other=1");

  expect(fromQuery(query)).toEqual({ actor: "ana", action: "user.", since: new Date(2026, 0, 2, 3, 4).getTime() });
});

test("a detail is shown in lines, whatever it is", () => {
  expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(readable("plain")).toBe("plain");
});

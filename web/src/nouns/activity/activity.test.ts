import { expect, test } from "vitest";
import { detailText, linkOf } from "./activity";

test("a change leads to its object where that has a page", () => {
  expect(linkOf({ entity: "model_version", entity_id: "a/b/3" })).toBe("#/models/a%2Fb/versions/3");
  expect(linkOf({ entity: "endpoint", entity_id: "iris" })).toBe("#/endpoints/iris");
  expect(linkOf({ entity: "model_version", entity_id: "odd" })).toBeUndefined();
  expect(linkOf({ entity: "run", entity_id: "r" })).toBeUndefined();
});

test("a detail is one line without what is empty", () => {
  expect(detailText({ status: "FAILED", before: "", tags: { a: 1 }, none: null })).toBe(
    'status: FAILED, tags: {"a":1}',
  );
  expect([detailText(undefined), detailText([1]), detailText("x")]).toEqual(["", "[1]", '"x"']);
});

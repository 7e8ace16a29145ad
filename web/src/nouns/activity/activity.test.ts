import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
const { actionText, detailText, entityText, linkOf, nameText } = await import("./activity");

test("a change leads to its object where that has a page", () => {
  expect(linkOf({ entity: "model_version", entity_id: "a/b/3" })).toBe("#/models/a%2Fb/versions/3");
  expect(linkOf({ entity: "endpoint", entity_id: "iris" })).toBe("#/endpoints/iris");
  expect(linkOf({ entity: "model_version", entity_id: "odd" })).toBeUndefined();
  expect(linkOf({ entity: "run", entity_id: "r" })).toBe("#/runs/r");
  expect(linkOf({ entity: "trace", entity_id: "tr-1" })).toBe("#/traces/tr-1");
  expect(linkOf({ entity: "view", entity_id: "v" })).toBeUndefined();
});

test("a detail is one line without what is empty", () => {
  expect(detailText({ status: "FAILED", before: "", tags: { a: 1 }, none: null, uid: "0a/1", more: {} })).toBe(
    'status: FAILED, tags: {"a":1}',
  );
  expect([detailText(undefined), detailText([1]), detailText("x")]).toEqual(["", "[1]", '"x"']);
});

test("kinds and actions have words, or show their names", () => {
  expect([entityText("model_version"), entityText("new_thing")]).toEqual(["model version", "new thing"]);
  expect([entityText("label_schema"), actionText("assess")]).toEqual(["review question", "assessed"]);
  expect([actionText("set-stage"), actionText("do-it")]).toEqual(["changed the stage", "do it"]);
});

test("an object is called by its name, or by its id", () => {
  const run = { entity: "run", entity_id: "0".repeat(32) };

  expect(nameText({ ...run, name: "swift-fox" })).toBe("swift-fox");
  expect(nameText(run)).toBe("000000000000…");
  expect(nameText({ entity: "endpoint", entity_id: "iris" })).toBe("iris");
});

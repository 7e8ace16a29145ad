import { expect, test } from "vitest";
import { actionOf } from "./action";

test("the action of a call is that of the path with the fewest parameters", () => {
  const paths = {
    "/links/{name}": { get: { "x-action": "links/read" }, delete: { "x-action": "links/delete" } },
    "/links/all": { get: { "x-action": "all/read" } },
  };

  expect(actionOf({ paths }, "GET", "links/all")).toBe("all/read");
  expect(actionOf({ paths }, "DELETE", "links/a%20b")).toBe("links/delete");
  expect(actionOf({ paths }, "POST", "links/all")).toBeUndefined();
  expect(actionOf({ paths }, "GET", "links/all/more")).toBeUndefined();
});

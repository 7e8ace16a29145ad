import fc from "fast-check";
import { expect, test } from "vitest";
import { newPassword, parseScope, scopeOf, type ObjectKind } from "./access";

const kinds = fc.constantFrom<ObjectKind[]>("experiments", "models", "onlineEndpoints");
const workspaces = fc.stringMatching(/^[a-z][a-z0-9-]{1,20}$/);

test("the parts of a scope are those that it was made of", () => {
  fc.assert(
    fc.property(workspaces, kinds, fc.string({ minLength: 1 }), (workspace, kind, id) => {
      expect(parseScope(scopeOf(workspace, kind, id))).toEqual({ workspace, kind, id });
    }),
  );
});

test("a scope without a workspace has no parts", () => {
  for (const text of ["/", "", "/subscriptions/s", "/subscriptions/s/resourceGroups/g"]) {
    expect(parseScope(text)).toBeUndefined();
  }
  expect(parseScope("/ws/a")).toEqual({ workspace: "a", kind: undefined, id: "" });
});

test("a new password has 20 characters, and bytes that would favour letters are left out", () => {
  const high = new Uint8Array(32).fill(255);
  const low = new Uint8Array(32).fill(0);
  let turn = 0;

  expect(newPassword(() => (turn++ % 2 ? low : high))).toBe("a".repeat(20));
  expect(new Set(Array.from({ length: 50 }, () => newPassword())).size).toBe(50);
});

import { expect, test } from "vitest";
import { profileOf } from "./profile";

const result = { load_s: 1, levels: [], recommended: { replicas: 1, cores: 1, meets_latency: true } };

test("the result of a profile is one, and no other result is", () => {
  expect(profileOf({ kind: "profile", result })).toBe(result);
  expect(profileOf({ kind: "score", result })).toBeUndefined();
  expect(profileOf({ kind: "profile" })).toBeUndefined();
  expect(profileOf({ kind: "profile", result: { rows: 1 } })).toBeUndefined();
});

import { expect, test } from "vitest";
import { withoutLead } from "./failure";

test("a message below a title does not repeat it", () => {
  const lead = "Permission denied";

  expect(withoutLead("Permission denied. This needs the right runs/read.", lead)).toBe(
    "This needs the right runs/read.",
  );
  expect(withoutLead("Permission denied: only an administrator may do this.", lead)).toBe(
    "Only an administrator may do this.",
  );
  expect(withoutLead("Permission denied.", lead)).toBe("");
  expect(withoutLead("You may not move files.", lead)).toBe("You may not move files.");
});

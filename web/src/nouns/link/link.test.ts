import { expect, test } from "vitest";
import { isFailing, nameFor, type Link } from "./link";

test.each([
  ["http://host:5000/ws/team-a", "team-a"],
  ["https://adb-1.2.azuredatabricks.net", "adb-1"],
  ["databricks://prod", "prod"],
  ["http://user:secret@host", "host"],
  ["nonsense", ""],
])("a link to %s is called %j", (address, name) => {
  expect(nameFor(address)).toBe(name);
});

test("a link fails if its error is newer than its last success", () => {
  const link = { last_error: "down", last_error_at: 2, last_success_at: 1 } as Link;

  expect(isFailing(link)).toBe(true);
  expect(isFailing({ ...link, last_success_at: 3 })).toBe(false);
  expect(isFailing({ last_success_at: 3 } as Link)).toBe(false);
});

import { expect, test, vi } from "vitest";
import type { Action } from "../action";
import { entriesFor } from "./entries";

const action = (id: string, label: string, more: Partial<Action> = {}): Action => ({
  id,
  label,
  run: vi.fn(),
  ...more,
});
const sources = {
  actions: [action("undo", "Undo", { enabled: false }), action("csv", "Export as CSV"), action("columns", "Columns")],
  pages: [{ link: "#/models", label: "Models", icon: "cube" as const }],
  recent: [{ link: "#/experiments/1", label: "churn", hint: "" }],
  found: [{ link: "#/models/churn", label: "churn", hint: "", kind: "model" as const }],
  go: vi.fn(),
};

test("nothing typed lists what was visited, what can be done, and the pages", () => {
  expect(entriesFor("", { ...sources, found: [] }).map((each) => each.label)).toEqual([
    "churn",
    "Export as CSV",
    "Columns",
    "Models",
  ]);
});

test("words are looked for in any order, and what the server found is first", () => {
  expect(entriesFor("csv exp", { ...sources, found: [] }).map((each) => each.label)).toEqual(["Export as CSV"]);
  expect(entriesFor("churn", sources).map((each) => each.section)).toEqual(["found", "recent"]);
});

test("after > only actions are listed", () => {
  expect(entriesFor("> col", sources).map((each) => each.label)).toEqual(["Columns"]);
});

import { expect, test } from "vitest";
import { fieldName, format, lineWith, parse, type Complaints } from "./draft";

const say: Complaints = {
  noJson: (line) => `no JSON, line ${line}`,
  noObject: "no object",
  unknownField: (name) => `unknown ${name}`,
  noText: "no text",
  noList: "no list",
  noName: "no name",
};
const ROLE = {
  name: "Trainer",
  description: "Trains",
  actions: ["Microsoft.MachineLearningServices/workspaces/experiments/*"],
  not_actions: ["Microsoft.MachineLearningServices/workspaces/experiments/delete"],
  assignable_scopes: ["/ws/vision"],
};

test("what is formatted is parsed to the same role", () => {
  expect(parse(format(ROLE), say)).toEqual({ draft: ROLE, problems: [] });
});

test("a role whose places the caller does not know has none, and a new one is for all of the server", () => {
  expect(JSON.parse(format({ name: "a", role_id: "7" })).AssignableScopes).toEqual([]);
  expect(JSON.parse(format({ name: "a" })).AssignableScopes).toEqual(["/"]);
});

test("the names of the call and of Azure's tools are taken, and Azure's other fields are left out", () => {
  expect(parse('{"name": "a", "not_actions": [], "Id": null, "IsCustom": true}', say).draft).toEqual({
    name: "a",
    not_actions: [],
  });
});

test("each thing that is wrong is said with its field", () => {
  const found = parse('{"Name": 1, "Actions": "x", "NotActions": [2], "Colour": "red"}', say).problems;

  expect(found.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    "Name: no text",
    "Actions: no list",
    "NotActions: no list",
    "Colour: unknown Colour",
  ]);
});

test("text that is no JSON, no object or has no name is said", () => {
  expect(parse('{\n  "Name": "a",\n}', say).problems[0]?.message).toBe("no JSON, line 3");
  expect(parse("[]", say).problems[0]?.message).toBe("no object");
  expect(parse("{}", say).problems).toEqual([{ field: "Name", value: "", message: "no name", isMissing: true }]);
});

test("a problem has the line of its value, else that of its field", () => {
  const text = format(ROLE);

  expect(lineWith(text, { field: "Actions", value: ROLE.actions[0]!, message: "" })).toBe(5);
  expect(lineWith(text, { field: "NotActions", value: "", message: "" })).toBe(7);
  expect(lineWith(text, { field: "", value: "", message: "" })).toBeUndefined();
  expect(fieldName("assignable_scopes")).toBe("AssignableScopes");
});

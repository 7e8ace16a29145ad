import type { components } from "@/api/schema";
import type { Role } from "@/nouns/access/access";

export type Draft = components["schemas"]["trackside.access.drafts.NewRole"];

/** What is wrong with a role's JSON, by the field that it concerns; an empty field is the text as a whole. */
export interface Problem {
  field: string;
  value: string;
  message: string;
  /** The field has no value yet. */
  isMissing?: true;
}

/** Messages for mistakes, in the language of the page. */
export interface Complaints {
  noJson: (line: number, why: string) => string;
  noObject: string;
  unknownField: (name: string, known: string) => string;
  noText: string;
  noList: string;
  noName: string;
}

const LISTS = ["Actions", "NotActions", "AssignableScopes"] as const;
const FIELDS = ["Name", "Description", ...LISTS] as const;
const WIRE: Record<string, string> = {
  Name: "name",
  Description: "description",
  Actions: "actions",
  NotActions: "not_actions",
  AssignableScopes: "assignable_scopes",
};
// Fields of Azure's own export of a role, which say nothing that is wanted here.
const IGNORED = new Set(["Id", "IsCustom", "DataActions", "NotDataActions", "RoleType", "Type"]);

/** A role as the JSON that Azure's tools write. */
export function format(role: Partial<Role>): string {
  const { name = "", description = "", actions = [], not_actions = [] } = role;
  // The caller may see a role without knowing its scopes; only a new one is for the whole server.
  const assignable_scopes = role.assignable_scopes ?? (role.role_id === undefined ? ["/"] : []);
  const json = {
    Name: name,
    Description: description,
    Actions: actions,
    NotActions: not_actions,
    AssignableScopes: assignable_scopes,
  };
  return JSON.stringify(json, null, 2);
}

/** The role of a JSON text, or its mistakes. */
export function parse(text: string, say: Complaints): { draft?: Draft; problems: Problem[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problems: [{ field: "", value: "", message: say.noJson(lineOf(text, why), why) }] };
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return { problems: [{ field: "", value: "", message: say.noObject }] };
  }
  const problems: Problem[] = [];
  const draft: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    const field = FIELDS.find((each) => each.toLowerCase() === name.toLowerCase().replaceAll("_", ""));
    if (!field) {
      if (![...IGNORED].some((each) => each.toLowerCase() === name.toLowerCase())) {
        problems.push({ field: name, value: "", message: say.unknownField(name, FIELDS.join(", ")) });
      }
      continue;
    }
    const isList = (LISTS as readonly string[]).includes(field);
    if (isList && !(Array.isArray(value) && value.every((each) => typeof each === "string"))) {
      problems.push({ field, value: "", message: say.noList });
    } else if (!isList && typeof value !== "string") problems.push({ field, value: "", message: say.noText });
    else draft[WIRE[field] ?? field] = value;
  }
  if (!problems.length && !draft["name"]) {
    problems.push({ field: "Name", value: "", message: say.noName, isMissing: true });
  }
  return problems.length ? { problems } : { draft: draft as Draft, problems };
}

/** The name of a field in the JSON, by that of the call. */
export function fieldName(wire: string): string {
  return Object.entries(WIRE).find(([, each]) => each === wire)?.[0] ?? wire;
}

/** The line of the text, from 1, with the first of the fields or values. */
export function lineWith(text: string, { field, value }: Problem): number | undefined {
  const wanted = value ? JSON.stringify(value) : `"${field}"`;
  const at = text.toLowerCase().indexOf(wanted.toLowerCase());
  return (field || value) && at >= 0 ? text.slice(0, at).split("\n").length : undefined;
}

/** The browsers' messages name a position, or a line, or neither. */
function lineOf(text: string, message: string): number {
  const line = /line (\d+)/.exec(message);
  if (line) return Number(line[1]);
  const position = /position (\d+)/.exec(message);
  return text.slice(0, position ? Number(position[1]) : text.length).split("\n").length;
}

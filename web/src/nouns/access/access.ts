import type { components } from "@/api/schema";

export type Assignment = components["schemas"]["ShownAssignment"];
export type Role = components["schemas"]["trackside.access.routes.ShownRole"];
export type User = components["schemas"]["trackside.identity.calls.ShownUser"];
export type Group = components["schemas"]["ShownGroup"];

/** The principal of assignments to all who signed in. */
export const EVERYBODY = "everybody";

/** What a role may be assigned on inside a workspace. */
export type ObjectKind = "experiments" | "models" | "onlineEndpoints";

/** The scope of a workspace, or of an object in it. */
export function scopeOf(workspace: string, kind?: ObjectKind, id?: string): string {
  return kind && id !== undefined ? `/ws/${workspace}/${kind}/${id}` : `/ws/${workspace}`;
}

interface Scope {
  workspace: string;
  kind: ObjectKind | undefined;
  id: string;
}

/** The parts of a scope in a workspace; undefined for the server, a subscription or a resource group. */
export function parseScope(text: string): Scope | undefined {
  const found = /^\/ws\/([^/]+)(?:\/(experiments|models|onlineEndpoints)\/(.+))?$/s.exec(text);
  if (!found) return undefined;
  return { workspace: found[1] ?? "", kind: found[2] as ObjectKind | undefined, id: found[3] ?? "" };
}

/** A generated password: 20 characters without look-alikes, about 114 bits. */
export function newPassword(random: (count: number) => Uint8Array = randomBytes): string {
  const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  const most = 256 - (256 % letters.length);
  let made = "";
  while (made.length < 20) {
    for (const byte of random(32)) if (byte < most && made.length < 20) made += letters[byte % letters.length] ?? "";
  }
  return made;
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

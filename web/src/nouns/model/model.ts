import type { components } from "@/api/schema";
import { href } from "@/app/address";

export type ModelVersion = components["schemas"]["ModelVersion"];
export type RegisteredModel = components["schemas"]["RegisteredModel"];

export function modelLink(name: string): string {
  return href("models", name);
}

export function versionLink(name: string, version: string): string {
  return href("models", name, "versions", version);
}

/** A filter for one name.  In a list a quote can be escaped, alone it cannot. */
export function nameIs(name: string): string {
  return /['\\]/.test(name) ? `name IN ('${name.replace(/['\\]/g, "\\$&")}')` : `name = '${name}'`;
}

/** The newest version, of the newest of each stage. */
export function newest(model: RegisteredModel): string | undefined {
  const numbers = (model.latest_versions ?? []).map((each) => Number(each.version));
  return numbers.length ? String(Math.max(...numbers)) : undefined;
}
